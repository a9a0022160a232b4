package zarr

import (
	"unsafe"

	"volara/nd"
)

// transpose copies src, a C-order array of the given shape, so that axis k of dst is axis order[k] of src. The two do not
// overlap.
func transpose(dst, src []byte, shape, order []int, size int) {
	strides := nd.Strides(shape)
	var axes []axis
	for k := len(order) - 1; k >= 0; k-- {
		a := axis{n: shape[order[k]], from: strides[order[k]]}
		last := len(axes) - 1
		switch {
		case a.n == 0:
			return
		case a.n == 1:
		case last >= 0 && a.from == axes[last].n*axes[last].from:
			axes[last].n *= a.n // the two go on in step
		default:
			axes = append(axes, a)
		}
	}
	to := 1
	for i := range axes {
		axes[i].to = to
		to *= axes[i].n
	}
	switch size {
	case 1:
		permute(dst, src, axes)
	case 2:
		permute(elementsOf[uint16](dst), elementsOf[uint16](src), axes)
	case 4:
		permute(elementsOf[uint32](dst), elementsOf[uint32](src), axes)
	case 8:
		permute(elementsOf[uint64](dst), elementsOf[uint64](src), axes)
	case 16:
		permute(elementsOf[[2]uint64](dst), elementsOf[[2]uint64](src), axes)
	}
}

// untranspose is the inverse of transpose; shape is dst's.
func untranspose(dst []byte, shape []int, src []byte, order []int, size int) {
	stored, inverse := make([]int, len(order)), make([]int, len(order))
	for k, axis := range order {
		stored[k], inverse[axis] = shape[axis], k
	}
	transpose(dst, src, stored, inverse, size)
}

// An axis is n elements that lie so far apart in the source and in the destination.
type axis struct{ n, from, to int }

func elementsOf[T any](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// permute copies the elements of all axes, the first of which is dense in dst.
func permute[T any](dst, src []T, axes []axis) {
	if len(axes) == 0 || axes[0].from == 1 && len(axes) == 1 {
		copy(dst, src)
		return
	}
	// The other axis of a plane is the one that is dense in src; where that is the first, every run is copied.
	row, dense := axes[0], 1
	for dense < len(axes) && axes[dense].from != 1 {
		dense++
	}
	copyPlane := func(to, from int) { copy(dst[to:to+row.n], src[from:from+row.n]) }
	rest := axes[1:]
	if row.from != 1 {
		column := axes[dense]
		tile := make([]T, side*side)
		copyPlane = func(to, from int) { plane(dst[to:], src[from:], row, column, tile) }
		rest = append(append([]axis{}, axes[1:dense]...), axes[dense+1:]...)
	}
	index, to, from := make([]int, len(rest)), 0, 0
	for {
		copyPlane(to, from)
		d := 0
		for ; d < len(rest); d++ {
			index[d]++
			to, from = to+rest[d].to, from+rest[d].from
			if index[d] < rest[d].n {
				break
			}
			to, from = to-index[d]*rest[d].to, from-index[d]*rest[d].from
			index[d] = 0
		}
		if d == len(rest) {
			return
		}
	}
}

// side is the length of the tiles that a plane is transposed by.
const side = 32

// plane transposes a plane: row is dense in dst, column in src. It goes by tiles that are first copied to one place, as
// what lies a power of two apart does not stay in a processor's cache together.
func plane[T any](dst, src []T, row, column axis, tile []T) {
	for c := 0; c < column.n; c += side {
		for r := 0; r < row.n; r += side {
			height, width := min(side, column.n-c), min(side, row.n-r)
			for j := range width {
				from := c + (r+j)*row.from
				copy(tile[j*side:][:height], src[from:from+height])
			}
			for i := range height {
				out := dst[(c+i)*column.to+r:][:width]
				for j := range out {
					out[j] = tile[j*side+i]
				}
			}
		}
	}
}
