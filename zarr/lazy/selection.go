package lazy

import (
	"context"
	"fmt"
	"slices"

	"volara/nd"
)

// A pick says which entries along an axis of an array are taken.
type pick struct {
	drop        bool  // one entry, start, is taken and the axis is gone
	start, step int   // entries start, start + step, …: n of them; step is not 0
	n           int   // how many entries are taken
	list        []int // instead of start and step
}

// all takes an axis as it is.
func all(n int) pick { return pick{step: 1, n: n} }

// whole reports whether the axis is taken as it is.
func (p pick) whole(n int) bool {
	return !p.drop && p.list == nil && p.start == 0 && p.step == 1 && p.n == n
}

// A selection is a Source of some entries along each axis of another.
type selection struct {
	Source
	picks  []pick // one an inner axis
	shape  []int
	chunks []int // of the inner array
	pool   *pool
}

// selected returns the array with only what picks, one an axis, take of it: its axes, its place and its offsets follow.
// Physical axes have no lists.
func (a Array) selected(picks []pick) Array {
	s := &selection{Source: a.Source, picks: picks, shape: []int{}, chunks: a.Chunks, pool: new(pool)}
	chunks := []int{}
	axes := slices.Clone(axesOf(a.Spatial))
	for d, p := range picks {
		a.Moved = a.Moved || axes[d].physical && (p.drop || p.step < 0)
		a.reselected = a.reselected || !axes[d].physical && !p.whole(a.Shape()[d])
		if p.drop {
			continue
		}
		s.shape = append(s.shape, p.n)
		chunks = append(chunks, max(1, min(p.n, a.Chunks[d]/max(1, abs(p.step)))))
		if axes[d].physical {
			first := min(p.start, p.start+(p.n-1)*p.step) // a mirrored axis starts where its last entry lies
			axes[d].offset += float64(first) * axes[d].voxel
			axes[d].voxel *= float64(abs(p.step))
		}
	}
	a.Neighborhood = a.offsetsOf(axes, picks)
	var kept []axis
	for d, x := range axes {
		if !picks[d].drop {
			kept = append(kept, x)
		}
	}
	a.Spatial, a.Source, a.Chunks = placed(a.Spatial, kept), s, chunks
	a.Scratch += s.scratch(axes)
	return a
}

// Every returns the array with n entries along each axis, every step-th one from the start on, all of which lie in it.
func (a Array) Every(start, step, n []int) Array {
	picks := make([]pick, len(start))
	for d := range picks {
		picks[d] = pick{start: start[d], step: step[d], n: n[d]}
	}
	return a.selected(picks)
}

// offsetsOf returns the affinities' offsets after picks: those of the channels taken, in voxels of the new array. They
// are nil where there are none or where they cannot be told.
func (a Array) offsetsOf(axes []axis, picks []pick) [][]int {
	if a.Neighborhood == nil || len(picks) == 0 || axes[0].physical || picks[0].drop || len(a.Neighborhood) != a.Shape()[0] {
		return nil
	}
	var offsets [][]int
	for i := range picks[0].n {
		var o []int
		k := 0
		for d, p := range picks {
			if !axes[d].physical {
				continue
			}
			along := a.Neighborhood[picks[0].at(i)]
			if k >= len(along) || p.drop && along[k] != 0 || !p.drop && along[k]%p.step != 0 {
				return nil
			}
			if !p.drop {
				o = append(o, along[k]/p.step)
			}
			k++
		}
		offsets = append(offsets, o)
	}
	return offsets
}

func abs(v int) int { return max(v, -v) }

// at returns the inner entry that entry i is.
func (p pick) at(i int) int {
	if p.list != nil {
		return p.list[i]
	}
	return p.start + i*p.step
}

func (s *selection) Shape() []int { return s.shape }

// gathered reports whether entries are taken out of what is read, as every second one is.
func (p pick) gathered() bool { return !p.drop && abs(p.step) > 1 && p.list == nil }

// scratch returns about how many bytes a voxel reading takes beside the result, where there are steps or where more of
// the inner array lies beyond an end of this one along a physical axis.
func (s *selection) scratch(axes []axis) int {
	times, whole := 0, s.Source.Shape()
	for d, p := range s.picks {
		if p.gathered() {
			times = min(max(times, 1)*min(abs(p.step), 8), 8)
		}
		if axes[d].physical && !p.drop && p.n*abs(p.step) < whole[d] {
			times = max(times, 1)
		}
	}
	return times * s.DType().Size()
}

// ReadInto reads the entries where they will stay, where they lie together in the inner array.
func (s *selection) ReadInto(ctx context.Context, dst *nd.Array, offset []int) error {
	if err := checkBox(s, dst, offset); err != nil {
		return err
	}
	lo, hi, empty := inside(offset, dst.Shape(), s.shape)
	if empty {
		clear(dst.Bytes())
		return nil
	}
	shape := make([]int, len(lo))
	for d := range shape {
		shape[d] = hi[d] - lo[d]
	}
	if slices.Equal(shape, dst.Shape()) {
		return s.read(ctx, dst, lo)
	}
	// What lies beyond this array is not read, even where the inner one has something there.
	spare, b := s.pool.take(nd.Len(shape) * s.DType().Size())
	defer s.pool.put(spare)
	part := nd.View(s.DType(), b, shape...)
	if err := s.read(ctx, part, lo); err != nil {
		return err
	}
	clear(dst.Bytes())
	at := make([]int, len(lo))
	for d := range at {
		at[d] = lo[d] - offset[d]
	}
	nd.CopyBox(dst.Bytes(), dst.Shape(), at, b, shape, make([]int, len(at)), shape, s.DType().Size())
	return nil
}

// read reads a box within the selection.
func (s *selection) read(ctx context.Context, dst *nd.Array, offset []int) error {
	// Beside dst's own axes the dropped ones, of length 1: the memory is the same.
	shape, from := make([]int, len(s.picks)), make([]int, len(s.picks))
	k := 0
	for d, p := range s.picks {
		if shape[d] = 1; !p.drop {
			shape[d], from[d] = dst.Shape()[k], offset[k]
			k++
		}
	}
	full := nd.View(dst.DType(), dst.Bytes(), shape...)
	if slices.ContainsFunc(s.picks, pick.gathered) {
		return s.gather(ctx, shape, from, full, make([]int, len(shape)))
	}
	return s.runs(ctx, full, from, 0)
}

// runs reads a box run by run along the axes that have lists, which come before all that are longer than 1.
func (s *selection) runs(ctx context.Context, dst *nd.Array, from []int, d int) error {
	for ; d < len(s.picks) && s.picks[d].list == nil; d++ {
	}
	if d == len(s.picks) {
		return s.direct(ctx, dst, from)
	}
	list := s.picks[d].list[from[d] : from[d]+dst.Shape()[d]]
	if nd.Len(dst.Shape()[:d]) != 1 {
		return fmt.Errorf("reading %s: a list of entries along axis %d", s.Path(), d)
	}
	below := nd.Len(dst.Shape()[d+1:]) * dst.DType().Size()
	for first := 0; first < len(list); {
		last := first + 1
		for last < len(list) && list[last] == list[last-1]+1 {
			last++
		}
		shape, at := slices.Clone(dst.Shape()), slices.Clone(from)
		shape[d], at[d] = last-first, from[d]+first
		part := nd.View(dst.DType(), dst.Bytes()[first*below:last*below], shape...)
		if err := s.runs(ctx, part, at, d+1); err != nil {
			return err
		}
		first = last
	}
	return nil
}

// direct reads a box of consecutive entries along every axis, upwards or downwards.
func (s *selection) direct(ctx context.Context, dst *nd.Array, from []int) error {
	inner := make([]int, len(from))
	for d, p := range s.picks {
		inner[d] = p.at(from[d])
		if p.list == nil && !p.drop && p.step < 0 {
			inner[d] = p.at(from[d] + dst.Shape()[d] - 1)
		}
	}
	if err := s.Source.ReadInto(ctx, dst, inner); err != nil {
		return err
	}
	for d, p := range s.picks {
		if p.list == nil && !p.drop && p.step < 0 {
			reverse(dst, d)
		}
	}
	return nil
}

// reverse turns an array round along an axis, where it lies.
func reverse(a *nd.Array, d int) {
	n, below := a.Shape()[d], nd.Len(a.Shape()[d+1:])*a.DType().Size()
	if a.Len() == 0 || n < 2 {
		return
	}
	for b := a.Bytes(); len(b) > 0; b = b[n*below:] {
		switch below {
		case 1:
			slices.Reverse(b[:n])
		case 2:
			slices.Reverse(nd.Elements[uint16](b[:n*below]))
		case 4:
			slices.Reverse(nd.Elements[uint32](b[:n*below]))
		case 8:
			slices.Reverse(nd.Elements[uint64](b[:n*below]))
		default:
			for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
				swap(b[i*below:(i+1)*below], b[j*below:(j+1)*below])
			}
		}
	}
}

func swap(a, b []byte) {
	var between [4096]byte
	for len(a) > 0 {
		n := copy(between[:], a)
		copy(a[:n], b)
		copy(b, between[:n])
		a, b = a[n:], b[n:]
	}
}
