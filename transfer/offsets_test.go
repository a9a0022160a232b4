package transfer

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/lazy"
)

// TestOffsetsFollow copies affinities by operations that select channels, and demands the offsets of these.
func TestOffsetsFollow(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "affs")
	write(t, from, zarr.Spec{Shape: []int{3, 4, 5}, Chunks: []int{3, 4, 5}, DType: nd.Uint8, Attributes: map[string]any{
		"neighborhood": [][]int{{1, 0}, {0, 1}, {0, 4}}, "axis_names": []string{"c^", "y", "x"}}}, nil, nil)
	for name, c := range map[string]struct {
		ops  []string
		want [][]int
	}{
		"all":     {nil, [][]int{{1, 0}, {0, 1}, {0, 4}}},
		"some":    {[]string{"channels: [[2, 0]]"}, [][]int{{0, 4}, {1, 0}}},
		"flipped": {[]string{"flip=x"}, [][]int{{1, 0}, {0, -1}, {0, -4}}},
		"one":     {[]string{"channels: 1"}, nil},
	} {
		ops, err := lazy.ParseOps(c.ops)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := cp(from, to, Options{Ops: ops, Limits: limits()}); err != nil {
			t.Fatal(err)
		}
		a, err := zarr.Open(context.Background(), to)
		if err != nil {
			t.Fatal(err)
		}
		if got := lazy.Offsets(a); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
