package stages_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"volara/config"
	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
	"volara/nd"
	"volara/stages"
)

// smallWorld is a fixed 2D volume of random float32 affinities.
func smallWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), shape: c(11, 13), voxel: c(4, 3), offset: c(-8, 30), block: c(5, 6),
		neighborhood: []geometry.Coordinate{c(1, 0), c(0, 1), c(0, -3)}, rng: rand.New(rand.NewPCG(1, 2))}
	w.write(t, "affs", w.affinityData(false), []int{3, 4, 5})
	return w
}

// failure processes blocks until one fails.
func (s *serial) failure(stage stages.Stage) error {
	s.t.Helper()
	env := s.prepare(stage)
	p, err := stage.Open(context.Background(), env)
	if err != nil {
		s.t.Fatal(err)
	}
	defer p.Close()
	for i := range env.Plan.Grid.Len() {
		if _, err := p.Process(context.Background(), env.Plan.Grid.At(i)); err != nil {
			return err
		}
	}
	s.t.Fatalf("%s: no block failed", stage.DefaultName())
	return nil
}

// TestNoiseFollowsTheSeed demands the same fragments of the same seed, and others of another.
func TestNoiseFollowsTheSeed(t *testing.T) {
	run := func(seed uint64, eps float64) []uint64 {
		w := smallWorld(t)
		task := w.extract(w.block, c(2, 2))
		task.Shared.Seed, task.NoiseEps = seed, &eps
		newSerial(t, w.dir).run(task)
		return readLabels(t, w.path("frags"))
	}
	one := run(1, 0.3)
	if !slices.Equal(one, run(1, 0.3)) {
		t.Error("one seed gives two results")
	}
	if slices.Equal(one, run(2, 0.3)) || slices.Equal(one, run(1, 0.5)) {
		t.Error("seed or amplitude of the noise makes no difference")
	}
	if !slices.Equal(run(1, 0), run(2, 0)) {
		t.Error("noise of amplitude 0 makes a difference")
	}
}

func TestRandomStridesFollowTheSeed(t *testing.T) {
	run := func(seed uint64) []uint64 {
		w := smallWorld(t)
		task := w.extract(w.block, c(2, 2))
		task.Shared.Seed, task.RandomizedStrides, task.Strides = seed, true, slices.Repeat([]geometry.Coordinate{c(2, 2)}, 3)
		newSerial(t, w.dir).run(task)
		return readLabels(t, w.path("frags"))
	}
	if !slices.Equal(run(3), run(3)) || slices.Equal(run(3), run(4)) {
		t.Error("strides do not follow the seed")
	}
}

// TestNaNAffinities demands a permanent error that names channel and voxel, whatever the float type.
func TestNaNAffinities(t *testing.T) {
	for _, dtype := range []nd.DType{nd.Float16, nd.Float32, nd.Float64} {
		w := smallWorld(t)
		a := nd.New(dtype, 3, 11, 13)
		at := (2*11+7)*13 + 9 // channel 2, voxel (7, 9)
		switch dtype {
		case nd.Float16:
			nd.Values[uint16](a)[at] = 0x7e00
		case nd.Float32:
			nd.Values[float32](a)[at] = float32(math.NaN())
		case nd.Float64:
			nd.Values[float64](a)[at] = math.NaN()
		}
		w.write(t, "nan", a, []int{1, 11, 13})
		task := w.extract(w.block, c(1, 1))
		task.AffsData.Store = w.path("nan")
		err := newSerial(t, w.dir).failure(task)
		if !fault.IsPermanent(err) || !strings.Contains(err.Error(), "channel 2, voxel (7, 9)") {
			t.Errorf("%v: %v", dtype, err)
		}
	}
}

// TestNaNBetweenFragments: a mean that is no number would be taken for an edge without the score.
func TestNaNBetweenFragments(t *testing.T) {
	w := smallWorld(t)
	s := newSerial(t, w.dir)
	s.run(w.extract(w.block, c(1, 1)))
	a := w.affinityData(false)
	for i := range 11 * 13 {
		nd.Values[float32](a)[i] = float32(math.NaN())
	}
	w.write(t, "nan", a, []int{3, 11, 13})
	task := w.agglom("blocks", w.block)
	task.AffsData.Store = w.path("nan")
	if err := s.failure(task); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("%v", err)
	}
}

func TestNegativeLabels(t *testing.T) {
	w := smallWorld(t)
	labels := nd.New(nd.Int32, w.shape...)
	nd.Values[int32](labels)[50] = -4
	writeArray(t, w.path("frags"), labels, w.block, w.voxel, w.offset, nil)
	writeLUT(t, w.path("lut.npz"), nil)
	if err := newSerial(t, w.dir).failure(w.relabel("segs", w.block)); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "-4") {
		t.Errorf("%v", err)
	}
}

// TestTiesBetweenScores: equal scores are taken in the order of the weights, then of the ids.
func TestTiesBetweenScores(t *testing.T) {
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			s := newSerial(t, t.TempDir())
			n, float := 2, stages.AttrType{Name: "float"}
			db := stages.DB{Path: filepath.Join(s.base, "db.sqlite"), Dims: &n, EdgeAttrs: map[string]stages.AttrType{"a": float, "b": float}}
			// a joins 1-2 and 2-3, b parts 1-3, all with the same strength: whoever comes first decides.
			writeGraph(t, &db, []graph.Edge{{U: 1, V: 2, Values: []float64{0.5, graph.Absent}},
				{U: 2, V: 3, Values: []float64{0.5, graph.Absent}}, {U: 1, V: 3, Values: []float64{graph.Absent, -0.5}}})
			task := &stages.GraphMWS{DB: db, LUT: stages.LUT{Path: "lut"}}
			task.Shared.TaskType = "graph-mws"
			for _, attr := range order {
				task.Weights = append(task.Weights, stages.Weight{Attr: attr, Factor: 1})
			}
			s.run(task)
			lut, err := graph.ReadLUT(task.LUT.Path)
			if err != nil {
				t.Fatal(err)
			}
			want := []int64{1, 1, 1}
			if order[0] == "b" {
				want = []int64{1, 1, 3}
			}
			if !slices.Equal(lut.Fragments, []int64{1, 2, 3}) || !slices.Equal(lut.Segments, want) {
				t.Errorf("%v become %v, want %v", lut.Fragments, lut.Segments, want)
			}
		})
	}
}

// writeGraph makes a database with nodes 1 to 3 in a row, and the edges.
func writeGraph(t *testing.T, db *stages.DB, edges []graph.Edge) {
	t.Helper()
	ctx, w := context.Background(), graph.Writer{Task: "made by hand", Generation: "g"}
	schema, err := db.Schema()
	if err != nil {
		t.Fatal(err)
	}
	g, err := sqlite.Open(ctx, db.Path, schema, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var nodes []graph.Node
	for id := range 3 {
		nodes = append(nodes, graph.Node{ID: int64(id) + 1, Position: c(10*id, 0), Size: 1})
	}
	if err := g.SetGeneration(ctx, w.Task, w.Generation); err != nil {
		t.Fatal(err)
	}
	if err := g.WriteNodes(ctx, w, graph.IDRange{From: 1, To: 4}, nil, nodes); err != nil {
		t.Fatal(err)
	}
	if err := g.WriteEdges(ctx, w, []string{"a", "b"}, edges); err != nil {
		t.Fatal(err)
	}
}

func TestInfiniteScoresAreRefused(t *testing.T) {
	s := newSerial(t, t.TempDir())
	n, float := 2, stages.AttrType{Name: "float"}
	db := stages.DB{Path: filepath.Join(s.base, "db.sqlite"), Dims: &n, EdgeAttrs: map[string]stages.AttrType{"a": float, "b": float}}
	writeGraph(t, &db, []graph.Edge{{U: 1, V: 2, Values: []float64{1e300, 0}}})
	task := &stages.GraphMWS{DB: db, LUT: stages.LUT{Path: "lut"}, Weights: stages.Weights{{Attr: "a", Factor: 1e300}}}
	task.Shared.TaskType = "graph-mws"
	if err := s.failure(task); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "edge 1, 2") {
		t.Errorf("%v", err)
	}
}

func TestNoop(t *testing.T) {
	task := planNoop()
	task.FailRate, task.Shared.Seed = 0.5, 3
	failures := func() (blocks []int64) {
		p, err := task.Open(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for i := range int64(60) {
			if _, err := p.Process(context.Background(), geometry.Block{Index: i}); err != nil {
				blocks = append(blocks, i)
			}
		}
		return blocks
	}
	first := failures()
	if len(first) < 15 || len(first) > 45 || !slices.Equal(first, failures()) {
		t.Errorf("blocks %v failed", first)
	}
	task.FailRate, task.Duration = 0, config.Duration(time.Hour)
	p, err := task.Open(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Process(ctx, geometry.Block{}); err != context.Canceled {
		t.Errorf("a cancelled block: %v", err)
	}
}

// What a no-op block holds is what it was predicted to.
func TestNoopHoldsMemory(t *testing.T) {
	task := planNoop()
	task.Bytes, task.Duration = 64<<20, config.Duration(time.Hour)
	plan, err := task.Plan(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plan.BlockMemory != task.Bytes {
		t.Errorf("predicted memory %d, not %d", plan.BlockMemory, task.Bytes)
	}
	p, err := task.Open(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := p.Process(ctx, geometry.Block{})
		ended <- err
	}()
	for deadline := time.Now().Add(10 * time.Second); heapInUse() < task.Bytes; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("the heap is of %d bytes", heapInUse())
			break
		}
	}
	cancel()
	<-ended
}

func heapInUse() int64 {
	runtime.GC() // what is not held goes
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
