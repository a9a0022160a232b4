package volume

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"volara/nd"
)

// SHA256 returns the checksum of the array's voxels as little-endian bytes in C order: what numpy's tobytes gives on
// most machines. It does not depend on how the array is stored. The array is read in order in pieces that keep within
// the limits, the next ones while one is added.
func SHA256(ctx context.Context, r Reader, l Limits) ([sha256.Size]byte, error) {
	m, sum := r.Metadata(), sha256.New()
	const largest = 64 << 20
	voxels := l.voxelsEach(m.DType.Size(), 1, largest)
	whole := Whole(m.Shape)
	err := InOrder(ctx, l.Workers, whole.Rows(m.Inner, voxels),
		func(ctx context.Context, b Box) ([]byte, error) {
			data, err := read(ctx, r, m.DType, b)
			if err != nil {
				return nil, err
			}
			return littleEndian(data), nil
		},
		func(data []byte) error {
			_, err := sum.Write(data)
			return err
		})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("sha256 of %s: %w", r.Path(), err)
	}
	return [sha256.Size]byte(sum.Sum(nil)), nil
}

// littleEndian returns the bytes of an array with every number little-endian, in the array's memory.
func littleEndian(a *nd.Array) []byte {
	data := a.Bytes()
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return data
	}
	size := a.DType().Part().Size()
	for i := 0; i < len(data); i += size {
		slices.Reverse(data[i : i+size])
	}
	return data
}
