package zarr

import (
	"context"
	"testing"
)

// TestCacheClear demands that what is loaded across a Clear reaches who waits for it and is not kept.
func TestCacheClear(t *testing.T) {
	c := NewCache(1 << 20)
	load := func(key string, value byte, during func()) byte {
		data, err := c.get(context.Background(), cacheKey{array: "a", object: key}, 8, filled(8, func(dst []byte) error {
			dst[0] = value
			if during != nil {
				during()
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		return data[0]
	}
	load("x", 1, nil)
	if got := load("y", 2, c.Clear); got != 2 {
		t.Errorf("who waits gets %d", got)
	}
	if c.Bytes() != 0 {
		t.Errorf("%d bytes are kept", c.Bytes())
	}
	if x, y := load("x", 3, nil), load("y", 4, nil); x != 3 || y != 4 {
		t.Errorf("what was forgotten is there: %d %d", x, y)
	}
}
