package zarr

import "strconv"

// A keyEncoding turns the index of a chunk in its grid into the chunk's key.
type keyEncoding struct {
	prefix    string // "c" for v3's default encoding
	separator string
}

// key returns the key of a chunk. The only chunk of a 0-dimensional array is "c", or "0" without a prefix.
func (e keyEncoding) key(index []int) string {
	b := make([]byte, 0, 32)
	b = append(b, e.prefix...)
	for i, n := range index {
		if i > 0 || e.prefix != "" {
			b = append(b, e.separator...)
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if len(b) == 0 {
		b = append(b, '0')
	}
	return string(b)
}

// index is the inverse of key for a grid of so many chunks along each axis; ok is false for keys of anything else.
func (e keyEncoding) index(key string, grid []int) (index []int, ok bool) {
	rest := key
	if len(rest) < len(e.prefix) || rest[:len(e.prefix)] != e.prefix {
		return nil, false
	}
	rest = rest[len(e.prefix):]
	for i, most := range grid {
		if i > 0 || e.prefix != "" {
			if len(rest) == 0 || rest[:1] != e.separator {
				return nil, false
			}
			rest = rest[1:]
		}
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n >= most {
			return nil, false
		}
		index, rest = append(index, n), rest[digits:]
	}
	return index, e.key(index) == key
}

// Separator returns what stands between the numbers in the keys of chunks: "/" or ".".
func (m *Metadata) Separator() string { return m.keys.separator }
