package stages_test

import (
	"context"
	"log/slog"
	"testing"

	"volara/graph"
	"volara/stages"
	"volara/zarr"
)

// runSerially plans, initialises and processes stages one after the other, block by block: what the engine must equal.
func runSerially(t *testing.T, list ...stages.Stage) {
	t.Helper()
	ctx := context.Background()
	specs := stages.NewSpecs()
	schemas := map[string]graph.Schema{}
	graphs := stages.NewGraphs(schemas)
	t.Cleanup(func() {
		if err := graphs.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, s := range list {
		b := &stages.Binder{Base: t.TempDir()}
		s.Bind(b)
		if len(b.Errs) > 0 {
			t.Fatalf("%s: %v", s.DefaultName(), b.Errs)
		}
		plan, err := s.Plan(ctx, specs)
		if err != nil {
			t.Fatalf("%s: %v", s.DefaultName(), err)
		}
		for _, a := range plan.Arrays {
			specs.AddArray(a)
		}
		for _, db := range b.DBs {
			for _, g := range plan.Graphs {
				schemas[db.Path] = g.Schema
				specs.AddGraph(db.Path, g)
			}
		}
		for _, u := range b.Uses {
			if u.Write && u.Resource.Kind == stages.KindLUT {
				specs.AddLUT(u.Resource.ID)
			}
		}
		env := &stages.Env{Logger: slog.New(slog.DiscardHandler), Task: s.DefaultName(), Generation: "g1", Plan: plan,
			Marker: stages.Marker{Generation: "g1"}, Cache: zarr.NewCache(64 << 20), Graphs: graphs}
		if err := s.Init(ctx, env); err != nil {
			t.Fatalf("%s: init: %v", s.DefaultName(), err)
		}
		processAll(t, s, env)
	}
}

func processAll(t *testing.T, s stages.Stage, env *stages.Env) {
	t.Helper()
	p, err := s.Open(context.Background(), env)
	if err != nil {
		t.Fatalf("%s: open: %v", s.DefaultName(), err)
	}
	defer p.Close()
	for i := range env.Plan.Grid.Len() {
		if _, err := p.Process(context.Background(), env.Plan.Grid.At(i)); err != nil {
			t.Fatalf("%s: block %d: %v", s.DefaultName(), i, err)
		}
	}
}
