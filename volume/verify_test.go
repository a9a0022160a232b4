package volume_test

import (
	"context"
	"os"
	"path/filepath"
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
	found := map[string]bool{}
	for _, d := range f.Damaged {
		for _, what := range []string{"plain/c/1/0", "sharded/c/0/0", "broken/zarr.json"} {
			found[what] = found[what] || strings.Contains(d.Error, what)
		}
	}
	if len(f.Damaged) != 3 || len(found) != 3 || !found["plain/c/1/0"] || !found["sharded/c/0/0"] || !found["broken/zarr.json"] {
		t.Errorf("%+v", f)
	}
}
