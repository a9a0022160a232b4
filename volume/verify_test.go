package volume_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
)

func TestVerifyNamesWhatIsDamaged(t *testing.T) {
	root := t.TempDir()
	create := func(name string, spec zarr.Spec) string {
		t.Helper()
		path := filepath.Join(root, "group", name)
		spec.Shape, spec.DType = []int{8, 8}, nd.Uint16
		a, err := zarr.Create(context.Background(), path, spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Write(context.Background(), []int{0, 0}, random(1, nd.Uint16, []int{8, 4})); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := create("plain", zarr.Spec{Chunks: []int{4, 4}})
	sharded := create("sharded", zarr.Spec{Chunks: []int{2, 2}, Shards: []int{8, 8}})
	put(t, filepath.Join(root, "group", "zarr.json"), `{"zarr_format": 3, "node_type": "group"}`)
	verify := func(path string) volume.Findings {
		t.Helper()
		n, err := volume.Find(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		f, err := volume.Verify(context.Background(), n, volume.Limits{Workers: 2, Memory: 200})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := verify(filepath.Join(root, "group")); f.Arrays != 2 || f.Objects != 3 || len(f.Damaged) > 0 {
		t.Errorf("%+v", f)
	}
	put(t, filepath.Join(plain, "c", "1", "0"), "nonsense")
	shard := filepath.Join(sharded, "c", "0", "0")
	data, err := os.ReadFile(shard)
	if err != nil {
		t.Fatal(err)
	}
	data[0] ^= 0xff // of the first chunk
	put(t, shard, string(data))
	put(t, filepath.Join(root, "group", "broken", "zarr.json"), "{")
	f := verify(filepath.Join(root, "group"))
	for _, want := range []struct {
		array, file string
		offset      []int
	}{
		{"group/plain", "plain/c/1/0", []int{4, 0}}, {"group/sharded", "sharded/c/0/0", []int{0, 0}}, {"group/broken", "broken/zarr.json", []int{}},
	} {
		if !slices.ContainsFunc(f.Damaged, func(d volume.Damage) bool {
			return strings.HasSuffix(d.Array, want.array) && strings.Contains(d.Error, want.file) && slices.Equal(d.Offset, want.offset)
		}) {
			t.Errorf("%v is not among %+v", want, f.Damaged)
		}
	}
	if len(f.Damaged) != 3 || f.Omitted != 0 {
		t.Errorf("%+v", f)
	}
}

// TestVerifyFollowsLinks verifies a group with links to an array elsewhere, and back.
func TestVerifyFollowsLinks(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"group/own", "elsewhere"} {
		a, err := zarr.Create(context.Background(), filepath.Join(root, name), zarr.Spec{Shape: []int{4}, Chunks: []int{2}, DType: nd.Uint8})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Write(context.Background(), []int{0}, random(1, nd.Uint8, []int{4})); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(root, "group", "zarr.json"), `{"zarr_format": 3, "node_type": "group"}`)
	put(t, filepath.Join(root, "group", "a", "zarr.json"), `{"zarr_format": 3, "node_type": "group"}`)
	put(t, filepath.Join(root, "group", "b", "zarr.json"), `{"zarr_format": 3, "node_type": "group"}`)
	for link, to := range map[string]string{"out": "../elsewhere", "a/up": "..", "a/here": ".", "a/b1": "../b", "a/b2": "../b", "b/a1": "../a", "b/a2": "../a"} {
		if err := os.Symlink(to, filepath.Join(root, "group", link)); err != nil {
			t.Fatal(err)
		}
	}
	n, err := volume.Find(context.Background(), filepath.Join(root, "group"))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	f, err := volume.Verify(context.Background(), n, volume.Limits{Workers: 2, Memory: 1 << 20})
	if err != nil || f.Arrays != 2 || f.Objects != 4 || len(f.Damaged) > 0 {
		t.Errorf("%+v %v", f, err)
	}
}
