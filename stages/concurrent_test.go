package stages_test

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"volara/geometry"
	"volara/stages"
)

// TestConcurrentBlocks lets eight goroutines share one processor, blocks in any order: the outputs are those of one.
func TestConcurrentBlocks(t *testing.T) {
	run := func(process func(*serial, stages.Stage, *stages.Env)) *world {
		w := smallWorld(t)
		s := newSerial(t, w.dir)
		extract, relabel := w.extract(c(2, 3), c(2, 2)), w.relabel("segs", c(3, 2))
		extract.Strides = slices.Repeat([]geometry.Coordinate{c(2, 1)}, 3)
		extract.RandomizedStrides, extract.NoiseEps = true, ptr(0.1)
		for _, stage := range []stages.Stage{extract, w.agglom("blocks", c(2, 3)), w.agglom("whole", c(4, 4))} {
			process(s, stage, s.prepare(stage))
		}
		writeLUT(t, w.path("lut.npz"), map[uint64]uint64{1: 7, 2: 7, 8: 9})
		process(s, relabel, s.prepare(relabel))
		return w
	}
	one := run((*serial).process)
	eight := run(func(s *serial, stage stages.Stage, env *stages.Env) {
		p, err := stage.Open(context.Background(), env)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var g errgroup.Group
		g.SetLimit(8)
		for i := env.Plan.Grid.Len() - 1; i >= 0; i-- {
			g.Go(func() error {
				_, err := p.Process(context.Background(), env.Plan.Grid.At(i))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatalf("%s: %v", stage.DefaultName(), err)
		}
	})
	for _, name := range []string{"frags", "segs"} {
		if !slices.Equal(readLabels(t, one.path(name)), readLabels(t, eight.path(name))) {
			t.Errorf("%s differ", name)
		}
	}
	nodes, edges := readGraph(t, one.path("db.sqlite"))
	others, otherEdges := readGraph(t, eight.path("db.sqlite"))
	if len(edges) == 0 || !slices.EqualFunc(nodes, others, sameNode) || !slices.EqualFunc(sorted(edges), sorted(otherEdges), sameEdge) {
		t.Error("the graphs differ")
	}
}
