package store

import (
	"context"
	"errors"
)

// A Sizer is a Store that knows how long a value is without reading it.
type Sizer interface {
	// Size returns the bytes of the value. A missing key is ErrNotExist.
	Size(ctx context.Context, key string) (int64, error)
}

// Size returns the bytes of the value of a key and whether there is one. Of a store that does not tell, every value is
// said to be there, of 0 bytes.
func Size(ctx context.Context, s Store, key string) (size int64, there bool, err error) {
	sizer, ok := s.(Sizer)
	if !ok {
		return 0, true, nil
	}
	size, err = sizer.Size(ctx, key)
	if errors.Is(err, ErrNotExist) {
		return 0, false, nil
	}
	return size, err == nil, err
}
