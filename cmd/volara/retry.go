package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"volara/console"
	"volara/embedded"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

type retryCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Pipeline file, or task files; their run is meant. Without: the run that is being worked on, or the only one." type:"path"`
	State string   `help:"State directory; default .volara beside the pipeline file, or here." type:"path" placeholder:"DIR"`
	Name  string   `name:"run" help:"Name of the run." placeholder:"NAME"`
	serverArgs
	Task  []string `help:"Only blocks of this task (may be repeated)." placeholder:"TASK"`
	Block []int64  `help:"Only this failed block of the one task (may be repeated); volara failed lists them." placeholder:"N"`
	ROI   string   `name:"roi" help:"Not what has failed, but all blocks that write into this region (world units, snapped outward to whole blocks), with those downstream that wait for them; of a run that is not being worked on." placeholder:"Z0:Z1,Y0:Y1,X0:X1"`
}

// Run is called by kong.
func (c *retryCmd) Run(ctx context.Context) error {
	if c.ROI != "" {
		return c.region(ctx)
	}
	run := runArgs{State: c.State, Run: c.Name}
	if len(c.Files) > 0 {
		run.File = c.Files[0]
	}
	control, err := run.control(&c.serverArgs)
	var blocks map[string]int64
	if err == nil {
		blocks, err = control.Retry(ctx, stream.RetryRequest{Tasks: c.Task, Blocks: c.Block})
	}
	if errors.Is(err, pipeline.ErrNotRunning) {
		return c.later(&run)
	}
	if err != nil {
		return err
	}
	if len(blocks) == 0 {
		fmt.Println("no block has failed")
	}
	for _, task := range slices.Sorted(maps.Keys(blocks)) {
		fmt.Printf("%s of %s to be tried again now\n", console.Plural(blocks[task], "failed block"), task)
	}
	return nil
}

// later says what the next up is going to try again by itself.
func (c *retryCmd) later(run *runArgs) error {
	dir, err := run.dir()
	if err != nil {
		return err
	}
	s, err := pipeline.ReadStatus(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &pipeline.InputError{Err: errors.New(pipeline.Unrecorded(dir))}
	}
	if err != nil {
		return err
	}
	blocks, err := pipeline.FailedOf(s, stream.RetryRequest{Tasks: c.Task, Blocks: c.Block})
	if err != nil {
		return err
	}
	if blocks == 0 {
		fmt.Println("no block has failed")
		return nil
	}
	fmt.Printf("%s: the run is not being worked on, and the next volara up tries all that have failed again by itself\n",
		console.Plural(blocks, "failed block"))
	return nil
}

// region reopens the blocks of a region.
func (c *retryCmd) region(ctx context.Context) error {
	roi, err := parseROI(c.ROI)
	switch {
	case err != nil:
		return &pipeline.InputError{Err: fmt.Errorf("--roi %s: %w", c.ROI, err)}
	case len(c.Block) > 0:
		return &pipeline.InputError{Err: errors.New("--block names failed blocks, --roi all of a region: give one of them")}
	case len(c.Files) == 0:
		return &pipeline.InputError{Err: errors.New("--roi needs the pipeline file, which says where blocks lie")}
	}
	p, err := pipeline.Load(stages.Builtin(), c.Files...)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	if c.Name != "" && c.Name != p.Name {
		return &pipeline.InputError{Err: fmt.Errorf("--run %s: the run of the pipeline file is %s", c.Name, p.Name)}
	}
	if c.State == "" {
		c.State = p.StateDir()
	}
	if _, err := os.Stat(pipeline.RunDir(c.State, p.Name)); err != nil && c.NATS == "" {
		return &pipeline.InputError{Err: fmt.Errorf("no run is named %s in %s; volara runs --state %s lists them", p.Name, c.State, c.State)}
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	blocks, err := pipeline.RetryRegion(ctx, p, pipeline.RetryOptions{Server: c.server(c.State), ROI: roi, Tasks: c.Task, Logger: logs.Logger()})
	if _, held := errors.AsType[*embedded.HeldError](err); held {
		return &pipeline.InputError{Err: fmt.Errorf("%w; blocks that are done are reopened while nobody works on the run: volara cancel, then retry, then up", err)}
	}
	if err != nil {
		return err
	}
	if len(blocks) == 0 {
		fmt.Println("no block of the region is done; volara up does it")
	}
	for _, task := range p.Names() {
		if n := blocks[task]; n > 0 {
			fmt.Printf("%s of %s to be done again by volara up\n", console.Plural(n, "block"), task)
		}
	}
	return nil
}
