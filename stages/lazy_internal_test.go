package stages

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/config"
	"volara/geometry"
	"volara/zarr"
)

// A seenByVolara is one case of testdata/lazy/make_volara.py.
type seenByVolara struct {
	Dataset   json.RawMessage
	Shape     []int
	DType     string              `json:"dtype"`
	VoxelSize geometry.Coordinate `json:"voxel_size"`
	Offset    geometry.Coordinate
	AxisNames []string `json:"axis_names"`
	Types     []string
	Reads     []struct {
		Offset, Shape geometry.Coordinate
		Data          string
	}
}

// TestVolaraSeesTheSame reads datasets with lazy operations, in the array and around it, and compares with what Volara
// reads of them: shape, type, place and every byte.
func TestVolaraSeesTheSame(t *testing.T) {
	dir, err := filepath.Abs("testdata/lazy")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "volara.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []seenByVolara
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		c.compare(t, dir)
	}
}

func (c seenByVolara) compare(t *testing.T, dir string) {
	var d Dataset
	root, err := config.Parse("volara.json", c.Dataset)
	if err == nil {
		err = root.Decode(&d)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := &Binder{Base: dir}
	b.ReadArray("in", &d, "")
	if len(b.Errs) > 0 {
		t.Errorf("%s: %v", c.Dataset, b.Errs)
		return
	}
	planned, err := NewSpecs().Array(t.Context(), &d)
	if err != nil {
		t.Errorf("%s: %v", c.Dataset, err)
		return
	}
	a, err := openInput(t.Context(), &d, &Env{Cache: zarr.NewCache(1 << 20)})
	if err != nil {
		t.Errorf("%s: %v", c.Dataset, err)
		return
	}
	defer closeAll(a)
	for _, s := range []ArraySpec{planned, a.spec} {
		if !slices.Equal(s.Shape, c.Shape) || s.DType.String() != c.DType || !s.VoxelSize.Equal(c.VoxelSize) || !s.Offset.Equal(c.Offset) ||
			!slices.Equal(s.AxisNames, c.AxisNames) || !slices.Equal(s.Types, c.Types) {
			t.Errorf("%s: %v of %v, voxels of %v from %v, axes %v of types %v", c.Dataset, s.Shape, s.DType, s.VoxelSize, s.Offset, s.AxisNames, s.Types)
		}
	}
	for _, r := range c.Reads {
		got, err := a.read(t.Context(), geometry.NewRoi(r.Offset, r.Shape))
		if err != nil {
			t.Errorf("%s: %v", c.Dataset, err)
			continue
		}
		if want, err := hex.DecodeString(r.Data); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: region %v from %v differs (%v)", c.Dataset, r.Shape, r.Offset, err)
		}
	}
}
