package stages_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"volara/demo"
	"volara/geometry"
	"volara/graph"
	"volara/stages"
	"volara/zarr"
)

// BenchmarkExtractFrags processes one inner block of 64³ voxels with context 16 of the demo's volume.
func BenchmarkExtractFrags(b *testing.B) {
	ctx := context.Background()
	o := demo.DefaultOptions(128, 1)
	o.Shape = []int{128, 128, 128}
	files, err := demo.Write(ctx, b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	s := &stages.ExtractFrags{DB: stages.DB{Path: filepath.Join(dir, "db.sqlite")}, AffsData: stages.Dataset{Store: files.Affs},
		FragsData: stages.Dataset{Store: filepath.Join(dir, "frags")}, BlockSize: geometry.Fill(3, 64), Context: geometry.Fill(3, 16),
		Bias: []float64{-0.4, -0.4, -0.4, -0.7, -0.7, -0.7, -0.7, -0.7, -0.7}}
	binder := &stages.Binder{Base: dir}
	s.Bind(binder)
	plan, err := s.Plan(ctx, stages.NewSpecs())
	if err != nil || len(binder.Errs) > 0 {
		b.Fatal(err, binder.Errs)
	}
	graphs := stages.NewGraphs(map[string]graph.Schema{s.DB.Path: plan.Graphs["db"].Schema})
	defer graphs.Close()
	env := &stages.Env{Logger: slog.New(slog.DiscardHandler), Task: "t", Generation: "g", Plan: plan, Cache: zarr.NewCache(128 << 20), Graphs: graphs}
	if err := s.Init(ctx, env); err != nil {
		b.Fatal(err)
	}
	p, err := s.Open(ctx, env)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var sum stages.Timings
	b.ReportAllocs()
	for b.Loop() {
		t, err := p.Process(ctx, plan.Grid.At(plan.Grid.Len()-1))
		if err != nil {
			b.Fatal(err)
		}
		sum.Read, sum.Compute, sum.Write = sum.Read+t.Read, sum.Compute+t.Compute, sum.Write+t.Write
	}
	b.ReportMetric(float64(sum.Read.Milliseconds())/float64(b.N), "read-ms/op")
	b.ReportMetric(float64(sum.Compute.Milliseconds())/float64(b.N), "compute-ms/op")
	b.ReportMetric(float64(sum.Write.Milliseconds())/float64(b.N), "write-ms/op")
}
