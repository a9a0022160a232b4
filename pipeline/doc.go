// Package pipeline turns a pipeline file into a run: names and resources, the DAG, the plan, generations, and the
// joining of stages (what a task does) to stream (which block when). Files are read by config, screens drawn by console.
//
//	p, err := pipeline.Load(stages.Builtin(), "segment.yaml")
//	plan, err := p.Plan(ctx, pipeline.Selection{})
//	status, err := pipeline.Up(ctx, p, pipeline.UpOptions{Server: pipeline.Server{StateDir: p.StateDir()}})
package pipeline
