package picture

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
)

// A plane is what of the voxels in a frame is read: where pixels are fewer, those at their centres.
type plane struct {
	row, column   int // the array's axes
	rows, columns steps
}

// steps are n voxels, every so many, from one on.
type steps struct{ first, step, n int }

// stepsOf returns the voxels to read of so many from one on, where each is drawn as so many pixels.
func stepsOf(first, voxels int, pixels float64) steps {
	const slack = 1e-9 // of what is a whole number but for rounding
	step := int(max(1, math.Floor(min(1/pixels+slack, float64(voxels)))))
	centre := min(step/2, voxels-1)
	return steps{first + centre, step, (voxels-1-centre)/step + 1}
}

// planeOf returns what is read of a frame.
func planeOf(f Frame) plane {
	return plane{f.Row, f.Column, stepsOf(f.Box.Offset[f.Row], f.Box.Shape[f.Row], f.PerRow),
		stepsOf(f.Box.Offset[f.Column], f.Box.Shape[f.Column], f.PerColumn)}
}

// read reads the plane of a box that holds one channel.
func (p plane) read(ctx context.Context, r *volume.Array, b volume.Box) (*nd.Array, error) {
	data, err := nd.New(r.DType(), p.shape(b)...), error(nil)
	if p.whole() {
		err = r.ReadInto(ctx, data, b.Offset)
	} else {
		err = p.of(r, b).ReadInto(ctx, data, make([]int, len(b.Shape)))
	}
	if err != nil {
		return nil, volume.TooLarge(fmt.Errorf("a picture of %s: %w", r.Path(), err))
	}
	return data, nil
}

// whole reports whether every voxel is read.
func (p plane) whole() bool { return p.rows.step == 1 && p.columns.step == 1 }

// shape returns the shape of what is read of a box.
func (p plane) shape(b volume.Box) []int {
	shape := slices.Clone(b.Shape)
	shape[p.row], shape[p.column] = p.rows.n, p.columns.n
	return shape
}

// of returns the array of what is read of a box.
func (p plane) of(r *volume.Array, b volume.Box) lazy.Array {
	first, step := slices.Clone(b.Offset), slices.Repeat([]int{1}, len(b.Shape))
	first[p.row], step[p.row] = p.rows.first, p.rows.step
	first[p.column], step[p.column] = p.columns.first, p.columns.step
	return r.Every(first, step, p.shape(b))
}

// need returns the bytes that drawing takes: the pixels and, one channel after the other, its voxels, the same as numbers,
// those in order that percentiles are taken of, and shades. It is MaxInt64 where it is more.
func (p *Picture) need(of plane, r *volume.Array) int64 {
	each := r.DType().Size() + 8 + 8 + 1
	if of.whole() {
		each += r.Scratch
	} else {
		each += of.of(r, p.Frame.Box).Scratch
	}
	size := p.Frame.Size()
	voxels, pixels := product(of.rows.n, of.columns.n, each), product(size.X, size.Y, 4)
	if voxels > math.MaxInt64-pixels {
		return math.MaxInt64
	}
	return voxels + pixels
}

// product multiplies numbers of which none is negative; what does not fit is MaxInt64.
func product(numbers ...int) int64 {
	n := uint64(1)
	for _, v := range numbers {
		hi, lo := bits.Mul64(n, uint64(v))
		if n = lo; hi > 0 || lo > math.MaxInt64 {
			return math.MaxInt64
		}
	}
	return int64(n)
}

// refused says that drawing takes too much, and what to do.
func (p plane) refused(r *volume.Array, need int64) error {
	less := "a smaller --zoom"
	if r.Stored.Level() != nil {
		less += " or a coarser --level"
	}
	return volume.Refuse("the plane of %d × %d voxels of %s takes %d MiB; show a part with --roi or --voxels, choose %s, or allow more with --memory",
		p.rows.n, p.columns.n, r.Path(), need>>20+1, less)
}

// within returns a view of the array whose chunks, while they are decoded, keep to what drawing leaves of the memory; 0 is no
// bound. done releases what the view has opened.
func within(ctx context.Context, r *volume.Array, memory, need int64) (view *volume.Array, done func() error, err error) {
	if memory <= 0 {
		return r, func() error { return nil }, nil
	}
	view, err = r.With(ctx, zarr.Bounded(memory-need))
	if err != nil {
		return nil, nil, err
	}
	return view, view.Array.Close, nil
}
