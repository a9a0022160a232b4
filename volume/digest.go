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
func SHA256(ctx context.Context, a *Array, l Limits) ([sha256.Size]byte, error) {
	sum, whole := sha256.New(), Whole(a.Shape())
	bytes := a.DType().Size() + a.Scratch
	rows := Limits{l.Workers, l.Memory / 4} // half is for chunks while they are decoded, and as much for rows that were added
	voxels := min(rows.Voxels(bytes, largestRow), max(rowVoxels(whole, a.Chunks), smallestRow/bytes))
	err := InOrder(ctx, l.Workers, whole.Rows(a.Chunks, voxels),
		func(ctx context.Context, b Box) ([]byte, error) {
			data, err := a.Box(ctx, b)
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
		return [sha256.Size]byte{}, fmt.Errorf("sha256 of %s: %w", a.Path(), TooLarge(err))
	}
	return [sha256.Size]byte(sum.Sum(nil)), nil
}

// Pieces have at least smallestRow bytes where the array has them, and at most largestRow where the memory allows that.
const (
	smallestRow = 16 << 20
	largestRow  = 1 << 40
)

// rowVoxels returns the voxels of one row of chunks along the first axis.
func rowVoxels(whole Box, chunks []int) int {
	if len(chunks) == 0 {
		return 1
	}
	return max(1, whole.Len()/max(1, whole.Shape[0])*min(chunks[0], whole.Shape[0]))
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
