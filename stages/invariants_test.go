package stages_test

import (
	"context"
	"flag"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/graph"
	"volara/stages"
)

// TestMain lets a property be tried 20 times, not 100, unless -rapid.checks says otherwise: a try runs whole tasks.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "20"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestFragmentIdsAndPositions demands of every block that its fragments' ids lie in the block's own range, and of every
// node that it is a fragment of the block that holds its position, with the right size.
func TestFragmentIdsAndPositions(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		task := w.extract(w.block, geometry.Fill(len(w.shape), rapid.IntRange(0, 3).Draw(t, "context")))
		task.RemoveDebris = int64(rapid.SampledFrom([]int{0, 2}).Draw(t, "debris"))
		s := newSerial(t, w.dir)
		env := s.run(task)
		labels, err := stages.OpenLabels(context.Background(), task.FragsData.Store)
		if err != nil {
			t.Fatal(err)
		}
		sizes, home := map[int64]int64{}, map[int64]geometry.Block{}
		for i := range env.Plan.Grid.Len() {
			b := env.Plan.Grid.At(i)
			ids, err := labels.Read(context.Background(), b.WriteROI)
			if err != nil {
				t.Fatal(err)
			}
			first := b.Index * env.Plan.BlockVoxels
			for _, id := range ids {
				if id != 0 && (int64(id) <= first || int64(id) > first+env.Plan.BlockVoxels) {
					t.Fatalf("block %v has id %d", b, id)
				}
				sizes[int64(id)]++
				home[int64(id)] = b
			}
		}
		delete(sizes, 0)
		s.close()
		nodes, _ := readGraph(t, task.DB.Path)
		if len(nodes) != len(sizes) {
			t.Fatalf("%d nodes for %d fragments", len(nodes), len(sizes))
		}
		for _, n := range nodes {
			if n.Size != sizes[n.ID] || !home[n.ID].WriteROI.ContainsPoint(n.Position) {
				t.Fatalf("node %+v of block %v has %d voxels", n, home[n.ID], sizes[n.ID])
			}
		}
	})
}

// TestRepeatedBlocksAreIdentical processes blocks again, in another order, with all that is random in play.
func TestRepeatedBlocksAreIdentical(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		task := w.extract(w.block, geometry.Fill(len(w.shape), 1))
		task.Strides = slices.Repeat([]geometry.Coordinate{geometry.Fill(len(w.shape), 2)}, len(w.neighborhood))
		task.RandomizedStrides = true
		if eps := 0.1; rapid.Bool().Draw(t, "noise") {
			task.NoiseEps = &eps
		}
		agglom := w.agglom("blocks", w.block)
		s := newSerial(t, w.dir)
		env, agglomEnv := s.run(task), s.run(agglom)
		voxels := readLabels(t, task.FragsData.Store)
		nodes, edges := readGraph(t, task.DB.Path)
		reverse(t, task, env)
		reverse(t, agglom, agglomEnv)
		if !slices.Equal(readLabels(t, task.FragsData.Store), voxels) {
			t.Fatal("the fragments changed")
		}
		nodesAgain, edgesAgain := readGraph(t, task.DB.Path)
		if !slices.EqualFunc(nodes, nodesAgain, sameNode) || !slices.EqualFunc(sorted(edges), sorted(edgesAgain), sameEdge) {
			t.Fatal("the graph changed")
		}
	})
}

// reverse processes every block once more, the last first.
func reverse(t *rapid.T, stage stages.Stage, env *stages.Env) {
	p, err := stage.Open(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := env.Plan.Grid.Len() - 1; i >= 0; i-- {
		if _, err := p.Process(context.Background(), env.Plan.Grid.At(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAgglomBlockwiseIsWhole demands bit-identical means and counts, whether the volume is cut or not.
func TestAgglomBlockwiseIsWhole(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		s := newSerial(t, w.dir)
		s.run(w.extract(w.block, geometry.Fill(len(w.shape), rapid.IntRange(0, 2).Draw(t, "context"))))
		if warnings := s.run(w.agglom("blocks", w.block)).Plan.Warnings; len(warnings) > 0 {
			t.Fatalf("warned: %v", warnings)
		}
		s.run(w.agglom("whole", w.shape))
		s.close()
		_, edges := readGraph(t, w.path("db.sqlite"))
		for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
			if e.U >= e.V || graph.IsAbsent(e.Values[0]) || !sameValues(e.Values[:2], e.Values[3:]) {
				t.Fatalf("edge %d, %d: %v by blocks, %v of the whole", e.U, e.V, e.Values[:2], e.Values[3:])
			}
		}
	})
}

// TestRelabelBlockwiseIsWhole relabels by a random table that knows some of the fragments.
func TestRelabelBlockwiseIsWhole(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		s := newSerial(t, w.dir)
		s.run(w.extract(w.block, geometry.Fill(len(w.shape), 0)))
		frags := readLabels(t, w.path("frags"))
		segment := map[uint64]uint64{}
		for _, id := range frags {
			if _, ok := segment[id]; !ok && id > 0 && w.rng.IntN(3) > 0 {
				segment[id] = uint64(w.rng.IntN(5)) + 1<<40
			}
		}
		writeLUT(t, w.path("lut.npz"), segment)
		s.run(w.relabel("blocks", w.block))
		s.run(w.relabel("whole", w.shape))
		blocks, whole := readLabels(t, w.path("blocks")), readLabels(t, w.path("whole"))
		for i, id := range frags {
			want, ok := segment[id]
			if !ok {
				want = id
			}
			if blocks[i] != want || whole[i] != want {
				t.Fatalf("fragment %d becomes %d by blocks and %d in the whole, want %d", id, blocks[i], whole[i], want)
			}
		}
	})
}

func writeLUT(t rapid.TB, path string, segment map[uint64]uint64) {
	t.Helper()
	var from, to []int64
	for f, s := range segment {
		from, to = append(from, int64(f)), append(to, int64(s))
	}
	lut, err := graph.NewLUT(from, to)
	if err == nil {
		err = lut.Write(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func sameNode(a, b graph.Node) bool {
	return a.ID == b.ID && a.Size == b.Size && a.Position.Equal(b.Position)
}

func sameEdge(a, b graph.Edge) bool {
	return a.U == b.U && a.V == b.V && sameValues(a.Values, b.Values)
}

// sameValues compares bits, so that absent values are equal.
func sameValues(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

func sorted(edges []graph.Edge) []graph.Edge {
	slices.SortFunc(edges, func(a, b graph.Edge) int {
		if a.U != b.U {
			return int(a.U - b.U)
		}
		return int(a.V - b.V)
	})
	return edges
}
