package volume_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/codec"
)

func describe(t *testing.T, path string) volume.Info {
	t.Helper()
	n, err := volume.Find(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	info, err := volume.Describe(context.Background(), n, volume.DescribeOptions{Count: true, Members: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(info); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return info
}

// put writes a file, with the folders it needs.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestInfoOfAnArray(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	blosc, err := codec.NewBlosc(codec.BloscConfig{Compressor: "zstd", Level: 3, Shuffle: codec.BitShuffle, TypeSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	spec := zarr.Spec{Shape: []int{2, 10, 9}, Chunks: []int{1, 2, 3}, Shards: []int{1, 4, 6}, DType: nd.Uint16, Fill: zarr.FillOf(uint16(7)),
		DimensionNames: []string{"c", "y", ""}, Attributes: map[string]any{"voxel_size": []float64{4, 0.5}, "offset": []float64{8, -1}, "units": []string{"nm", "nm"}}}
	spec.Codecs, spec.Order, spec.BigEndian, spec.Separator = []codec.Codec{blosc}, []int{2, 1, 0}, true, "."
	a, err := zarr.Create(context.Background(), path, spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(context.Background(), []int{0, 0, 0}, random(3, nd.Uint16, []int{1, 4, 6})); err != nil {
		t.Fatal(err)
	}
	i := describe(t, path)
	if i.Kind != volume.KindArray || i.Format != 3 || i.ByteOrder != "big" || i.Order != "F" || i.DType != "uint16" || *i.Fill != "7" || i.Separator != "." ||
		!slices.Equal(i.Chunks, []int{1, 2, 3}) || !slices.Equal(i.Shards, []int{1, 4, 6}) || !slices.Equal(i.DimensionNames, []string{"c", "y", ""}) {
		t.Errorf("%+v", i.ArrayInfo)
	}
	if i.ChunksTotal != 12 || i.Stored.Objects != 1 || i.Stored.Bytes < 48 || i.LogicalBytes != 360 {
		t.Errorf("%d chunks, %+v of %d bytes", i.ChunksTotal, i.Stored, i.LogicalBytes)
	}
	if p := i.Place; !slices.Equal(p.End, []float64{48, 3.5}) || p.Axes[0].Type != "channel" || p.Axes[2].Unit != "nm" {
		t.Errorf("%+v", i.Place)
	}
	if len(i.Codecs) != 1 || !strings.Contains(string(i.Codecs[0]), "bitshuffle") {
		t.Errorf("%s", i.Codecs)
	}
}

func TestInfoOfAnImage(t *testing.T) {
	root := filepath.Join(t.TempDir(), "image")
	put(t, filepath.Join(root, ".zgroup"), `{"zarr_format": 2}`)
	put(t, filepath.Join(root, ".zattrs"), `{"multiscales": [{"version": "0.4", "name": "em", "axes": [{"name": "c", "type": "channel"}, {"name": "y", "type": "space", "unit": "nanometer"}, {"name": "x", "type": "space"}],
		"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 4, 4]}]},
		{"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 8, 8]}, {"type": "translation", "translation": [0, 2, 2]}]}]}],
		"omero": {"channels": [{"label": "dapi", "color": "00FF00", "window": {"min": 0, "max": 255, "start": 3, "end": 99}}]}}`)
	put(t, filepath.Join(root, "labels", ".zattrs"), `{"labels": ["cells"]}`)
	if _, err := zarr.Create(context.Background(), filepath.Join(root, "0"), zarr.Spec{Format: 2, Shape: []int{1, 8, 8}, Chunks: []int{1, 4, 4}, DType: nd.Uint8}); err != nil {
		t.Fatal(err)
	}
	i := describe(t, root)
	if i.Kind != volume.KindImage || i.Version != "0.4" || i.Name != "em" || len(i.Levels) != 2 || !slices.Equal(i.Levels[1].Scale, []float64{1, 8, 8}) ||
		i.Levels[1].Shape != nil || !slices.Equal(i.Levels[0].Shape, []int{1, 8, 8}) || !slices.Equal(i.Labels, []string{"cells"}) || i.Omero.Channels[0].Label != "dapi" {
		t.Errorf("%+v", i.ImageInfo)
	}
	if len(i.Warnings) != 1 || !strings.Contains(i.Warnings[0], "level 1: no array is there") {
		t.Errorf("%q", i.Warnings)
	}
	if level := describe(t, filepath.Join(root, "0")); level.Level == nil || level.Level.Level != 0 || !slices.Equal(level.Place.VoxelSize, []float64{4, 4}) {
		t.Errorf("%+v", level.ArrayInfo)
	}
}

// TestInfoOfOthers describes everything that zarr-python has written beside package zarr.
func TestInfoOfOthers(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("..", "zarr", "testdata", "arrays", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if i := describe(t, dir); i.Kind != volume.KindArray || i.Codecs == nil || i.Stored.Objects > i.ChunksTotal {
			t.Errorf("%s: %+v", dir, i.ArrayInfo)
		}
	}
}

// TestFindDamage makes sure that damaged metadata are errors that name the file.
func TestFindDamage(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no JSON":       {"zarr.json": "{"},
		"a list":        {"zarr.json": "[]"},
		"odd attribute": {"zarr.json": `{"zarr_format": 3, "node_type": "group", "attributes": []}`},
		"no node type":  {"zarr.json": `{"zarr_format": 3}`},
		"v2 array":      {".zarray": `{"zarr_format": 2}`},
		"v2 attributes": {".zgroup": `{"zarr_format": 2}`, ".zattrs": `nope`},
		"nothing":       {"README": ""},
	} {
		dir := filepath.Join(t.TempDir(), "node")
		for file, text := range files {
			put(t, filepath.Join(dir, file), text)
		}
		n, err := volume.Find(context.Background(), dir)
		if err == nil {
			n.Close()
			t.Errorf("%s: a %s", name, n.Kind)
		} else if !volume.IsInput(err) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
