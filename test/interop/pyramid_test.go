package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"volara/kernels"
	"volara/nd"
	"volara/transfer"
	"volara/volume"
	"volara/zarr"
)

// TestPyramid makes levels of random arrays, which are to be those of tensorstore's downsample driver to the byte, and
// which zarr-python reads.
func TestPyramid(t *testing.T) {
	tensorstore, python := startPeer(t, "tensorstore"), startPeer(t, "zarr")
	r := rand.New(rand.NewPCG(*seed, 26))
	for _, dtype := range []nd.DType{nd.Bool, nd.Uint8, nd.Int8, nd.Uint16, nd.Int32, nd.Uint64, nd.Int64, nd.Float32} {
		for _, m := range kernels.Downsamplings() {
			dir := t.TempDir()
			src, dst := filepath.Join(dir, "a.zarr"), filepath.Join(dir, "b.ome.zarr")
			if err := writeWhole(t, src, dtype, r); err != nil {
				t.Fatal(err)
			}
			most := 3
			if dtype.IsFloat() {
				most = 2 // tensorstore adds in 32 bits, and rounds quotients that are not exact otherwise
			}
			factor := []int{1 + r.IntN(most), 2, 1 + r.IntN(most)}
			o := transfer.Options{Format: 2 + r.IntN(2), Cast: transfer.Exact, Pyramid: &transfer.Pyramid{Levels: 3, Factor: factor, Method: m},
				Limits: volume.Limits{Workers: 2, Memory: 1 << 20}}
			if err := makePyramid(t, src, dst, o); err != nil {
				t.Fatal(err)
			}
			for level := 1; level < 3; level++ {
				want, got := filepath.Join(dir, "want"), filepath.Join(dir, "got")
				finer, coarser := filepath.Join(dst, fmt.Sprint(level-1)), filepath.Join(dst, fmt.Sprint(level))
				if err := tensorstore.do(request{Op: "downsample", Path: finer, File: want, Factor: factor, Method: string(m)}); err != nil {
					t.Fatal(err)
				}
				if err := python.do(request{Op: "read", Path: coarser, File: got}); err != nil {
					t.Fatal(err)
				}
				a, errA := os.ReadFile(want)
				b, errB := os.ReadFile(got)
				if errA != nil || errB != nil || !bytes.Equal(a, b) {
					t.Errorf("%v, %s by %v: level %d differs from tensorstore's: %v, %v", dtype, m, factor, level, errA, errB)
				}
			}
		}
	}
}

// writeWhole writes an array of a few small whole numbers, and of the type's own bits where all of them are numbers.
func writeWhole(t *testing.T, path string, dtype nd.DType, r *rand.Rand) error {
	t.Helper()
	shape := []int{5, 18, 23}
	a, err := zarr.Create(t.Context(), path, zarr.Spec{Shape: shape, Chunks: []int{4, 8, 8}, DType: dtype})
	if err != nil {
		return err
	}
	data := nd.New(dtype, shape...)
	for i := range data.Len() {
		switch dtype {
		case nd.Bool:
			data.Bytes()[i] = byte(r.IntN(2))
		case nd.Float32:
			nd.Values[float32](data)[i] = float32(r.IntN(9) - 4)
		default:
			data.Bytes()[i*dtype.Size()] = byte(r.IntN(5))
			if r.IntN(4) == 0 {
				data.Bytes()[(i+1)*dtype.Size()-1] = byte(r.Uint32())
			}
		}
	}
	return a.Write(t.Context(), []int{0, 0, 0}, data)
}

func makePyramid(t *testing.T, src, dst string, o transfer.Options) error {
	t.Helper()
	c, err := transfer.Plan(t.Context(), src, dst, o)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Run(t.Context())
}
