package zarr

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"volara/nd"
	"volara/zarr/store"
)

// A model is the slow obvious array: one voxel at a time.
type model struct {
	shape []int
	size  int
	data  []byte
}

func newModel(shape []int, t nd.DType, fill Fill) *model {
	return &model{shape, t.Size(), bytes.Repeat(fill.bytes(t), nd.Len(shape))}
}

// each visits the voxels of a box that lie in the array: voxel i of the box, voxel j of the array.
func (m *model) each(offset, shape []int, visit func(i, j int)) {
	i := 0
	for at := range indices(make([]int, len(shape)), shape) {
		inside, j := true, 0
		for d := range at {
			v := at[d] + offset[d]
			inside = inside && v >= 0 && v < m.shape[d]
			j = j*m.shape[d] + v
		}
		if inside {
			visit(i*m.size, j*m.size)
		}
		i++
	}
}

func (m *model) read(offset, shape []int) []byte {
	out := make([]byte, nd.Len(shape)*m.size)
	m.each(offset, shape, func(i, j int) { copy(out[i:i+m.size], m.data[j:]) })
	return out
}

func (m *model) write(offset, shape []int, data []byte) {
	m.each(offset, shape, func(i, j int) { copy(m.data[j:j+m.size], data[i:]) })
}

func drawLengths(t *rapid.T, n, least, most int, name string) []int {
	return rapid.SliceOfN(rapid.IntRange(least, most), n, n).Draw(t, name)
}

// TestModel compares an array with the model over random writes and reads, through a fresh view each time.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		var s store.Store = store.NewMemory()
		if rapid.Bool().Draw(t, "far") {
			s = &farStore{Store: s}
		}
		a, err := CreateStore(t.Context(), s, "p/", spec)
		if err != nil {
			t.Fatal(err)
		}
		want := newModel(spec.Shape, spec.DType, spec.Fill)
		cache := NewCache(rapid.SampledFrom([]int{0, 100, 1 << 20}).Draw(t, "cache"))
		views := []*Array{a, a.With(Cached(cache)), a.With(Sparse(), Cached(cache))}
		cached := rapid.Bool().Draw(t, "all cached")
		for step := range rapid.IntRange(1, 6).Draw(t, "steps") {
			offset, shape := drawInside(t, spec.Shape)
			data := drawVoxels(t, spec.DType, shape)
			view := views[rapid.IntRange(1, 2).Draw(t, "view")]
			if !cached {
				view = views[0]
			}
			if err := view.Write(t.Context(), offset, data); err != nil {
				t.Fatal(err)
			}
			want.write(offset, shape, data.Bytes())
			offset = drawLengths(t, len(spec.Shape), -3, 9, "read offset")
			shape = drawLengths(t, len(spec.Shape), 0, 12, "read shape")
			got, err := view.Read(t.Context(), offset, shape)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.read(offset, shape)) {
				t.Fatalf("step %d: %+v: box %v+%v differs from the model", step, spec, offset, shape)
			}
		}
		again, err := OpenStore(t.Context(), s, "p/")
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Read(t.Context(), make([]int, len(spec.Shape)), spec.Shape)
		if err != nil || !bytes.Equal(got.Bytes(), want.data) {
			t.Fatalf("%+v: reopened array differs from the model, %v", spec, err)
		}
	})
}

func drawInside(t *rapid.T, shape []int) (offset, size []int) {
	for d, n := range shape {
		lo := rapid.IntRange(0, n).Draw(t, fmt.Sprint("lo", d))
		offset, size = append(offset, lo), append(size, rapid.IntRange(0, n-lo).Draw(t, fmt.Sprint("n", d)))
	}
	return offset, size
}

func drawVoxels(t *rapid.T, dtype nd.DType, shape []int) *nd.Array {
	data := nd.New(dtype, shape...)
	seed := rapid.Uint32Range(0, 3).Draw(t, "voxels")
	for i := range data.Bytes() {
		b := byte(uint32(i) * seed * 2654435761 >> 24)
		if dtype == nd.Bool {
			b &= 1
		}
		data.Bytes()[i] = b
	}
	return data
}

// TestChunkEdges reads and writes boxes that end a voxel before, at and after the edges of chunks.
func TestChunkEdges(t *testing.T) {
	for _, shards := range [][]int{nil, {16, 16}} {
		spec := Spec{Shape: []int{25, 33}, Chunks: []int{8, 8}, Shards: shards, DType: nd.Uint32, Fill: FillOf(uint32(7))}
		edges := []int{0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25}
		for _, lo := range edges {
			for _, hi := range edges {
				if lo > hi {
					continue
				}
				a, err := CreateStore(t.Context(), store.NewMemory(), "", spec)
				if err != nil {
					t.Fatal(err)
				}
				want := newModel(spec.Shape, spec.DType, spec.Fill)
				offset, shape := []int{lo, 25 - hi}, []int{hi - lo, hi - lo}
				data := nd.New(nd.Uint32, shape...)
				for i := range nd.Values[uint32](data) {
					nd.Values[uint32](data)[i] = uint32(i + 1)
				}
				if err := a.Write(t.Context(), offset, data); err != nil {
					t.Fatal(err)
				}
				want.write(offset, shape, data.Bytes())
				got, err := a.Read(t.Context(), []int{-1, -2}, []int{40, 41})
				if err != nil || !bytes.Equal(got.Bytes(), want.read([]int{-1, -2}, []int{40, 41})) {
					t.Fatalf("shards %v, box %v+%v: %v", shards, offset, shape, err)
				}
			}
		}
	}
}
