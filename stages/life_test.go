package stages_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/stages"
	"volara/zarr"
)

// chain is a whole small pipeline that has run.
type chain struct {
	*serial
	w       *world
	extract *stages.ExtractFrags
	agglom  *stages.AffAgglom
	mws     *stages.GraphMWS
	relabel *stages.Relabel
	envs    map[stages.Stage]*stages.Env
}

func runChain(t *testing.T) *chain {
	t.Helper()
	w := smallWorld(t)
	k := &chain{serial: newSerial(t, w.dir), w: w, extract: w.extract(w.block, c(1, 1)), agglom: w.agglom("blocks", w.block),
		relabel: w.relabel("segs", w.block), envs: map[stages.Stage]*stages.Env{}}
	k.mws = &stages.GraphMWS{DB: w.db(), LUT: stages.LUT{Path: w.path("lut.npz")}, Weights: stages.Weights{{Attr: "blocks", Factor: 1, Bias: -0.5}}}
	k.mws.Shared.TaskType = "graph-mws"
	for _, s := range []stages.Stage{k.extract, k.agglom, k.mws, k.relabel} {
		k.envs[s] = k.run(s)
	}
	return k
}

func (k *chain) drop(t *testing.T, s stages.Stage) {
	t.Helper()
	for range 2 { // what is gone already is no error
		if err := s.Drop(context.Background(), k.envs[s]); err != nil {
			t.Fatalf("drop %s: %v", s.DefaultName(), err)
		}
	}
}

// TestDropLeavesOthersAlone drops one task after the other, the last first.
func TestDropLeavesOthersAlone(t *testing.T) {
	k := runChain(t)
	nodes, edges := readGraph(t, k.w.path("db.sqlite"))
	if len(nodes) == 0 || len(edges) == 0 {
		t.Fatal("nothing to drop")
	}
	k.drop(t, k.relabel)
	if exists(k.w.path("segs")) || !exists(k.w.path("frags")) || !exists(k.w.path("lut.npz")) {
		t.Error("relabel made the segments, and nothing else")
	}
	k.drop(t, k.mws)
	if exists(k.w.path("lut.npz")) {
		t.Error("the table is still there")
	}
	k.drop(t, k.agglom)
	nodesLeft, edgesLeft := readGraph(t, k.w.path("db.sqlite"))
	if len(edgesLeft) != 0 || !slices.EqualFunc(nodes, nodesLeft, sameNode) {
		t.Errorf("%d edges and %d of %d nodes are left", len(edgesLeft), len(nodesLeft), len(nodes))
	}
	k.drop(t, k.extract)
	if exists(k.w.path("frags")) || exists(k.w.path("db.sqlite")) {
		t.Error("fragments or an empty graph are left")
	}
	if !exists(k.w.path("affs")) {
		t.Error("an input was dropped")
	}
}

// TestOneScoreIsDropped leaves the other score's edges.
func TestOneScoreIsDropped(t *testing.T) {
	k := runChain(t)
	other := k.w.agglom("whole", k.w.shape)
	other.Shared.TaskType = "aff-agglom-2" // a name of its own
	env := k.prepare(other)
	k.process(other, env)
	k.drop(t, k.agglom)
	_, edges := readGraph(t, k.w.path("db.sqlite"))
	if len(edges) == 0 {
		t.Fatal("all edges are gone")
	}
	for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
		if !graph.IsAbsent(e.Values[0]) || !graph.IsAbsent(e.Values[1]) || graph.IsAbsent(e.Values[3]) {
			t.Fatalf("edge %+v", e)
		}
	}
}

// TestLateWritersAreRefused: a block that finishes after its task was dropped changes nothing.
func TestLateWritersAreRefused(t *testing.T) {
	k := runChain(t)
	p, err := k.agglom.Open(context.Background(), k.envs[k.agglom])
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	k.drop(t, k.agglom)
	_, err = p.Process(context.Background(), k.envs[k.agglom].Plan.Grid.At(0))
	if !errors.Is(err, graph.ErrStaleGeneration) || !fault.IsPermanent(err) {
		t.Errorf("%v", err)
	}
}

// TestNewGenerationVoidsTheOld initialises a task anew over what it made before; again is no change.
func TestNewGenerationVoidsTheOld(t *testing.T) {
	k := runChain(t)
	ctx := context.Background()
	env := *k.envs[k.extract]
	env.Generation, env.Marker.Generation = "g2", "g2"
	if err := k.extract.Init(ctx, &env); err != nil {
		t.Fatal(err)
	}
	if nodes, _ := readGraph(t, k.w.path("db.sqlite")); len(nodes) != 0 {
		t.Errorf("%d nodes of the old generation", len(nodes))
	}
	k.process(k.extract, &env)
	nodes, _ := readGraph(t, k.w.path("db.sqlite"))
	if err := k.extract.Init(ctx, &env); err != nil {
		t.Fatal(err)
	}
	again, _ := readGraph(t, k.w.path("db.sqlite"))
	if len(nodes) == 0 || !slices.EqualFunc(nodes, again, sameNode) {
		t.Errorf("%d nodes, then %d", len(nodes), len(again))
	}
	marker, spec, err := stages.OutputMarker(ctx, stages.LocalPlace(k.w.path("frags")))
	if err != nil || marker == nil || marker.Generation != "g2" || !spec.Offset.Equal(k.w.offset) {
		t.Errorf("marker %+v of %+v: %v", marker, spec, err)
	}
	k.close()
	if g, err := stages.GraphGeneration(ctx, k.w.path("db.sqlite"), k.extract.DefaultName()); err != nil || g != stages.GraphName("", "g2") {
		t.Errorf("generation %q: %v", g, err)
	}
}

func TestMarkersOfOthers(t *testing.T) {
	w := smallWorld(t)
	if marker, _, err := stages.OutputMarker(context.Background(), stages.LocalPlace(w.path("affs"))); marker != nil || err != nil {
		t.Errorf("%+v, %v", marker, err)
	}
	if _, _, err := stages.OutputMarker(context.Background(), stages.LocalPlace(w.path("nowhere"))); !errors.Is(err, zarr.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestInputsAreFoundOnDisk plans later tasks without the earlier ones: what they made is read instead.
func TestInputsAreFoundOnDisk(t *testing.T) {
	k := runChain(t)
	k.close()
	agglom, mws := k.w.agglom("whole", k.w.block), *k.mws
	s := newSerial(t, k.w.dir)
	env := s.run(agglom)
	if len(env.Plan.Warnings) > 0 {
		t.Errorf("warnings %q", env.Plan.Warnings)
	}
	_, edges := readGraph(t, k.w.path("db.sqlite"))
	for _, e := range edges { // nobody knows any more whose blocks made the fragments: sums and counts are combined
		if !closeMeans(e.Values[:2], e.Values[3:], 1e-12) {
			t.Fatalf("edge %+v", e)
		}
	}
	if err := os.Remove(k.w.path("lut.npz")); err != nil {
		t.Fatal(err)
	}
	if p := s.run(&mws).Plan; !p.Global || !exists(k.w.path("lut.npz")) || p.Grid.Len() != 1 {
		t.Errorf("%+v", p)
	}
}

// TestOverridesOfPlannedOutputs: a later task must not see an output elsewhere than its maker.
func TestOverridesOfPlannedOutputs(t *testing.T) {
	w := smallWorld(t)
	s := newSerial(t, w.dir)
	s.plan(w.extract(w.block, c(1, 1)))
	task := w.agglom("blocks", w.block)
	task.FragsData.Offset = geometry.Coordinate{0, 0}
	b := &stages.Binder{Base: w.dir}
	task.Bind(b)
	_, err := task.Plan(context.Background(), s.specs)
	var field *stages.FieldError
	if !errors.As(err, &field) || field.Field != "frags_data" || !strings.Contains(err.Error(), "(-8, 30)") {
		t.Errorf("%v", err)
	}
}

func TestLabelsOverlap(t *testing.T) {
	k := runChain(t)
	ctx := context.Background()
	frags, err := stages.OpenLabels(ctx, k.w.path("frags"))
	if err != nil {
		t.Fatal(err)
	}
	defer frags.Close()
	segs, err := stages.OpenLabels(ctx, k.w.path("segs"))
	if err != nil {
		t.Fatal(err)
	}
	defer segs.Close()
	if roi, err := frags.Overlap(segs); err != nil || !roi.Equal(frags.Spec.ROI()) {
		t.Errorf("%v, %v", roi, err)
	}
	if _, err := stages.OpenLabels(ctx, k.w.path("affs")); err == nil {
		t.Error("affinities are read as labels")
	}
	outside, err := frags.Read(ctx, geometry.NewRoi(c(-4000, 30), c(8, 6)))
	if err != nil || !slices.Equal(outside, make([]uint64, 4)) {
		t.Errorf("outside: %v, %v", outside, err)
	}
}
