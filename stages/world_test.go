package stages_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/nd"
	"volara/stages"
	"volara/zarr"
)

// A world is a random small volume of affinities on disk, and the choices of a pipeline over it.
type world struct {
	dir           string
	shape, block  geometry.Coordinate // voxels
	voxel, offset geometry.Coordinate
	neighborhood  []geometry.Coordinate
	rng           *rand.Rand
}

// drawWorld makes a volume of 2 to 4 dimensions: any offset, anisotropic voxels, up to three blocks an axis, uint8 or
// float32 affinities in chunks of any size.
func drawWorld(t *rapid.T, parent string) *world {
	n := rapid.IntRange(2, 4).Draw(t, "dims")
	draw := func(label string, least, most int) geometry.Coordinate {
		return rapid.SliceOfN(rapid.IntRange(least, most), n, n).Draw(t, label)
	}
	w := &world{shape: draw("shape", 2, []int{14, 8, 4}[n-2]), voxel: draw("voxel size", 1, 5), offset: draw("offset", -20, 20)}
	w.rng = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for _, s := range w.shape {
		w.block = append(w.block, rapid.IntRange((s+2)/3, s+1).Draw(t, "block"))
	}
	w.neighborhood = neighborhood(t, n)
	var err error
	if w.dir, err = os.MkdirTemp(parent, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(w.dir) })
	data := w.affinityData(rapid.Bool().Draw(t, "uint8"))
	w.write(t, "affs", data, append([]int{rapid.IntRange(1, 3).Draw(t, "channel chunk")}, draw("chunk", 1, 6)...))
	return w
}

// neighborhood draws the direct offsets and up to three long ones of any direction.
func neighborhood(t *rapid.T, n int) []geometry.Coordinate {
	var offsets []geometry.Coordinate
	for d := range n {
		o := geometry.Fill(n, 0)
		o[d] = 1
		offsets = append(offsets, o)
	}
	for range rapid.IntRange(0, 3).Draw(t, "long offsets") {
		o := geometry.Coordinate(rapid.SliceOfN(rapid.IntRange(-3, 3), n, n).Draw(t, "offset of the neighborhood"))
		if !slices.ContainsFunc(offsets, o.Equal) && !o.Equal(geometry.Fill(n, 0)) {
			offsets = append(offsets, o)
		}
	}
	return offsets
}

func (w *world) affinityData(bytes bool) *nd.Array {
	shape := append([]int{len(w.neighborhood)}, w.shape...)
	if bytes {
		a := nd.New(nd.Uint8, shape...)
		for i := range nd.Values[uint8](a) {
			nd.Values[uint8](a)[i] = uint8(w.rng.IntN(256))
		}
		return a
	}
	a := nd.New(nd.Float32, shape...)
	for i := range nd.Values[float32](a) {
		nd.Values[float32](a)[i] = w.rng.Float32()
	}
	return a
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// write stores an array whose leading axes, those beyond the world's, are channels.
func (w *world) write(t rapid.TB, name string, a *nd.Array, chunks []int) {
	t.Helper()
	writeArray(t, w.path(name), a, chunks, w.voxel, w.offset, map[string]any{"neighborhood": w.neighborhood})
}

func writeArray(t rapid.TB, path string, a *nd.Array, chunks []int, voxel, offset geometry.Coordinate, attributes map[string]any) {
	t.Helper()
	all := spatial(len(a.Shape()), voxel, offset).Attributes()
	for k, v := range attributes {
		all[k] = v
	}
	array, err := zarr.Create(context.Background(), path, zarr.Spec{Shape: a.Shape(), Chunks: chunks, DType: a.DType(), Attributes: all})
	if err == nil {
		err = array.Write(context.Background(), make([]int, len(chunks)), a)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func spatial(axes int, voxel, offset geometry.Coordinate) zarr.Spatial {
	s := zarr.Spatial{AxisNames: []string{"b^", "c^", "t", "z", "y", "x"}[6-axes:]}
	for d := range axes {
		axisType := "space"
		if d < axes-len(voxel) {
			axisType = "channel"
		}
		s.Types, s.Units = append(s.Types, axisType), append(s.Units, "nm")
	}
	for d := range voxel {
		s.VoxelSize, s.Offset = append(s.VoxelSize, float64(voxel[d])), append(s.Offset, float64(offset[d]))
	}
	return s
}

// extract returns a task that makes fragments of the world, with bias 0.5 below the middle.
func (w *world) extract(block, context geometry.Coordinate) *stages.ExtractFrags {
	t := &stages.ExtractFrags{DB: w.db(), AffsData: stages.Dataset{Store: w.path("affs")},
		FragsData: stages.Dataset{Store: w.path("frags")}, BlockSize: block, Context: context,
		Bias: slices.Repeat([]float64{-0.4}, len(w.neighborhood))}
	t.Shared.TaskType = "extract-frags"
	return t
}

// agglom returns a task that scores all offsets under one name, with the pair counts beside it.
func (w *world) agglom(score string, block geometry.Coordinate) *stages.AffAgglom {
	t := &stages.AffAgglom{DB: w.db(), AffsData: stages.Dataset{Store: w.path("affs")},
		FragsData: stages.Dataset{Store: w.path("frags")}, BlockSize: block,
		Scores: map[string][]geometry.Coordinate{score: w.neighborhood}}
	t.Shared.TaskType, t.Shared.Name = "aff-agglom-"+score, score // two scores, two tasks
	return t
}

func (w *world) relabel(out string, block geometry.Coordinate) *stages.Relabel {
	t := &stages.Relabel{FragsData: stages.Dataset{Store: w.path("frags")}, SegData: stages.Dataset{Store: w.path(out)},
		LUT: stages.LUT{Path: w.path("lut.npz")}, BlockSize: block}
	t.Shared.TaskType = "relabel"
	return t
}

func (w *world) db() stages.DB {
	n, float, integer := len(w.shape), stages.AttrType{Name: "float"}, stages.AttrType{Name: "int"}
	return stages.DB{Path: w.path("db.sqlite"), Dims: &n, EdgeAttrs: map[string]stages.AttrType{
		"blocks": float, "blocks__size": integer, "whole": float, "whole__size": integer}}
}
