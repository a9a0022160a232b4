package view

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc64"
	"io"
	"time"
)

// A tree is a zarr hierarchy that is served: metadata and chunks by their keys.
type tree interface {
	// open returns the object of a key; fs.ErrNotExist where there is none, which in the case of a chunk means the fill
	// value. The caller closes it.
	open(ctx context.Context, key string) (*object, error)
}

// An object is a metadata file or a chunk.
type object struct {
	io.ReadSeeker
	modified time.Time // zero: not known
	tag      string    // changes with the content
	close    func() error
}

func (o *object) Close() error {
	if o.close == nil {
		return nil
	}
	return o.close()
}

// newObject returns an object of bytes in memory.
func newObject(data []byte) *object {
	sum := crc64.Checksum(data, crc64.MakeTable(crc64.ECMA))
	return &object{ReadSeeker: bytes.NewReader(data), tag: fmt.Sprintf(`"%016x-%x"`, sum, len(data))}
}
