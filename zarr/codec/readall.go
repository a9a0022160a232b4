package codec

import (
	"errors"
	"io"
)

// readAll reads r to its end, which also verifies its checksum, into the memory of dst where it suffices; more than limit
// bytes are ErrTooLong.
func readAll(r io.Reader, dst []byte, limit int) ([]byte, error) {
	return appendAll(r, dst[:0:min(cap(dst), limit)], limit)
}

// appendAll appends what r gives to out, whose capacity is at most limit, up to limit bytes in all.
func appendAll(r io.Reader, out []byte, limit int) ([]byte, error) {
	const least = 64 << 10
	for {
		if len(out) == cap(out) {
			if cap(out) >= limit {
				if err := expectEnd(r); err != nil {
					return nil, err
				}
				return out, nil
			}
			larger := make([]byte, len(out), min(limit, max(2*cap(out), least)))
			copy(larger, out)
			out = larger
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// expectEnd fails when r gives another byte.
func expectEnd(r io.Reader) error {
	var more [1]byte
	n, err := io.ReadFull(r, more[:])
	switch {
	case n > 0:
		return ErrTooLong
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}
