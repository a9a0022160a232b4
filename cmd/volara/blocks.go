package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"volara/blockmap"
	"volara/config"
	"volara/console"
	"volara/fault"
	"volara/graph"
	"volara/pipeline"
	"volara/stream"
)

// blocksCmd draws, unless it is told to export.
type blocksCmd struct {
	Draw   blocksDrawCmd   `cmd:"" default:"withargs" help:"Draw the blocks as a PNG (the default)."`
	Export blocksExportCmd `cmd:"" help:"Write which blocks are done as Volara keeps it: blocks_done.zarr, one voxel a block."`
}

type blocksDrawCmd struct {
	pipelineArgs
	Task []string `help:"Only this task (may be repeated)." placeholder:"TASK"`
	Out  string   `short:"o" help:"PNG file to write." default:"blocks.png" type:"path"`
}

// Run is called by kong.
func (c *blocksDrawCmd) Run(ctx context.Context) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	for _, name := range c.Task {
		if _, ok := p.Task(name); !ok {
			return &pipeline.InputError{Err: fmt.Errorf("no task is named %q; %s", name, config.Suggest(name, p.Names()))}
		}
	}
	dir := pipeline.RunDir(c.State, p.Name)
	if _, err := os.Stat(dir); err != nil {
		return &pipeline.InputError{Err: fmt.Errorf("run %s has not begun (nothing of it is in %s)", p.Name, c.State)}
	}
	plan, err := p.Plan(ctx, pipeline.Selection{})
	if err != nil {
		return err
	}
	maps, err := c.maps(ctx, plan, dir)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, func(f *os.File) error { return blockmap.Write(f, p.Name, maps...) }); err != nil {
		return err
	}
	_, err = fmt.Println("wrote", c.Out)
	return err
}

// writeFile replaces a file as a whole, so that none is left half written; a pipe or a device is written to as it is. A
// path that cannot be written is the user's mistake, a full disk is not.
func writeFile(path string, write func(*os.File) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return &pipeline.InputError{Err: err}
		}
		return errors.Join(write(file), file.Close())
	}
	err := graph.WriteFile(path, write)
	if err == nil || fault.IsEnvironment(err) {
		return err
	}
	return &pipeline.InputError{Err: err}
}

// maps returns what the events of the run tell of the tasks' blocks, and counts it on the terminal.
func (c *blocksDrawCmd) maps(ctx context.Context, plan *pipeline.Plan, dir string) ([]*blockmap.Map, error) {
	var maps []*blockmap.Map
	byTask := map[string]*blockmap.Map{}
	for _, t := range plan.Tasks {
		if len(c.Task) == 0 || slices.Contains(c.Task, t.Name) {
			byTask[t.Name] = blockmap.New(t.Name, t.Plan.Grid.Counts())
			maps = append(maps, byTask[t.Name])
		}
	}
	err := stream.ReadEvents(ctx, dir, false, func(e stream.Event) error {
		if m := byTask[e.Task]; m != nil {
			m.Take(e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if status, err := pipeline.ReadStatus(dir); err == nil && (status.State == stream.StateRunning || status.State == stream.StatePaused) {
		working, err := stream.InWork(dir)
		if err != nil {
			return nil, err
		}
		for name, m := range byTask {
			m.SetWorking(working[name])
		}
	}
	return maps, c.count(plan, byTask)
}

// count prints how many blocks of each task have which state.
func (c *blocksDrawCmd) count(plan *pipeline.Plan, byTask map[string]*blockmap.Map) error {
	table := console.NewTable("task", ">computed", ">masked", ">left out", ">waiting", ">in work", ">tried again", ">failed")
	for _, t := range plan.Tasks {
		m := byTask[t.Name]
		if m == nil {
			continue
		}
		m.LeaveOut(t.Skip)
		n := m.Tally()
		row := []string{t.Name}
		for _, s := range []blockmap.State{blockmap.Computed, blockmap.Masked, blockmap.LeftOut, blockmap.Waiting, blockmap.Working, blockmap.Tried, blockmap.Failed} {
			row = append(row, console.Count(n[s]))
		}
		table.Row(row...)
	}
	_, err := table.WriteTo(os.Stdout)
	return err
}
