// Package interop holds the zarr package to what zarr-python and tensorstore write and read, over a random product of
// everything that the formats offer.
package interop

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/nd"
	"volara/zarr"
)

var (
	arrays = flag.Int("arrays", 500, "how many arrays")
	seed   = flag.Uint64("seed", 1, "of the random arrays")
	only   = flag.Int("only", -1, "the array to try alone")
)

// TestInterop writes each array for the others to read, and reads what they write with the same metadata in their own
// words. An array is repeated by its number and the seed.
func TestInterop(t *testing.T) {
	peers := []*peer{startPeer(t, "zarr"), startPeer(t, "tensorstore")}
	understood := map[string]int{}
	for i := range *arrays {
		s := newSample(rand.New(rand.NewPCG(*seed, uint64(i))))
		if *only >= 0 && i != *only {
			continue
		}
		for _, p := range peers {
			if s.understands(p.name) {
				understood[p.name]++
			}
		}
		if err := s.exchange(t, t.TempDir(), peers); err != nil {
			t.Errorf("-args -seed %d -only %d: %v\n%v", *seed, i, err, s)
		}
	}
	t.Log(*arrays, "arrays; understood by", understood)
}

// exchange gives an array to each peer and takes one from it.
func (s sample) exchange(t *testing.T, dir string, peers []*peer) error {
	ours := filepath.Join(dir, "ours")
	a, err := zarr.Create(t.Context(), ours, s.spec)
	if err != nil {
		return err
	}
	if err := a.Write(t.Context(), s.begin, s.data); err != nil {
		return err
	}
	want := s.whole()
	if err := readBack(t, ours, want); err != nil {
		return fmt.Errorf("our own: %w", err)
	}
	data := filepath.Join(dir, "data")
	if err := os.WriteFile(data, s.data.Bytes(), 0o644); err != nil {
		return err
	}
	for _, p := range peers {
		if !s.understands(p.name) {
			continue
		}
		got := filepath.Join(dir, p.name+".bytes")
		if err := p.do(request{Op: "read", Path: ours, File: got}); err != nil {
			return fmt.Errorf("%s reads ours: %w", p.name, err)
		}
		if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, want.Bytes()) {
			return fmt.Errorf("%s reads other bytes: %v", p.name, err)
		}
		theirs := filepath.Join(dir, p.name)
		if err := p.do(request{Op: "remake", Path: ours, As: theirs}); err != nil {
			return fmt.Errorf("%s makes it: %w", p.name, err)
		}
		if err := p.do(request{Op: "write", Path: theirs, File: data, Begin: s.begin, Shape: s.shape}); err != nil {
			return fmt.Errorf("%s writes: %w", p.name, err)
		}
		if err := readBack(t, theirs, want); err != nil {
			return fmt.Errorf("of %s: %w", p.name, err)
		}
	}
	return nil
}

// whole returns the array's voxels: the fill value, and in the box what is written.
func (s sample) whole() *nd.Array {
	a := nd.New(s.spec.DType, s.spec.Shape...)
	one := element(s.spec.Fill, s.spec.DType)
	copy(a.Bytes(), bytes.Repeat(one, a.Len()))
	nd.CopyBox(a.Bytes(), a.Shape(), s.begin, s.data.Bytes(), s.shape, make([]int, len(s.shape)), s.shape, s.spec.DType.Size())
	return a
}

func readBack(t *testing.T, path string, want *nd.Array) error {
	a, err := zarr.Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer a.Close()
	m := a.Metadata()
	if m.DType != want.DType() || !slices.Equal(m.Shape, want.Shape()) {
		return fmt.Errorf("%v of %v", m.DType, m.Shape)
	}
	got, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape)
	if err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		return fmt.Errorf("other bytes than were written")
	}
	return nil
}
