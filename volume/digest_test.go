package volume_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"volara/volume"
	"volara/zarr"
)

// TestSHA256OfOthers compares with what zarr-python says of its own arrays: those kept with package zarr.
func TestSHA256OfOthers(t *testing.T) {
	dir := filepath.Join("..", "zarr", "testdata")
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for name, sum := range want {
		a, err := volume.Open(context.Background(), filepath.Join(dir, "arrays", name), volume.OpenOptions{})
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := volume.SHA256(context.Background(), a, volume.Limits{Workers: 2, Memory: 4096})
		if err != nil || fmt.Sprintf("%x", got) != sum {
			t.Errorf("%s: %x, want %s: %v", name, got, sum, err)
		}
	}
}

func TestSHA256IsOfTheVoxels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, chunks := drawShape(t)
		values := random(rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom(allTypes).Draw(t, "type"), shape)
		a := stored(t, values, zarr.Spec{Chunks: chunks})
		got, err := volume.SHA256(context.Background(), a, drawLimits(t))
		if want := sha256.Sum256(values.Bytes()); err != nil || got != want {
			t.Fatalf("%x, want %x: %v", got, want, err)
		}
	})
}

func TestSHA256EndsWhenCancelled(t *testing.T) {
	a := stored(t, random(1, allTypes[5], []int{64, 64}), zarr.Spec{Chunks: []int{8, 8}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := volume.SHA256(ctx, a, volume.Limits{Workers: 2, Memory: 512}); err == nil {
		t.Error("a cancelled sum has no error")
	}
}
