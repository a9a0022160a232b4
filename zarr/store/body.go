package store

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// readBody reads the body of an answer, of the length that the answer tells (-1: it does not), into buf where it fits. One
// that is longer than limit is ErrRange; one that is cut short is a passing error. What a server claims takes little
// memory: beyond that it grows with what is received.
func readBody(body io.Reader, length int64, buf []byte, limit int64, alive func()) ([]byte, error) {
	if length > limit {
		return nil, fmt.Errorf("%d bytes where at most %d are due: %w", length, limit, ErrRange)
	}
	most, first := limit, int64(512)
	if length >= 0 {
		const believed = 64 << 20
		most, first = length, min(length, believed)
	}
	if first = min(first, most); int64(cap(buf)) < first {
		buf = make([]byte, first)
	}
	out, err := readAll(reader{body, alive}, buf[:0], most)
	n := int64(len(out))
	switch {
	case err != nil:
		return nil, ofNetwork(err)
	case n > most && length < 0:
		return nil, fmt.Errorf("more than the %d bytes that are due: %w", limit, ErrRange)
	case length >= 0 && n != length:
		return nil, passing{fmt.Errorf("%d bytes of %d were received: %w", n, length, io.ErrUnexpectedEOF), 0}
	}
	return out, nil
}

// readAll appends what comes to out, up to a byte more than most, by which it is noticed that there is more. It grows out
// only when that is full and more has come.
func readAll(in io.Reader, out []byte, most int64) ([]byte, error) {
	probe := make([]byte, 1)
	for {
		room := out[len(out):max(len(out), int(min(int64(cap(out)), most)))]
		full := len(room) == 0
		if full {
			room = probe
		}
		n, err := in.Read(room)
		switch {
		case !full:
			out = out[:len(out)+n]
		case n > 0 && int64(len(out)) >= most:
			return append(out, probe[0]), nil
		case n > 0:
			if len(out) == cap(out) {
				out = slices.Grow(out, int(max(512, min(int64(cap(out)), most-int64(len(out))))))
			}
			out = append(out, probe[0])
		}
		if err == io.EOF { //nolint:errorlint // as io.Reader has it: an end that is wrapped is none
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// finish reads what little may be left of a body, so that its connection can be used again, and closes it.
func finish(body io.ReadCloser) {
	const little = 16 << 10
	io.CopyN(io.Discard, body, little) //nolint:errcheck // then it cannot
	body.Close()
}

// An upload tells of everything that goes. It has no other methods, so that it is sent through its Read.
type upload struct {
	reader
	io.Seeker
}

// A reader tells of everything that comes. It has no other methods, so that copying goes through its Read.
type reader struct {
	io.Reader
	alive func()
}

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.alive()
	}
	return n, err
}

// A span is a range of a value as it is asked for: length bytes from offset, or from so far before the end.
type span struct{ offset, length int64 }

// header returns the value of the Range header. A range before the end is asked for up to the end.
// Source: RFC 9110, section 14.1.2.
func (s span) header() string {
	if s.offset < 0 {
		return "bytes=" + strconv.FormatInt(s.offset, 10)
	}
	return fmt.Sprintf("bytes=%d-%d", s.offset, s.offset+s.length-1)
}

// check returns an error for a range that no value has.
func (s span) check() error {
	if s.length < 0 || s.offset < 0 && s.length > -s.offset || s.offset >= 0 && s.offset+s.length < s.offset {
		return fmt.Errorf("bytes %d+%d: %w", s.offset, s.length, ErrRange)
	}
	return nil
}

// read takes the range from an answer: a part, or the whole of a value where the server does not know of ranges.
func (s span) read(status int, h http.Header, length int64, body io.Reader, alive func()) ([]byte, error) {
	size, first := length, int64(0)
	if status == http.StatusPartialContent {
		var err error
		if first, size, err = contentRange(h.Get("Content-Range")); err != nil {
			return nil, err
		}
	}
	if size < 0 {
		return nil, errors.New("the server tells neither ranges nor the length of the value")
	}
	start, err := window(size, s.offset, s.length)
	if err != nil {
		return nil, err
	}
	if start < first {
		return nil, fmt.Errorf("the server sent bytes from %d on where those from %d on were asked for", first, start)
	}
	if skipped, err := io.CopyN(io.Discard, reader{body, alive}, start-first); err != nil {
		return nil, passing{fmt.Errorf("%d bytes of %d were received: %w", skipped, size, err), 0}
	}
	return readBody(io.LimitReader(body, s.length), s.length, nil, s.length, alive)
}

// contentRange reads a Content-Range header: where the part starts, and the size of the whole.
// Source: RFC 9110, section 14.4.
func contentRange(text string) (first, size int64, err error) {
	rest, ok := strings.CutPrefix(text, "bytes ")
	part, whole, cut := strings.Cut(rest, "/")
	from, _, dash := strings.Cut(part, "-")
	if ok = ok && cut && dash; ok {
		var n, m uint64
		if n, err = strconv.ParseUint(from, 10, 63); err == nil {
			m, err = strconv.ParseUint(whole, 10, 63)
		}
		first, size = int64(n), int64(m)
	}
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("the server answers a range with Content-Range %q", text)
	}
	return first, size, nil
}
