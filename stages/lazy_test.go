package stages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/graph"
	"volara/nd"
	"volara/stages"
	"volara/zarr"
	"volara/zarr/lazy"
)

// dataset reads a dataset as a pipeline file has it.
func dataset(t *testing.T, text string) stages.Dataset {
	t.Helper()
	var d stages.Dataset
	if err := decode(t, text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDatasetOperationsAreDecoded reads every form of every operation, and what was written of it again.
func TestDatasetOperationsAreDecoded(t *testing.T) {
	for _, text := range []string{
		"{store: a, channels: 0}",
		"{store: a, channels: [0, 1]}",
		"{store: a, channels: [[2, 0], 1]}",
		"{store: a, channels: '0:3'}",
		"{store: a, scale_shift: [0.5, -1]}",
		"{store: a, ome_norm: group.zarr, scale_shift: [2, 0], channels: [[0]], stack: {store: b, channels: [[1]]}}",
		"{store: a, ome_norm: true}",
		"{store: a, lut: table.npz}",
		"{store: a, lut: {path: table.npy, missing: 0}}",
		"{store: a, ops: [{astype: float32}, {scale_shift: [1, 2]}, normalize, {normalize: [0, 10]}, {clip: [0, 1.0]}, {clip: [null, 5]}, {threshold: 0.5}]}",
		"{store: a, ops: [invert, {flip: [z, 1]}, {slice: '0:3, ..., ::-2'}, {crop: [[0, 0], [8, 8]]}, {stack: {store: c, ops: [invert]}}, {stack: name}]}",
	} {
		d := dataset(t, text)
		first, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "stack: name") {
			continue // a name is bound before it is written
		}
		again := dataset(t, string(first))
		second, err := json.Marshal(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("%s becomes %s and then %s: %v", text, first, second, err)
		}
	}
	off := dataset(t, "{store: a, ome_norm: false, channels: null, ops: null}")
	b := &stages.Binder{Base: t.TempDir()}
	b.ReadArray("in", &off, "")
	if text, err := json.Marshal(off); err != nil || len(b.Errs) > 0 || strings.Contains(string(text), "ome_norm") {
		t.Errorf("%s, %v, %v", text, b.Errs, err)
	}
}

func TestLazyMistakesAreNamed(t *testing.T) {
	dir := planFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "broken.npy"), []byte("no table"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	for text, want := range map[string]string{
		"{store: affs, channels: 4}":                                              "channels of DIR/affs: there is no entry 4 along an axis of 4 (shape [4 8 9 10])",
		"{store: affs, channels: [0, [1, 2]]}":                                    "is one of space and no channel",
		"{store: affs, channels: [0, 0, 0, 0, 0]}":                                "no axis left",
		"{store: affs, stack: {store: affs5, channels: [[0]], scale_shift: [1]}}": "scale_shift",
		"{store: affs, stack: flat}":                                              "no dataset is named",
		"{store: affs, stack: {store: flat}}":                                     "all axes but the first must have the same length",
		"{store: affs, stack: {store: affs2d}}":                                   "DIR/affs2d [2 9 10]",
		"{store: affs, stack: {store: affs5, voxel_size: [40, 4, 3]}}":            "along x, DIR/affs has voxel size 6",
		"{store: affs, stack: {store: nowhere}}":                                  "stack of DIR/affs: no array at DIR/nowhere",
		"{store: affs, ome_norm: true}":                                           "DIR/affs belongs to no OME-Zarr image",
		"{store: affs, ome_norm: folder}":                                         "DIR/folder has no OME-Zarr metadata",
		"{store: affs, ops: [{crop: [[0, 0, 0], [40, 4, 6]]}]}":                   "nothing lies in the array",
		"{store: affs, ops: [{crop: [[410, -20, 12], [40, 4, 6]]}]}":              "410 lies within a voxel",
		"{store: affs, ops: [{crop: [[400, -20], [40, 4]]}]}":                     "the region has 2 dimensions",
		"{store: affs, ops: [{flip: [w]}]}":                                       `no axis is named "w"`,
		"{store: affs, ops: [{slice: '0, 0, 0, 0, 0'}]}":                          "5 indices, the array 4 axes",
		"{store: affs, ops: [{slice: ':, 9:'}]}":                                  "takes nothing of an axis of 8",
		"{store: affs, ops: [{lut: none.npz}]}":                                   "lut of DIR/affs: DIR/none.npz is not there",
		"{store: frags, lut: broken}":                                             "no look-up table is named",
		"{store: frags, lut: broken.npz}":                                         "DIR/broken.npz",
		"{store: frags, lut: broken.npy}":                                         "DIR/broken.npy",
		"{store: affs, ops: [{lut: lut.npz}]}":                                    "labels are whole numbers",
		"{store: affs, ops: [normalize]}":                                         "float32 has no bounds of its own",
		"{store: affs, scale_shift: [1e300, 0]}":                                  "a float32 holds",
		"{store: affs, ops: [{slice: ':, ::2'}]}":                                 "leave no neighborhood",
		"{store: affs, channels: [[0, 1]], neighborhood: [[1, 0, 0]]}":            "disagrees",
		"{store: affs, channels: 0}":                                              "0 channel axes",
		"{store: bare, channels: [[0, 1]]}":                                       "no neighborhood",
	} {
		var d stages.Dataset
		err := decode(t, text, &d)
		if err == nil {
			task := planExtract()
			task.AffsData = d
			_, err = plan(dir, task)
		}
		if err == nil {
			t.Errorf("%s: no error", text)
		} else if got := strings.ReplaceAll(err.Error(), dir, "DIR"); !strings.Contains(got, want) {
			t.Errorf("%s: %s\ndoes not say %q", text, got, want)
		}
	}
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("planning wrote: %v", after)
	}
}

// TestNeighborhoodsFollow plans affinities whose operations change what their offsets are.
func TestNeighborhoodsFollow(t *testing.T) {
	dir := planFolder(t)
	for text, want := range map[string][]geometry.Coordinate{
		"{store: affs, channels: [[2, 0]]}": {c(0, 0, 1), c(1, 0, 0)},
		"{store: affs, channels: '1:3'}":    {c(0, 1, 0), c(0, 0, 1)},
		"{store: affs, channels: [[2, 0]], neighborhood: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 3, 0]]}":              {c(0, 0, 1), c(1, 0, 0)},
		"{store: affs, channels: [[2, 0]], neighborhood: [[0, 0, 1], [1, 0, 0]]}":                                    {c(0, 0, 1), c(1, 0, 0)},
		"{store: bare, channels: [[3]], neighborhood: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 3, 0]]}":                 {c(0, 3, 0)},
		"{store: bare, channels: [[3, 2]], neighborhood: [[0, 3, 0], [0, 0, 1]]}":                                    {c(0, 3, 0), c(0, 0, 1)},
		"{store: affs, ops: [{flip: [y]}]}":                                                                          {c(1, 0, 0), c(0, -1, 0), c(0, 0, 1), c(0, -3, 0)},
		"{store: affs, ops: [{channels: [[3]]}, {slice: ':, :, ::3'}]}":                                              {c(0, 1, 0)},
		"{store: affs, channels: [[0, 1]], stack: {store: affs, channels: [[3]]}}":                                   {c(1, 0, 0), c(0, 1, 0)},
		"{store: affs, ops: [{channels: [[0, 1]]}, {stack: {store: affs, channels: [[3]]}}, {scale_shift: [1, 0]}]}": {c(1, 0, 0), c(0, 1, 0), c(0, 3, 0)},
		"{store: bare, neighborhood: [[0, 0, 2], [1, 0, 0], [0, 1, 0], [0, 0, 1]], ops: [{flip: [x]}]}":              {c(0, 0, -2), c(1, 0, 0), c(0, 1, 0), c(0, 0, -1)},
	} {
		task := planExtract()
		task.AffsData = dataset(t, text)
		task.Bias = task.Bias[:len(want)]
		for range 2 { // planned again, nothing is transformed twice
			if _, err := plan(dir, task); err != nil {
				t.Errorf("%s: %v", text, err)
			} else if !slices.EqualFunc(task.AffsData.Neighborhood, want, geometry.Coordinate.Equal) {
				t.Errorf("%s: %v, want %v", text, task.AffsData.Neighborhood, want)
			}
		}
	}
}

// TestOperationsAreCounted: what a block needs follows from what operations make of the array.
func TestOperationsAreCounted(t *testing.T) {
	dir := planFolder(t)
	memory := func(text string) int64 {
		task := planExtract()
		task.AffsData = dataset(t, text)
		p, err := plan(dir, task)
		if err != nil {
			t.Fatal(err)
		}
		return p.BlockMemory
	}
	plain, wide, narrow := memory("{store: affs}"), memory("{store: affs, ops: [{astype: float64}]}"), memory("{store: affs, ops: [{threshold: 0}]}")
	voxels := int64(6 * 8 * 9 * 4)
	if wide-plain != 4*voxels || narrow-plain != voxels {
		t.Errorf("%d as stored, %d as float64, %d as bool read by way of float32", plain, wide, narrow)
	}
}

// TestLazyEqualsMaterialised makes fragments of affinities seen through operations, and of a copy that holds what is
// seen, and demands the same arrays and nodes.
func TestLazyEqualsMaterialised(t *testing.T) {
	parent := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt, parent)
		ops := rapid.SliceOfN(rapid.SampledFrom([]string{"{scale_shift: [0.004, 0.1]}", "{scale_shift: [-1, 0.5]}", "{clip: [0, 0.75]}", "invert",
			"{flip: [" + []string{"y", "x", "2", "-1"}[len(w.shape)-1] + "]}", "{astype: float16}", "{astype: float64}", "{normalize: [0.1, 2]}",
			"{threshold: 0.5}", "{channels: [[-1, 0]]}", "{channels: '0:1'}", "{slice: '..., :7'}"}), 1, 4).Draw(rt, "ops")
		list := "[" + strings.Join(ops, ", ") + "]"
		lazily := w.extract(w.block, geometry.Fill(len(w.shape), 1))
		lazily.AffsData = dataset(t, "{store: '"+w.path("affs")+"', ops: "+list+"}")
		copied := w.extract(w.block, geometry.Fill(len(w.shape), 1))
		copied.FragsData.Store, copied.AffsData.Store = w.path("frags copied"), w.path("copy")
		n := materialise(rt, w, list)
		lazily.Bias, copied.Bias = lazily.Bias[:n], copied.Bias[:n]
		if err := os.Mkdir(w.path("other"), 0o755); err != nil {
			rt.Fatal(err)
		}
		copied.DB.Path = w.path("other/db.sqlite")
		s := newSerial(rt, w.dir)
		s.run(lazily)
		s.run(copied)
		a, b := readArray(rt, lazily.FragsData.Store), readArray(rt, copied.FragsData.Store)
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			rt.Fatalf("%s: fragments %v, of the copy %v", list, nd.Values[uint64](a), nd.Values[uint64](b))
		}
		if nodes, others := readNodes(rt, s, &lazily.DB), readNodes(rt, s, &copied.DB); !slices.EqualFunc(nodes, others, sameNode) {
			rt.Fatalf("%s: nodes %v, of the copy %v", list, nodes, others)
		}
	})
}

// materialise writes what operations show of the affinities, as "copy", and returns its channels.
func materialise(t *rapid.T, w *world, list string) int {
	var ops lazy.Ops
	ctx := context.Background()
	array, err := zarr.Open(ctx, w.path("affs"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := lazy.Of(array, zarr.Overrides{})
	if err == nil {
		ops, err = parseList(list)
	}
	if err == nil {
		a, err = ops.Apply(ctx, a)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := a.Read(ctx, make([]int, len(a.Shape())), a.Shape())
	if err != nil {
		t.Fatal(err)
	}
	attributes := a.Spatial.Attributes()
	attributes["neighborhood"] = a.Neighborhood
	out, err := zarr.Create(ctx, w.path("copy"), zarr.Spec{Shape: a.Shape(), Chunks: a.Shape(), DType: a.DType(), Attributes: attributes})
	if err == nil {
		err = out.Write(ctx, make([]int, len(a.Shape())), data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a.Shape()[0]
}

func parseList(list string) (lazy.Ops, error) {
	var ops lazy.Ops
	root, err := parseNode(list)
	if err == nil {
		err = root.Decode(&ops)
	}
	return ops, err
}

func readNodes(t tb, s *serial, db *stages.DB) []graph.Node {
	t.Helper()
	store, err := s.graphs.Open(context.Background(), db.Path)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := graph.Collect(store.Nodes(context.Background(), geometry.Roi{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// TestPlannedArraysAreSeenLazily reads what an earlier task writes, through a table that another one writes.
func TestPlannedArraysAreSeenLazily(t *testing.T) {
	w := smallWorld(t)
	frags := w.extract(w.block, c(1, 1))
	mws := &stages.GraphMWS{DB: w.db(), LUT: stages.LUT{Path: w.path("lut.npz")}, Weights: stages.Weights{{Attr: "blocks", Factor: 1, Bias: -0.5}}}
	mws.Shared.TaskType = "graph-mws"
	plain := w.relabel("plain", w.block)
	seen := w.relabel("seen", w.block)
	seen.FragsData = dataset(t, "{store: frags, lut: lut.npz}")
	flipped := w.relabel("flipped", w.block)
	flipped.FragsData = dataset(t, "{store: frags, ops: [{lut: lut.npz}, {flip: [y]}, {slice: '::2'}]}")
	dropped := w.relabel("dropped", c(5))
	dropped.FragsData = dataset(t, "{store: frags, ops: [{slice: '3'}]}")
	s := newSerial(t, w.dir)
	s.run(frags)
	s.run(w.agglom("blocks", w.block))
	s.run(mws)
	for _, task := range []*stages.Relabel{plain, seen, flipped, dropped} {
		s.run(task)
	}
	whole := nd.Values[uint64](readArray(t, w.path("plain")))
	if got := nd.Values[uint64](readArray(t, w.path("seen"))); !slices.Equal(got, whole) {
		t.Errorf("relabelled twice: %v, once: %v", got, whole)
	}
	var want []uint64
	for y := 0; y < w.shape[0]; y += 2 {
		from := (w.shape[0] - 1 - y) * w.shape[1]
		want = append(want, whole[from:from+w.shape[1]]...)
	}
	if got := nd.Values[uint64](readArray(t, w.path("flipped"))); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := nd.Values[uint64](readArray(t, w.path("dropped"))); !slices.Equal(got, whole[3*w.shape[1]:4*w.shape[1]]) {
		t.Errorf("row 3 is %v", got)
	}
	b := &stages.Binder{Base: w.dir}
	stages.Bind(flipped, b)
	for _, u := range b.Uses {
		if reads := u.Field == "frags_data" && u.Resource.Kind == stages.KindArray; reads && !u.All {
			t.Error("a flipped array does not wait for all of it")
		}
	}
}
