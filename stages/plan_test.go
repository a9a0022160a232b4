package stages_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/geometry"
	"volara/graph"
	"volara/nd"
	"volara/stages"
)

// c writes coordinates short.
func c(v ...int) geometry.Coordinate { return v }

var (
	planShape  = c(8, 9, 10)
	planVoxel  = c(40, 4, 6)
	planOffset = c(400, -20, 12)
	planHood   = []geometry.Coordinate{c(1, 0, 0), c(0, 1, 0), c(0, 0, 1), c(0, 3, 0)}
)

// planFolder holds inputs of every kind: good ones, and ones that only a mistake would name.
func planFolder(t *testing.T) string {
	dir := t.TempDir()
	with := func(name string, dtype nd.DType, shape []int, voxel, offset geometry.Coordinate, attributes map[string]any) {
		writeArray(t, filepath.Join(dir, name), nd.New(dtype, shape...), shape, voxel, offset, attributes)
	}
	hood := map[string]any{"neighborhood": planHood}
	channels := func(n int) []int { return append([]int{n}, planShape...) }
	with("affs", nd.Float32, channels(4), planVoxel, planOffset, hood)
	with("affs5", nd.Float32, channels(5), planVoxel, planOffset, hood)
	with("bare", nd.Float32, channels(4), planVoxel, planOffset, nil)
	with("odd hood", nd.Float32, channels(4), planVoxel, planOffset, map[string]any{"neighborhood": "near"})
	with("flat", nd.Float32, planShape, planVoxel, planOffset, hood)
	with("affs2d", nd.Float32, []int{2, 9, 10}, c(4, 6), c(-20, 12), map[string]any{"neighborhood": []geometry.Coordinate{c(1, 0), c(0, 1)}})
	with("frags", nd.Uint64, planShape, planVoxel, planOffset, nil)
	with("frags2d", nd.Uint64, []int{9, 10}, c(4, 6), c(-20, 12), nil)
	with("float frags", nd.Float32, planShape, planVoxel, planOffset, nil)
	with("channel frags", nd.Uint64, channels(2), planVoxel, planOffset, nil)
	with("coarse", nd.Uint8, []int{4, 5, 5}, planVoxel.Mul(c(2, 2, 2)), planOffset, nil)
	with("half a voxel", nd.Uint8, planShape, planVoxel, planOffset.Add(c(0, 0, 3)), nil)
	with("out shape", nd.Uint64, []int{8, 9, 11}, planVoxel, planOffset, nil)
	with("out type", nd.Uint32, planShape, planVoxel, planOffset, nil)
	with("out voxel", nd.Uint64, planShape, c(40, 4, 4), planOffset, nil)
	with("out offset", nd.Uint64, planShape, planVoxel, c(0, 0, 0), nil)
	out := nd.New(nd.Uint64, planShape...)
	writeArray(t, filepath.Join(dir, "out chunks"), out, []int{4, 4, 4}, planVoxel, planOffset, nil)
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a file", "not an array")
	write("folder/notes.txt", "not an array")
	write("broken/zarr.json", "{")
	write("broken.npz", "not a table")
	write("broken.sqlite", "this is no database at all, though long enough to look like one")
	return dir
}

func planDB() stages.DB {
	float := stages.AttrType{Name: "float"}
	return stages.DB{Path: "db.sqlite", EdgeAttrs: map[string]stages.AttrType{"adj": float, "lr": float}}
}

func planExtract() *stages.ExtractFrags {
	t := &stages.ExtractFrags{DB: planDB(), AffsData: stages.Dataset{Store: "affs"}, FragsData: stages.Dataset{Store: "out"},
		BlockSize: c(4, 4, 5), Context: c(1, 2, 2), Bias: []float64{-0.4, -0.4, -0.4, -0.7}}
	t.Shared.TaskType = "extract-frags"
	return t
}

func planAgglom() *stages.AffAgglom {
	t := &stages.AffAgglom{DB: planDB(), AffsData: stages.Dataset{Store: "affs"}, FragsData: stages.Dataset{Store: "frags"},
		BlockSize: c(4, 4, 5), Scores: map[string][]geometry.Coordinate{"adj": planHood[:3], "lr": planHood[3:]}}
	t.Shared.TaskType = "aff-agglom"
	return t
}

func planMWS() *stages.GraphMWS {
	t := &stages.GraphMWS{DB: planDB(), LUT: stages.LUT{Path: "lut"}, Weights: stages.Weights{{Attr: "adj", Factor: 1, Bias: -0.4}}}
	t.Shared.TaskType = "graph-mws"
	return t
}

func planRelabel() *stages.Relabel {
	t := &stages.Relabel{FragsData: stages.Dataset{Store: "frags"}, SegData: stages.Dataset{Store: "out"},
		LUT: stages.LUT{Path: "lut"}, BlockSize: c(4, 4, 5)}
	t.Shared.TaskType = "relabel"
	return t
}

func planNoop() *stages.Noop {
	t := &stages.Noop{BlockSize: c(2, 2)}
	t.Shared.TaskType, t.Shared.ROI = "noop", region(c(0, 0), c(10, 10))
	return t
}

func region(offset, shape geometry.Coordinate) *geometry.Roi {
	r := geometry.NewRoi(offset, shape)
	return &r
}

func ptr[T any](v T) *T { return &v }

// A mistake is a change to a task that plans well, and what the user is to read about it.
type mistake struct {
	name  string
	stage stages.Stage
	field string
	says  []string // parts of the message
}

// plan binds and plans as the pipeline does; a LUT and a graph of an earlier task are there.
func plan(dir string, stage stages.Stage) (*stages.Plan, error) {
	b := &stages.Binder{Base: dir}
	stages.Bind(stage, b)
	if len(b.Errs) > 0 {
		return nil, b.Errs[0]
	}
	specs := stages.NewSpecs()
	specs.AddLUT(filepath.Join(dir, "lut.npz"))
	specs.AddGraph(filepath.Join(dir, "db.sqlite"), stages.GraphSpec{Schema: graph.Schema{Dims: 3},
		Extent: geometry.NewRoi(planOffset, planShape.Mul(planVoxel))})
	return stages.MakePlan(context.Background(), stage, specs)
}

func TestGoodTasksPlan(t *testing.T) {
	dir := planFolder(t)
	for _, stage := range []stages.Stage{planExtract(), planAgglom(), planMWS(), planRelabel(), planNoop()} {
		p, err := plan(dir, stage)
		if err != nil {
			t.Errorf("%s: %v", stage.DefaultName(), err)
			continue
		}
		if !p.Region.Equal(p.Grid.Total()) {
			t.Errorf("%s: region %v of %v", stage.DefaultName(), p.Region, p.Grid.Total())
		}
	}
}

// TestRegionSelectsBlocks plans a part of the volume: with grid data it shares grid and output with the whole, with
// grid roi it is the grid.
func TestRegionSelectsBlocks(t *testing.T) {
	dir := planFolder(t)
	whole, err := plan(dir, planExtract())
	if err != nil {
		t.Fatal(err)
	}
	inWorld, inVoxels := planExtract(), planExtract()
	inWorld.Shared.ROI = region(c(560, -16, 42), c(40, 20, 12))
	inVoxels.Shared.VoxelROI = region(c(4, 1, 5), c(1, 5, 2))
	for _, task := range []*stages.ExtractFrags{inWorld, inVoxels} {
		p, err := plan(dir, task)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Region, geometry.NewRoi(c(560, -20, 42), c(160, 32, 30)); !got.Equal(want) {
			t.Errorf("region %v, want %v", got, want)
		}
		if !p.Grid.Total().Equal(whole.Grid.Total()) || !slices.Equal(p.Arrays["frags_data"].Shape, whole.Arrays["frags_data"].Shape) {
			t.Errorf("grid %v, want %v", p.Grid.Total(), whole.Grid.Total())
		}
	}
	own := planExtract()
	own.Shared.Grid, own.Shared.ROI = stages.GridROI, region(c(560, -16, 0), c(40, 400, 48))
	p, err := plan(dir, own)
	if err != nil {
		t.Fatal(err)
	}
	if want := geometry.NewRoi(c(560, -16, 12), c(40, 32, 36)); !p.Grid.Total().Equal(want) || !p.Region.Equal(want) {
		t.Errorf("grid %v, region %v, want %v", p.Grid.Total(), p.Region, want)
	}
	if out := p.Arrays["frags_data"]; !slices.Equal(out.Shape, []int{1, 8, 6}) || !out.Offset.Equal(c(560, -16, 12)) {
		t.Errorf("output of shape %v at %v", out.Shape, out.Offset)
	}
}

// TestEmptyNeighborhoodIsNone: Volara takes an empty list for a neighborhood that is not given.
func TestEmptyNeighborhoodIsNone(t *testing.T) {
	dir := planFolder(t)
	for _, stage := range []stages.Stage{planExtract(), planAgglom()} {
		var d *stages.Dataset
		switch task := stage.(type) {
		case *stages.ExtractFrags:
			d = &task.AffsData
		case *stages.AffAgglom:
			d = &task.AffsData
		}
		d.Neighborhood = []geometry.Coordinate{}
		if _, err := plan(dir, stage); err != nil || len(d.Neighborhood) != len(planHood) {
			t.Errorf("%s: %v, %v", stage.DefaultName(), d.Neighborhood, err)
		}
	}
}

// TestOutputsThatFit plans onto an array that is already there.
func TestOutputsThatFit(t *testing.T) {
	dir := planFolder(t)
	task := planExtract()
	task.FragsData.Store, task.BlockSize = "out chunks", c(8, 4, 12)
	p, err := plan(dir, task)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Arrays["frags_data"].Chunks; !slices.Equal(got, []int{4, 4, 4}) {
		t.Errorf("the array has chunks of 4³, planned are %v", got)
	}
	task = planExtract()
	task.FragsData.Chunks, task.BlockSize = c(3, 7, 11), c(8, 9, 10) // a single block may share its chunks with nobody
	if _, err := plan(dir, task); err != nil {
		t.Error(err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	dir := planFolder(t)
	before := listing(t, dir)
	all := slices.Concat(extractMistakes(), commonMistakes(), resourceMistakes(), agglomMistakes(), mwsMistakes(), relabelMistakes(), noopMistakes())
	seen := map[string]bool{}
	for _, m := range all {
		if name := m.stage.Common().TaskType + " " + m.name; seen[name] {
			t.Errorf("two mistakes are called %s", name)
		} else {
			seen[name] = true
		}
		_, err := plan(dir, m.stage)
		var field *stages.FieldError
		switch {
		case err == nil:
			t.Errorf("%s: %s: no error", m.stage.Common().TaskType, m.name)
			continue
		case !errors.As(err, &field):
			t.Errorf("%s: %s: no field is named: %v", m.stage.Common().TaskType, m.name, err)
			continue
		case field.Field != m.field:
			t.Errorf("%s: %s: field %s, want %s: %v", m.stage.Common().TaskType, m.name, field.Field, m.field, err)
		}
		t.Logf("%s | %s | %s", m.stage.Common().TaskType, m.name, strings.ReplaceAll(err.Error(), dir, ""))
		for _, part := range m.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %s: %q does not say %q", m.stage.Common().TaskType, m.name, err, part)
			}
		}
	}
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("planning wrote: %v", after)
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A noop takes every fit; its blocks are those of geometry.
func TestNoopFits(t *testing.T) {
	for fit, want := range map[geometry.Fit]struct {
		blocks int64
		last   geometry.Roi
	}{
		"":                   {16, geometry.NewRoi(c(9, 9), c(1, 1))},
		geometry.FitShrink:   {16, geometry.NewRoi(c(9, 9), c(1, 1))},
		geometry.FitOverhang: {16, geometry.NewRoi(c(9, 9), c(3, 3))},
		geometry.FitValid:    {9, geometry.NewRoi(c(6, 6), c(3, 3))},
	} {
		task := planNoop()
		task.Fit, task.BlockSize, task.Context = fit, c(3, 3), c(1, 2)
		task.ReadWriteConflict = ptr(true)
		p, err := task.Plan(context.Background(), stages.NewSpecs())
		if err != nil {
			t.Fatal(err)
		}
		last := p.Grid.At(p.Grid.Len() - 1)
		if p.Grid.Len() != want.blocks || !last.WriteROI.Equal(want.last) || !last.ReadROI.Equal(want.last.Grow(c(1, 2), c(1, 2))) {
			t.Errorf("%q: %d blocks, the last one %v", fit, p.Grid.Len(), last)
		}
	}
}
