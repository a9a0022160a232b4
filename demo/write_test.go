package demo_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/demo"
	"volara/geometry"
	"volara/nd"
	"volara/pipeline"
	"volara/stages"
	"volara/zarr"
)

func small(shape ...int) demo.Options {
	n := len(shape)
	return demo.Options{
		Shape:  shape,
		Voxel:  geometry.Coordinate{40, 16, 16}[3-n:],
		Offset: geometry.Coordinate{400, 160, 320}[3-n:],
		Seed:   7,
	}
}

func read(t *testing.T, path string) (*nd.Array, zarr.Metadata, zarr.Spatial) {
	t.Helper()
	a, err := zarr.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	place, err := a.Spatial(zarr.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	m := a.Metadata()
	data, err := a.Read(t.Context(), make([]int, len(m.Shape)), m.Shape)
	if err != nil {
		t.Fatal(err)
	}
	return data, m, place
}

// What is stored slab by slab is what the functions make of the whole.
func TestWriteStoresTheVolume(t *testing.T) {
	for _, shape := range [][]int{{33, 70, 64}, {32, 65, 63}, {1, 5, 4}, {90, 110}} {
		o := small(shape...)
		files, err := demo.Write(t.Context(), t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		wantLabels, err := demo.Labels(o.Shape, o.Voxel, o.Seed)
		if err != nil {
			t.Fatal(err)
		}
		wantRaw, err := demo.Raw(wantLabels, o.Voxel, o.Seed)
		if err != nil {
			t.Fatal(err)
		}
		params := demo.DefaultAffinities(o.Voxel, o.Seed)
		for path, want := range map[string]*nd.Array{
			files.Labels: wantLabels, files.Raw: wantRaw, files.Affs: demo.Affinities(wantLabels, params),
		} {
			got, m, place := read(t, path)
			if !slices.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%s of shape %v differs from what was made", filepath.Base(path), shape)
			}
			voxel, offset, _, err := place.Rounded()
			if err != nil || !voxel.Equal(o.Voxel) || !offset.Equal(o.Offset) {
				t.Errorf("%s lies at %v with voxels of %v (%v)", path, offset, voxel, err)
			}
			if channels := len(m.Shape) - len(shape); place.ChannelAxes != channels {
				t.Errorf("%s has %d channel axes, want %d", path, place.ChannelAxes, channels)
			}
		}
		_, m, _ := read(t, files.Affs)
		var neighborhood []geometry.Coordinate
		if _, err := m.Attribute("neighborhood", &neighborhood); err != nil || !slices.EqualFunc(neighborhood, params.Offsets, geometry.Coordinate.Equal) {
			t.Errorf("neighborhood is %v (%v), want %v", neighborhood, err, params.Offsets)
		}
		if want := int(slices.Max(nd.Values[uint32](wantLabels))); files.Neurites != want {
			t.Errorf("%d neurites are reported, there are %d", files.Neurites, want)
		}
	}
}

// contents returns all files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWriteAgain(t *testing.T) {
	dir, o := t.TempDir(), small(20, 40, 40)
	if _, err := demo.Write(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	first := contents(t, dir)
	if _, err := demo.Write(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	again := contents(t, dir)
	for name, data := range first {
		if again[name] != data {
			t.Errorf("%s differs the second time", name)
		}
	}
	o.Seed++
	if _, err := demo.Write(t.Context(), dir, o); !errors.Is(err, zarr.ErrExists) {
		t.Errorf("another volume over the first: %v", err)
	}
	for name, data := range contents(t, dir) {
		if first[name] != data {
			t.Errorf("%s was changed by what was refused", name)
		}
	}
}

func TestWriteKeepsAChangedPipelineFile(t *testing.T) {
	dir, o := t.TempDir(), small(4, 20, 20)
	files, err := demo.Write(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.Pipeline, []byte("name: mine\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Write(t.Context(), dir, o); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a changed pipeline file: %v", err)
	}
	if got := contents(t, dir)["/pipeline.yaml"]; got != "name: mine\n" {
		t.Errorf("the pipeline file is now %q", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, change := range map[string]func(*demo.Options){
		"one dimension":   func(o *demo.Options) { o.Shape, o.Voxel, o.Offset = []int{9}, o.Voxel[:1], o.Offset[:1] },
		"four dimensions": func(o *demo.Options) { o.Shape = []int{2, 2, 2, 2} },
		"voxel":           func(o *demo.Options) { o.Voxel = o.Voxel[1:] },
		"offset":          func(o *demo.Options) { o.Offset = nil },
		"empty":           func(o *demo.Options) { o.Shape[1] = 0 },
	} {
		dir, o := filepath.Join(t.TempDir(), "demo"), small(4, 5, 6)
		change(&o)
		if _, err := demo.Write(t.Context(), dir, o); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := demo.Write(ctx, t.TempDir(), small(4, 5, 6)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The pipeline file is valid and cuts the volume into more than fifty blocks, unless it is tiny.
func TestPipelineFile(t *testing.T) {
	for _, c := range []struct {
		shape []int
		least int64
	}{{[]int{24, 48, 48}, 51}, {[]int{25, 50, 45}, 51}, {[]int{100, 110}, 51}, {[]int{6, 12, 12}, 1}, {[]int{5, 5}, 1}} {
		t.Run(fmt.Sprint(c.shape), func(t *testing.T) {
			files, err := demo.Write(t.Context(), t.TempDir(), small(c.shape...))
			if err != nil {
				t.Fatal(err)
			}
			p, err := pipeline.Load(stages.Builtin(), files.Pipeline)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := p.Plan(t.Context(), pipeline.Selection{})
			if err != nil {
				t.Fatal(err)
			}
			if len(plan.Tasks) != 4 {
				t.Fatalf("%d tasks, want 4", len(plan.Tasks))
			}
			if w := plan.Warnings(); len(w) > 0 {
				t.Errorf("the plan warns: %v", w)
			}
			for _, s := range plan.Summaries() {
				if s.Blocks < c.least && !strings.HasSuffix(s.Name, "graph-mws") {
					t.Errorf("%s has %d blocks, want %d", s.Name, s.Blocks, c.least)
				}
			}
		})
	}
}
