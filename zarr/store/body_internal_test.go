package store

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestReadBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := bytes.Repeat([]byte("0123456789abc"), 400)[:rapid.IntRange(0, 5000).Draw(t, "size")]
		n := int64(len(value))
		told := rapid.SampledFrom([]int64{-1, n, n + 1, max(n-1, 0)}).Draw(t, "told")
		limit := rapid.SampledFrom([]int64{n, n + 1, max(n-1, 0), 1 << 62}).Draw(t, "limit")
		buf := make([]byte, rapid.IntRange(0, 6000).Draw(t, "room"))
		body := io.Reader(bytes.NewReader(value))
		if rapid.Bool().Draw(t, "bytewise") {
			body = iotest.OneByteReader(body)
		}
		heard := false
		out, err := readBody(body, told, buf[:0], limit, func() { heard = true })
		_, again := errors.AsType[passing](err)
		switch {
		case told > limit, told < 0 && n > limit:
			if !errors.Is(err, ErrRange) {
				t.Fatalf("beyond the limit: %v", err)
			}
		case told >= 0 && told != n:
			if !again {
				t.Fatalf("%d bytes of %d: %v", n, told, err)
			}
		case err != nil || !bytes.Equal(out, value):
			t.Fatalf("%d bytes, %v", len(out), err)
		case heard != (n > 0):
			t.Fatal("not told of what came")
		case n > 0 && len(buf) >= max(len(value), 512) && &out[0] != &buf[0]:
			t.Fatal("the memory that was there was not used")
		case told == n && len(buf) < len(value) && cap(out) != len(value):
			t.Fatalf("%d bytes were made for %d", cap(out), n)
		}
	})
	// A body that breaks off is never a whole one.
	broken := io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err := readBody(broken, -1, nil, 100, func() {})
	if _, again := errors.AsType[passing](err); !again {
		t.Errorf("a body that breaks off: %v", err)
	}
}

func TestReadSpanMemory(t *testing.T) {
	for _, length := range []int{1, 511, 512, 513, 70000} {
		value := make([]byte, length+10)
		out, err := span{3, int64(length)}.read(200, nil, int64(len(value)), bytes.NewReader(value), func() {})
		if err != nil || len(out) != length || cap(out) != length {
			t.Errorf("%d bytes in %d for %d, %v", len(out), cap(out), length, err)
		}
	}
}
