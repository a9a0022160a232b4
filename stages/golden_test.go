package stages_test

import (
	"cmp"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/config"
	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
	"volara/nd"
	"volara/stages"
	"volara/zarr"
)

// golden is a folder with four task files as Volara serialises them, its input and its outputs in segment.zarr.
type golden struct{ dir string }

// goldens returns the project's own golden folder and, where a checkout has it, a shared one.
func goldens(t *testing.T) []golden {
	all := []golden{{"testdata/golden"}}
	if shared := "../../shared/golden"; exists(shared) {
		all = append(all, golden{shared})
	}
	for i := range all {
		abs, err := filepath.Abs(all[i].dir)
		if err != nil {
			t.Fatal(err)
		}
		all[i].dir = abs
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (g golden) path(name string) string { return filepath.Join(g.dir, "segment.zarr", name) }

func load[T stages.Stage](t *testing.T, g golden, name string, s T) T {
	t.Helper()
	file := filepath.Join(g.dir, name+".json")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root, err := config.Parse(file, src)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Decode(s); err != nil {
		t.Fatal(err)
	}
	s.Common().Grid = stages.GridROI
	return s
}

// TestGolden runs Volara's own task files and demands Volara's own results.
func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(filepath.Base(filepath.Dir(g.dir)), func(t *testing.T) {
			out := t.TempDir()
			frags := load(t, g, "extract-frags", new(stages.ExtractFrags))
			agglom := load(t, g, "aff-agglom", new(stages.AffAgglom))
			mws := load(t, g, "graph-mws", new(stages.GraphMWS))
			relabel := load(t, g, "relabel", new(stages.Relabel))
			frags.AffsData.Store, agglom.AffsData.Store = g.path("affs"), g.path("affs")
			frags.FragsData.Store = filepath.Join(out, "fragments")
			agglom.FragsData.Store, relabel.FragsData.Store = frags.FragsData.Store, frags.FragsData.Store
			frags.DB.Path = filepath.Join(out, "db.sqlite")
			agglom.DB.Path, mws.DB.Path = frags.DB.Path, frags.DB.Path
			mws.LUT.Path = filepath.Join(out, "lut.npz")
			relabel.LUT.Path, relabel.SegData.Store = mws.LUT.Path, filepath.Join(out, "segments")
			runSerially(t, frags, agglom, mws, relabel)

			ours, theirs := readLabels(t, frags.FragsData.Store), readLabels(t, g.path("fragments"))
			names := samePartition(t, "fragments", ours, theirs)
			samePartition(t, "segments", readLabels(t, relabel.SegData.Store), readLabels(t, g.path("segments")))
			compareGraphs(t, frags.DB.Path, g.path("db.sqlite"), names)
			compareLUTs(t, mws.LUT.Path, g.path("lut.npz"), names)
		})
	}
}

func readLabels(t rapid.TB, path string) []uint64 {
	t.Helper()
	return nd.Values[uint64](readArray(t, path))
}

func readArray(t rapid.TB, path string) *nd.Array {
	t.Helper()
	a, err := zarr.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	shape := a.Metadata().Shape
	data, err := a.Read(context.Background(), make([]int, len(shape)), shape)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// samePartition demands equal labels up to renaming, and returns the renaming.
func samePartition(t *testing.T, what string, ours, theirs []uint64) map[int64]int64 {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%s: %d voxels, want %d", what, len(ours), len(theirs))
	}
	there, back := map[uint64]uint64{0: 0}, map[uint64]uint64{0: 0}
	for i, a := range ours {
		b := theirs[i]
		if x, ok := there[a]; ok && x != b {
			t.Fatalf("%s: label %d is %d and %d there (voxel %d)", what, a, x, b, i)
		}
		if x, ok := back[b]; ok && x != a {
			t.Fatalf("%s: their label %d is %d and %d here (voxel %d)", what, b, x, a, i)
		}
		there[a], back[b] = b, a
	}
	if len(there) < 2 {
		t.Fatalf("%s: no labels at all", what)
	}
	names := map[int64]int64{}
	for a, b := range there {
		names[int64(a)] = int64(b)
	}
	return names
}

func compareGraphs(t *testing.T, ours, theirs string, names map[int64]int64) {
	t.Helper()
	nodes, edges := readGraph(t, ours)
	theirNodes, theirEdges := readGraph(t, theirs)
	if len(theirEdges) == 0 {
		t.Fatal("no edges to compare")
	}
	compareNodes(t, nodes, theirNodes, names)
	compareEdges(t, edges, theirEdges, names)
}

// compareNodes demands the same nodes, whatever their ids are called.
func compareNodes(t *testing.T, ours, theirs []graph.Node, names map[int64]int64) {
	t.Helper()
	byID := map[int64]graph.Node{}
	for _, n := range theirs {
		byID[n.ID] = n
	}
	if len(ours) != len(theirs) {
		t.Fatalf("%d nodes, want %d", len(ours), len(theirs))
	}
	for _, n := range ours {
		want := byID[names[n.ID]]
		if n.Size != want.Size || !n.Position.Equal(want.Position) {
			t.Fatalf("node %d: size %d at %v, want %d at %v", n.ID, n.Size, n.Position, want.Size, want.Position)
		}
	}
}

// compareEdges demands the same edges with the same attributes, but for 1e-6.
func compareEdges(t *testing.T, ours, theirs []graph.Edge, names map[int64]int64) {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%d edges, want %d", len(ours), len(theirs))
	}
	byPair := map[[2]int64][]float64{}
	for _, e := range theirs {
		byPair[[2]int64{min(e.U, e.V), max(e.U, e.V)}] = e.Values
	}
	for _, e := range ours {
		u, v := names[e.U], names[e.V]
		want, ok := byPair[[2]int64{min(u, v), max(u, v)}]
		if !ok {
			t.Fatalf("edge %d, %d is not theirs", e.U, e.V)
		}
		for i := range want {
			same := math.Abs(e.Values[i]-want[i]) <= 1e-6 || graph.IsAbsent(e.Values[i]) && graph.IsAbsent(want[i])
			if !same {
				t.Fatalf("edge %d, %d: %v, want %v", e.U, e.V, e.Values, want)
			}
		}
	}
}

func readGraph(t rapid.TB, path string) ([]graph.Node, []graph.Edge) {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, graph.Schema{}, sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	nodes, err := graph.Collect(s.Nodes(ctx, geometry.Roi{}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var attrs []string
	for _, a := range s.Schema().EdgeAttrs {
		attrs = append(attrs, a.Name)
	}
	slices.Sort(attrs)
	edges, err := graph.Collect(s.Edges(ctx, geometry.Roi{}, attrs))
	if err != nil {
		t.Fatal(err)
	}
	return nodes, edges
}

func compareLUTs(t *testing.T, ours, theirs string, names map[int64]int64) {
	t.Helper()
	a, err := graph.ReadLUT(ours)
	if err != nil {
		t.Fatal(err)
	}
	b, err := graph.ReadLUT(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Fragments) != len(b.Fragments) {
		t.Fatalf("LUT of %d fragments, want %d", len(a.Fragments), len(b.Fragments))
	}
	var x, y []uint64
	for i, f := range a.Fragments {
		x = append(x, uint64(a.Segments[i]))
		y = append(y, uint64(b.Segment(names[f])))
	}
	samePartition(t, "LUT", x, y)
	compareDecisions(t, a.Edges, b.Edges, names)
}

// compareDecisions demands the same edges in the same order, with the same sign.
func compareDecisions(t *testing.T, ours, theirs []graph.LUTEdge, names map[int64]int64) {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%d decisions, want %d", len(ours), len(theirs))
	}
	key := func(merge bool, u, v int64) [3]int64 {
		k := [3]int64{0, min(u, v), max(u, v)}
		if merge {
			k[0] = 1
		}
		return k
	}
	var x, y [][3]int64
	for i, e := range ours {
		x = append(x, key(e.Merge, names[e.U], names[e.V]))
		y = append(y, key(theirs[i].Merge, theirs[i].U, theirs[i].V))
	}
	order := func(a, b [3]int64) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
	}
	slices.SortFunc(x, order)
	slices.SortFunc(y, order)
	if !slices.Equal(x, y) {
		t.Fatal("the decisions differ")
	}
}
