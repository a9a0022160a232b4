package zarr

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"volara/nd"
)

// smooth returns a block that compresses about as image data (uint8) or labels (uint64) do.
func smooth(dtype nd.DType, n int) *nd.Array {
	a := nd.New(dtype, n, n, n)
	noise := uint32(1)
	for z := range n {
		for y := range n {
			for x := range n {
				i := (z*n+y)*n + x
				if dtype == nd.Uint8 {
					noise = noise*1664525 + 1013904223
					nd.Values[uint8](a)[i] = uint8(z+y/2+x) + uint8(noise>>29)
				} else {
					nd.Values[uint64](a)[i] = uint64(z/20*100+y/16*10+x/24) + 1<<33
				}
			}
		}
	}
	return a
}

func BenchmarkChunk(b *testing.B) {
	ctx := context.Background()
	for _, dtype := range []nd.DType{nd.Uint8, nd.Uint64} {
		block := smooth(dtype, 128)
		for _, codec := range []string{"zstd", "blosc", "raw"} {
			a := create(b, filepath.Join(b.TempDir(), "a"), Spec{Shape: []int{128 << 20, 128, 128}, Chunks: []int{64, 64, 64}, DType: dtype, Codec: codec})
			name := fmt.Sprintf("%v/%s", dtype, codec)
			b.Run("write/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(block.Bytes())))
				n := 0
				for b.Loop() {
					if err := a.Write(ctx, []int{128 * n, 0, 0}, block); err != nil {
						b.Fatal(err)
					}
					n++
				}
				stored, err := a.Usage(ctx)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n*len(block.Bytes()))/float64(stored.StoredBytes), "ratio")
			})
			b.Run("read/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(block.Bytes())))
				for b.Loop() {
					if err := a.ReadInto(ctx, block, []int{0, 0, 0}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkContext reads a 64³ block of nine channels with a context of 16 voxels, which meets 27 chunks.
func BenchmarkContext(b *testing.B) {
	ctx := context.Background()
	a := create(b, filepath.Join(b.TempDir(), "a"), Spec{Shape: []int{9, 192, 192, 192}, Chunks: []int{9, 64, 64, 64}, DType: nd.Uint8})
	whole, noise := nd.New(nd.Uint8, 9, 192, 192, 192), uint32(1)
	for i := range whole.Bytes() {
		noise = noise*1664525 + 1013904223
		whole.Bytes()[i] = uint8(i/7) + uint8(noise>>28)
	}
	if err := a.Write(ctx, []int{0, 0, 0, 0}, whole); err != nil {
		b.Fatal(err)
	}
	dst := nd.New(nd.Uint8, 9, 96, 96, 96)
	for name, view := range map[string]*Array{"plain": a, "cached": a.With(Cached(NewCache(1 << 30)))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(dst.Bytes())))
			for b.Loop() {
				if err := view.ReadInto(ctx, dst, []int{0, 48, 48, 48}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
