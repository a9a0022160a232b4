package lazy_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"volara/graph"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// BenchmarkOps reads a block of 4 channels of 64³ voxels out of memory through operations. MB/s are those of the
// result; allocations must not grow with the block.
//
//	go test -run '^$' -bench Ops -benchmem ./zarr/lazy
func BenchmarkOps(b *testing.B) {
	table := filepath.Join(b.TempDir(), "lut.npz")
	var ids, to []int64
	for i := range int64(1000) {
		ids, to = append(ids, i+1), append(to, i/7+1)
	}
	lut, err := graph.NewLUT(ids, to)
	if err == nil {
		err = lut.Write(table)
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		dtype nd.DType
		name  string
		ops   []string
	}{
		{nd.Uint8, "nothing", nil},
		{nd.Uint8, "astype float32", []string{"astype: float32"}},
		{nd.Uint8, "scale_shift", []string{"scale_shift: [0.5, 1]"}},
		{nd.Uint8, "clip", []string{"clip: [10, 200]"}},
		{nd.Uint8, "threshold", []string{"threshold: 100"}},
		{nd.Uint8, "invert", []string{"invert"}},
		{nd.Uint8, "chain of 4", []string{"invert", "scale_shift: [0.5, 1]", "clip: [2, 99]", "threshold: 50"}},
		{nd.Uint16, "astype uint8", []string{"astype: uint8"}},
		{nd.Uint16, "scale_shift", []string{"scale_shift: [0.5, 1]"}},
		{nd.Uint16, "chain of 4", []string{"invert", "scale_shift: [0.5, 1]", "clip: [2, 99]", "threshold: 50"}},
		{nd.Float32, "nothing", nil},
		{nd.Float32, "scale_shift", []string{"scale_shift: [0.5, 1]"}},
		{nd.Float32, "normalize", []string{"normalize: [0, 255]"}},
		{nd.Float32, "clip", []string{"clip: [0, 1]"}},
		{nd.Float32, "invert", []string{"invert"}},
		{nd.Float32, "threshold", []string{"threshold: 0.5"}},
		{nd.Float32, "astype uint8", []string{"astype: uint8"}},
		{nd.Float32, "astype float16", []string{"astype: float16"}},
		{nd.Float32, "chain of 4", []string{"invert", "scale_shift: [0.5, 1]", "clip: [2, 99]", "normalize: [2, 99]"}},
		{nd.Float16, "astype float32", []string{"astype: float32"}},
		{nd.Uint64, "lut", []string{"lut: " + table}},
		{nd.Uint64, "channels", []string{"channels: [[3, 1]]"}},
		{nd.Uint64, "flip x", []string{"flip: x"}},
		{nd.Uint64, "flip z", []string{"flip: z"}},
		{nd.Uint64, "slice ::2", []string{"slice: '..., ::2'"}},
	} {
		b.Run(c.dtype.String()+"/"+c.name, func(b *testing.B) { readThrough(b, c.dtype, c.ops) })
	}
}

func readThrough(b *testing.B, dtype nd.DType, ops []string) {
	data := nd.New(dtype, 4, 64, 64, 64)
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(i*7 + i>>11)
		if dtype == nd.Uint64 && i%8 > 1 {
			data.Bytes()[i] = 0
		}
		if dtype == nd.Float32 && i%4 == 3 {
			data.Bytes()[i] = 0x3f
		}
	}
	a, err := parse(b, ops...).Apply(context.Background(), of(data, 1))
	if err != nil {
		b.Fatal(err)
	}
	dst, offset := nd.New(a.DType(), a.Shape()...), make([]int, len(a.Shape()))
	b.SetBytes(int64(len(dst.Bytes())))
	b.ReportAllocs()
	for b.Loop() {
		if err := a.ReadInto(context.Background(), dst, offset); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStored reads the same block out of zstd-compressed chunks of 64³, as stored and through a chain.
func BenchmarkStored(b *testing.B) {
	data := nd.New(nd.Uint8, 4, 64, 64, 64)
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(i % 251)
	}
	path := filepath.Join(b.TempDir(), "a.zarr")
	array, err := zarr.Create(context.Background(), path, zarr.Spec{Shape: data.Shape(), Chunks: []int{1, 64, 64, 64}, DType: nd.Uint8,
		Attributes: spatial(4, 1).Attributes()})
	if err == nil {
		err = array.Write(context.Background(), make([]int, 4), data)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(path)
	for name, ops := range map[string][]string{"as stored": nil, "chain of 4": {"scale_shift: [0.5, 1]", "clip: [2, 99]", "normalize: [2, 99]", "channels: [[0, 1, 2, 3]]"}} {
		b.Run(name, func(b *testing.B) {
			a, err := lazy.Of(array, zarr.Overrides{})
			if err == nil {
				a, err = parse(b, ops...).Apply(context.Background(), a)
			}
			if err != nil {
				b.Fatal(err)
			}
			dst := nd.New(a.DType(), a.Shape()...)
			b.SetBytes(int64(len(data.Bytes())))
			b.ReportAllocs()
			for b.Loop() {
				if err := a.ReadInto(context.Background(), dst, make([]int, 4)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
