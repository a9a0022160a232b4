package transfer

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
)

// limits are those of most tests.
func limits() volume.Limits { return volume.Limits{Workers: 2, Memory: 1 << 20} }

// random returns an array of random bits, some of it of one value.
func random(seed uint64, dtype nd.DType, shape []int) *nd.Array {
	r := rand.New(rand.NewPCG(seed, 7))
	a := nd.New(dtype, shape...)
	for i := range a.Bytes() {
		if r.IntN(3) > 0 {
			a.Bytes()[i] = byte(r.Uint32())
		}
		if dtype == nd.Bool {
			a.Bytes()[i] &= 1
		}
	}
	return a
}

type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

var _ tb = (*testing.T)(nil)

// write creates an array and writes part of it.
func write(t tb, path string, spec zarr.Spec, values *nd.Array, offset []int) *zarr.Array {
	t.Helper()
	a, err := zarr.Create(context.Background(), path, spec)
	if err != nil {
		t.Fatal(err)
	}
	if values != nil {
		if err := a.Write(context.Background(), offset, values); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// contents reads all of an array.
func contents(t tb, a *zarr.Array) *nd.Array {
	t.Helper()
	values, err := a.Read(context.Background(), make([]int, len(a.Shape())), a.Shape())
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func open(t tb, path string) *zarr.Array {
	t.Helper()
	a, err := zarr.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// cp plans and makes a copy.
func cp(src, dst string, o Options) error {
	if o.Workers == 0 {
		o.Limits = limits()
	}
	c, err := Plan(context.Background(), src, dst, o)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Run(context.Background())
}

// sameVoxels compares a box of one array with another one.
func sameVoxels(t tb, got, want *nd.Array) {
	t.Helper()
	if got.DType() != want.DType() || !slices.Equal(got.Shape(), want.Shape()) || !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Fatalf("%v %v differs from %v %v", got.DType(), got.Shape(), want.DType(), want.Shape())
	}
}

func put(t tb, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
