package main

import (
	"context"
	"fmt"
	"os"

	"volara/console"
	"volara/pipeline"
)

type blocksExportCmd struct {
	Files []string `arg:"" name:"file" help:"Pipeline file (YAML or JSON), or several files with one task each; last, the path to write: an array, or, for all of several tasks, a folder of TASK-meta/blocks_done.zarr, as Volara has it." type:"path"`
	Task  string   `help:"Only this task." placeholder:"TASK"`
	State string   `help:"State directory; default .volara beside the pipeline file." type:"path" placeholder:"DIR"`
	serverArgs
}

// Run is called by kong.
func (c *blocksExportCmd) Run(ctx context.Context) error {
	last := len(c.Files) - 1
	if last < 1 {
		return &pipeline.InputError{Err: fmt.Errorf("a pipeline file and the path to write are needed: volara blocks export PIPELINE OUT.zarr")}
	}
	args := pipelineArgs{Files: c.Files[:last], State: c.State}
	p, err := args.load()
	if err != nil {
		return err
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	exported, err := pipeline.ExportMarks(ctx, p, pipeline.ExportOptions{Server: c.server(args.State), Task: c.Task, Path: c.Files[last], Logger: logs.Logger()})
	for _, e := range exported {
		fmt.Printf("wrote %s: %s of %s done\n", e.Path, console.Count(e.Done), console.Plural(e.Blocks, "block"))
	}
	if err == nil && len(exported) == 0 {
		err = &pipeline.InputError{Err: fmt.Errorf("nothing is recorded of run %s as it is configured now", p.Name)}
	}
	return err
}
