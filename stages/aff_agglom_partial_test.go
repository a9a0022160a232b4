package stages_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
	"volara/nd"
	"volara/stages"
)

// foreign gives the world labels of somebody else, which cross blocks, and a graph with their nodes; some labels have
// none. Returned are the labels and the nodes' positions.
func (w *world) foreign(t *rapid.T) (labels []uint64, nodes map[uint64]geometry.Coordinate) {
	ids := make([]uint64, rapid.IntRange(1, 12).Draw(t, "ids"))
	for i := range ids {
		ids[i] = w.rng.Uint64N(1 << 62)
	}
	array := nd.New(nd.Uint64, w.shape...)
	labels, nodes = nd.Values[uint64](array), map[uint64]geometry.Coordinate{}
	for i := range labels {
		switch {
		case i > 0 && w.rng.IntN(3) > 0:
			labels[i] = labels[i-1]
		case w.rng.IntN(8) > 0:
			labels[i] = ids[w.rng.IntN(len(ids))]
		}
	}
	writeArray(t, w.path("frags"), array, w.shape, w.voxel, w.offset, nil)
	for i, id := range labels {
		if id > 0 && id%7 > 0 && w.rng.IntN(3) == 0 {
			nodes[id] = w.at(i).Mul(w.voxel).Add(w.offset)
		}
	}
	w.writeNodes(t, nodes)
	return labels, nodes
}

func (w *world) writeNodes(t *rapid.T, positions map[uint64]geometry.Coordinate) {
	t.Helper()
	ctx, by := context.Background(), graph.Writer{Task: "somebody", Generation: "g"}
	db := w.db()
	schema, err := db.Schema()
	if err != nil {
		t.Fatal(err)
	}
	rag, err := sqlite.Open(ctx, db.Path, schema, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer rag.Close()
	nodes := []graph.Node{{ID: 0, Position: w.offset}} // of the background: every graph has an extent
	for id, position := range positions {
		nodes = append(nodes, graph.Node{ID: int64(id), Position: position})
	}
	if err := rag.SetGeneration(ctx, by.Task, by.Generation); err != nil {
		t.Fatal(err)
	}
	if err := rag.WriteNodes(ctx, by, graph.IDRange{From: 0, To: math.MaxInt64}, nil, nodes); err != nil {
		t.Fatal(err)
	}
}

// at returns the place of voxel i.
func (w *world) at(i int) geometry.Coordinate {
	p := geometry.Fill(len(w.shape), 0)
	for d := len(p) - 1; d >= 0; d-- {
		p[d], i = i%w.shape[d], i/w.shape[d]
	}
	return p
}

// scores returns two groups of offsets, of which some are in both.
func (w *world) scores() map[string][]geometry.Coordinate {
	half := len(w.neighborhood) / 2
	return map[string][]geometry.Coordinate{"blocks": w.neighborhood[:half+1], "whole": w.neighborhood[half:]}
}

// A total is what all voxel pairs of two fragments add up to.
type total struct{ sum, count float64 }

// expect goes through all voxel pairs, one by one. A pair counts where the block that is nearest to its first voxel reads
// both.
func (w *world) expect(t *rapid.T, grid geometry.Grid, labels []uint64, offsets []geometry.Coordinate) map[[2]int64]total {
	affs := w.affinities(t)
	all := map[[2]int64]total{}
	for i, u := range labels {
		p := w.at(i)
		block := grid.Writers(geometry.NewRoi(w.world(p).Max(grid.Total().Offset).Min(grid.Total().End().Sub(w.voxel)), w.voxel))
		reads := grid.AtPosition(block.Offset).ReadROI
		for _, o := range offsets {
			q := p.Add(o)
			if !geometry.NewRoi(geometry.Fill(len(p), 0), w.shape).ContainsPoint(q) || !reads.ContainsPoint(w.world(p)) || !reads.ContainsPoint(w.world(q)) {
				continue
			}
			v := labels[w.index(q)]
			if u == v || u == 0 || v == 0 {
				continue
			}
			c := slices.IndexFunc(w.neighborhood, o.Equal)
			key := [2]int64{int64(min(u, v)), int64(max(u, v))}
			all[key] = total{all[key].sum + affs[c*len(labels)+i], all[key].count + 1}
		}
	}
	return all
}

func (w *world) world(p geometry.Coordinate) geometry.Coordinate { return p.Mul(w.voxel).Add(w.offset) }

func (w *world) index(p geometry.Coordinate) (i int) {
	for d, x := range p {
		i = i*w.shape[d] + x
	}
	return i
}

// affinities returns the world's affinities in 0 to 1.
func (w *world) affinities(t *rapid.T) []float64 {
	a := readArray(t, w.path("affs"))
	out := make([]float64, a.Len())
	for i := range out {
		if a.DType() == nd.Uint8 {
			out[i] = float64(nd.Values[uint8](a)[i]) / 255
		} else {
			out[i] = float64(nd.Values[float32](a)[i])
		}
	}
	return out
}

// shuffled processes the blocks in any order, some of them several times.
func shuffled(t *rapid.T, w *world, stage stages.Stage, env *stages.Env) {
	t.Helper()
	p, err := stage.Open(context.Background(), env)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	order := w.rng.Perm(int(env.Plan.Grid.Len()))
	order = append(order, order[:w.rng.IntN(len(order)+1)]...)
	for _, i := range append(order[len(order)/2:], order...) {
		if _, err := p.Process(context.Background(), env.Plan.Grid.At(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForeignFragments scores labels that cross the blocks, in any region and with any context, and demands what all
// voxel pairs add up to. An edge is there when its first fragment's node lies in the region.
func TestForeignFragments(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		labels, nodes := w.foreign(t)
		task := w.agglom("blocks", w.block)
		task.Scores = w.scores()
		if rapid.Bool().Draw(t, "own context") {
			task.Context = rapid.SliceOfN(rapid.IntRange(0, 4), len(w.shape), len(w.shape)).Draw(t, "context")
		}
		if rapid.Bool().Draw(t, "region") {
			task.Shared.Grid = stages.GridROI
			task.Shared.VoxelROI = w.drawRegion(t)
		}
		s := newSerial(t, w.dir)
		env := s.prepare(task)
		shuffled(t, w, task, env)
		s.close()
		for key, nodeAt := range nodes {
			if !env.Plan.Grid.Total().ContainsPoint(nodeAt) {
				delete(nodes, key)
			}
		}
		_, edges := readGraph(t, w.path("db.sqlite")) // blocks, blocks__size, distance, whole, whole__size
		for at, name := range map[int]string{0: "blocks", 3: "whole"} {
			want := w.expect(t, env.Plan.Grid, labels, task.Scores[name])
			for key := range want {
				if _, ok := nodes[uint64(key[0])]; !ok {
					delete(want, key)
				}
			}
			compareTotals(t, name, edges, at, want)
		}
	})
}

func (w *world) drawRegion(t *rapid.T) *geometry.Roi {
	offset, shape := geometry.Fill(len(w.shape), 0), geometry.Fill(len(w.shape), 0)
	for d, n := range w.shape {
		offset[d] = rapid.IntRange(0, n-1).Draw(t, "region offset")
		shape[d] = rapid.IntRange(1, n-offset[d]).Draw(t, "region shape")
	}
	roi := geometry.NewRoi(offset, shape)
	return &roi
}

func compareTotals(t *rapid.T, name string, edges []graph.Edge, at int, want map[[2]int64]total) {
	t.Helper()
	scored := 0
	for _, e := range edges {
		if graph.IsAbsent(e.Values[at]) && graph.IsAbsent(e.Values[at+1]) {
			continue
		}
		scored++
		w := want[[2]int64{e.U, e.V}]
		if !closeMeans(e.Values[at:at+2], []float64{w.sum / w.count, w.count}, 1e-12) {
			t.Fatalf("%s of edge %d, %d: %v, want %v over %v", name, e.U, e.V, e.Values[at:at+2], w.sum/w.count, w.count)
		}
	}
	if scored != len(want) {
		t.Fatalf("%s: %d edges, want %d", name, scored, len(want))
	}
}

// closeMeans demands equal counts, and means that differ by the order of their sums at most.
func closeMeans(a, b []float64, tolerance float64) bool {
	return sameValues(a[1:], b[1:]) && math.Abs(a[0]-b[0]) <= tolerance*math.Max(1, math.Abs(b[0])) || sameValues(a, b)
}

// TestAnyBlocksAreWhole makes fragments on one grid and scores them on their own and on another: the other's means are
// the same, bit for bit where affinities are bytes.
func TestAnyBlocksAreWhole(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		tolerance := 1e-12
		if readArray(t, w.path("affs")).DType() == nd.Uint8 {
			tolerance = 0
		}
		s := newSerial(t, w.dir)
		s.run(w.extract(w.shape, geometry.Fill(len(w.shape), 0)))
		s.run(w.agglom("whole", w.shape))
		task := w.agglom("blocks", w.block)
		env := s.prepare(task)
		if len(env.Plan.Warnings) > 0 {
			t.Fatalf("warned: %v", env.Plan.Warnings)
		}
		shuffled(t, w, task, env)
		s.close()
		_, edges := readGraph(t, w.path("db.sqlite"))
		for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
			if !closeMeans(e.Values[:2], e.Values[3:], tolerance) {
				t.Fatalf("edge %d, %d: %v by blocks, %v of the whole", e.U, e.V, e.Values[:2], e.Values[3:])
			}
		}
	})
}

// TestBlocksGoOnAsBegun processes half of the blocks in a pipeline that makes the fragments and half in one that finds
// them on disk, which knows nothing of their blocks.
func TestBlocksGoOnAsBegun(t *testing.T) {
	for _, first := range []string{"made", "found"} {
		w := smallWorld(t)
		made, found := newSerial(t, w.dir), newSerial(t, w.dir)
		made.run(w.extract(w.block, c(1, 1)))
		made.run(w.agglom("whole", w.block))
		order := []*serial{made, found}
		if first == "found" {
			slices.Reverse(order)
		}
		for half, s := range order {
			s.close()
			task := w.agglom("blocks", w.block)
			env := s.prepare(task)
			p, err := task.Open(context.Background(), env)
			if err != nil {
				t.Fatal(err)
			}
			for i := int64(half); i < env.Plan.Grid.Len(); i += 2 {
				if _, err := p.Process(context.Background(), env.Plan.Grid.At(i)); err != nil {
					t.Fatal(err)
				}
			}
			p.Close()
			s.close()
		}
		_, edges := readGraph(t, w.path("db.sqlite"))
		for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
			if !closeMeans(e.Values[:2], e.Values[3:], 1e-12) {
				t.Fatalf("first %s: edge %d, %d: %v by blocks, %v of the whole", first, e.U, e.V, e.Values[:2], e.Values[3:])
			}
		}
	}
}

// TestRegionsOfOtherBlocks processes a region's blocks alone: the edges of its fragments are what they will be in the
// whole.
func TestRegionsOfOtherBlocks(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		s := newSerial(t, w.dir)
		frags := s.run(w.extract(w.block, geometry.Fill(len(w.shape), 0)))
		s.run(w.agglom("whole", w.block))
		block := rapid.SliceOfN(rapid.IntRange(2, 5), len(w.shape), len(w.shape)).Draw(t, "other block")
		task := w.agglom("blocks", block)
		home := frags.Plan.Grid.At(rapid.Int64Range(0, frags.Plan.Grid.Len()-1).Draw(t, "region")).WriteROI
		task.Shared.ROI = &home
		env := s.prepare(task)
		p, err := task.Open(context.Background(), env)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for i := range env.Plan.Grid.Len() {
			if b := env.Plan.Grid.At(i); env.Plan.Region.Contains(b.WriteROI) {
				if _, err := p.Process(context.Background(), b); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.close()
		nodes, edges := readGraph(t, w.path("db.sqlite"))
		inside := map[int64]bool{}
		for _, n := range nodes {
			inside[n.ID] = home.ContainsPoint(n.Position)
		}
		for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
			if inside[e.U] && !closeMeans(e.Values[:2], e.Values[3:], 1e-12) {
				t.Fatalf("edge %d, %d: %v in the region, %v in the whole", e.U, e.V, e.Values[:2], e.Values[3:])
			}
		}
	})
}
