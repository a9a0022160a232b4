package transfer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/store"
)

// TestCopiesToOnePlace begins copies where one is under way: they are refused and change nothing.
func TestCopiesToOnePlace(t *testing.T) {
	dir := t.TempDir()
	src, other, dst := filepath.Join(dir, "src"), filepath.Join(dir, "other"), filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{16, 16}, Chunks: []int{4, 4}, DType: nd.Int16}
	a := write(t, src, spec, random(1, nd.Int16, []int{16, 16}), []int{0, 0})
	write(t, other, spec, random(2, nd.Int16, []int{16, 16}), []int{0, 0})

	early := plan(t, other, dst, Options{}) // made when nothing was there
	first := plan(t, src, dst, Options{})
	first.o.Limits = volume.Limits{Workers: 1, Memory: 1 << 20}
	release, err := first.hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Overwrite: true}} {
		if err := cp(other, dst, o); err == nil || !strings.Contains(err.Error(), "another process") || volume.IsInput(err) {
			t.Errorf("overwrite %v: %v", o.Overwrite, err)
		}
	}
	release()
	if err := first.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := early.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is a copy of "+src) || !volume.IsInput(err) {
		t.Errorf("a plan made before another copy: %v", err)
	}
	sameVoxels(t, contents(t, open(t, dst)), contents(t, a))
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestOverwriteDuringACopy replaces a copy from the middle of it: the first goes on undisturbed.
func TestOverwriteDuringACopy(t *testing.T) {
	dir := t.TempDir()
	src, other, dst := filepath.Join(dir, "src"), filepath.Join(dir, "other"), filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{16, 16}, Chunks: []int{4, 4}, DType: nd.Int16}
	a := write(t, src, spec, random(1, nd.Int16, []int{16, 16}), []int{0, 0})
	b := write(t, other, spec, random(2, nd.Int16, []int{16, 16}), []int{0, 0})
	var tries atomic.Int32
	first := plan(t, src, dst, Options{Overwrite: true})
	ctx := store.WithFence(t.Context(), func() error {
		if tries.Add(1) > 3 {
			return nil
		}
		if err := cp(other, dst, Options{Overwrite: true}); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("%v", err)
		}
		return nil
	})
	if err := first.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if tries.Load() < 3 {
		t.Fatal("nothing was tried")
	}
	sameVoxels(t, contents(t, open(t, dst)), contents(t, a))
	if err := cp(other, dst, Options{Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	sameVoxels(t, contents(t, open(t, dst)), contents(t, b))
}

// TestTrashOfACopy copies to where one that was killed has left what it was replacing.
func TestTrashOfACopy(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{16, 16}, Chunks: []int{4, 4}, DType: nd.Int16}
	write(t, src, spec, random(1, nd.Int16, []int{16, 16}), []int{0, 0})
	for _, o := range []Options{{}, {Overwrite: true}} {
		os.RemoveAll(dst)
		write(t, dst, spec, nil, nil)
		if err := store.MoveAway(dst); err != nil {
			t.Fatal(err)
		}
		if err := cp(src, dst, o); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("overwrite %v: %v is left behind", o.Overwrite, left)
		}
	}
}

// TestRivals lets many replace one directory at once: whoever is not refused has it for itself.
func TestRivals(t *testing.T) {
	dir := t.TempDir()
	dst := filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8}
	src := filepath.Join(dir, "src")
	write(t, src, spec, nil, nil)
	write(t, dst, spec, nil, nil)
	var holders, held atomic.Int32
	var rivals sync.WaitGroup
	for range 8 {
		rivals.Go(func() {
			c, err := Plan(context.Background(), src, dst, Options{Limits: limits(), Overwrite: true})
			if err != nil {
				return // moved away while it looked
			}
			defer c.Close()
			for range 50 {
				release, err := c.hold(context.Background())
				if err != nil {
					continue
				}
				held.Add(1)
				if holders.Add(1) > 1 {
					t.Error("two hold the directory")
				}
				if names, err := os.ReadDir(dst); err != nil || len(names) > 0 {
					t.Error("the directory is not new:", names, err)
				}
				os.WriteFile(filepath.Join(dst, "zarr.json"), []byte(`{"zarr_format":3,"node_type":"group"}`), 0o666) //nolint:errcheck
				holders.Add(-1)
				release()
			}
		})
	}
	rivals.Wait()
	if held.Load() == 0 {
		t.Error("nobody held the directory")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// plan is Plan, closed when the test ends.
func plan(t *testing.T, src, dst string, o Options) *Copy {
	t.Helper()
	if o.Workers == 0 {
		o.Limits = limits()
	}
	c, err := Plan(context.Background(), src, dst, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
