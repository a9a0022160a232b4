package stages_test

import (
	"context"
	"log/slog"
	"testing"

	"pgregory.net/rapid"

	"volara/graph"
	"volara/stages"
	"volara/zarr"
)

// tb is what testing.T and rapid.T have in common.
type tb interface {
	rapid.TB
	Cleanup(func())
}

// A serial runs stages one after the other, block by block: what the engine must equal.
type serial struct {
	t       tb
	base    string // folder that relative paths start from
	specs   *stages.Specs
	schemas map[string]graph.Schema
	graphs  *stages.Graphs
}

func newSerial(t tb, base string) *serial {
	s := &serial{t: t, base: base, specs: stages.NewSpecs(), schemas: map[string]graph.Schema{}}
	s.graphs = stages.NewGraphs(s.schemas)
	t.Cleanup(s.close)
	return s
}

// close closes the graphs; files may be read by others then.
func (s *serial) close() {
	if err := s.graphs.Close(); err != nil {
		s.t.Error(err)
	}
}

// runSerially plans, initialises and processes stages.
func runSerially(t *testing.T, list ...stages.Stage) {
	t.Helper()
	s := newSerial(t, t.TempDir())
	for _, stage := range list {
		s.run(stage)
	}
}

// run does one stage from its binding to its last block.
func (s *serial) run(stage stages.Stage) *stages.Env {
	s.t.Helper()
	env := s.prepare(stage)
	s.process(stage, env)
	return env
}

// prepare binds, plans and initialises a stage.
func (s *serial) prepare(stage stages.Stage) *stages.Env {
	s.t.Helper()
	ctx := context.Background()
	plan := s.plan(stage)
	env := &stages.Env{Logger: slog.New(slog.DiscardHandler), Task: stage.DefaultName(), Generation: "g1", Plan: plan,
		Marker: stages.Marker{Generation: "g1"}, Cache: zarr.NewCache(64 << 20), Graphs: s.graphs}
	if err := stage.Init(ctx, env); err != nil {
		s.t.Fatalf("%s: init: %v", stage.DefaultName(), err)
	}
	return env
}

// plan binds and plans a stage and makes its outputs known to later ones.
func (s *serial) plan(stage stages.Stage) *stages.Plan {
	s.t.Helper()
	b := &stages.Binder{Base: s.base}
	stages.Bind(stage, b)
	if len(b.Errs) > 0 {
		s.t.Fatalf("%s: %v", stage.DefaultName(), b.Errs)
	}
	plan, err := stages.MakePlan(context.Background(), stage, s.specs)
	if err != nil {
		s.t.Fatalf("%s: %v", stage.DefaultName(), err)
	}
	for _, a := range plan.Arrays {
		s.specs.AddArray(a)
	}
	for _, db := range b.DBs {
		for _, g := range plan.Graphs {
			s.schemas[db.Path] = g.Schema
			s.specs.AddGraph(db.Path, g)
		}
	}
	for _, u := range b.Uses {
		if u.Write && u.Resource.Kind == stages.KindLUT {
			s.specs.AddLUT(u.Resource.ID)
		}
	}
	return plan
}

func (s *serial) process(stage stages.Stage, env *stages.Env) {
	s.t.Helper()
	w, err := stages.Open(context.Background(), stage, env)
	if err != nil {
		s.t.Fatalf("%s: open: %v", stage.DefaultName(), err)
	}
	defer w.Close()
	for i := range env.Plan.Grid.Len() {
		if _, err := w.Do(context.Background(), env.Plan.Grid.At(i)); err != nil {
			s.t.Fatalf("%s: block %d: %v", stage.DefaultName(), i, err)
		}
	}
}
