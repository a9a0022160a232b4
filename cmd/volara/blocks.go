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
	"volara/follow"
	"volara/graph"
	"volara/pipeline"
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
	serverArgs
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
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	b := follow.Tasks(p, c.server(c.State), c.chosen(plan), logs.Logger())
	defer b.Close() //nolint:errcheck // only read
	if err := tooManyBlocks(b, c.Task...); err != nil {
		return err
	}
	maps, err := seen(ctx, b)
	if err != nil {
		return err
	}
	if err := writeTallies(maps); err != nil {
		return err
	}
	if err := writeFile(c.Out, func(f *os.File) error { return blockmap.Write(f, p.Name, maps...) }); err != nil {
		return err
	}
	_, err = fmt.Println("wrote", c.Out)
	return err
}

// chosen returns the tasks that are meant.
func (c *blocksDrawCmd) chosen(plan *pipeline.Plan) []*pipeline.TaskPlan {
	var chosen []*pipeline.TaskPlan
	for _, t := range plan.Tasks {
		if len(c.Task) == 0 || slices.Contains(c.Task, t.Name) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// tooManyBlocks refuses to show tasks that are named, or all there are, where they have more blocks than are followed.
func tooManyBlocks(b *follow.Blocks, named ...string) error {
	followed := map[string]bool{}
	for _, t := range b.Tasks() {
		followed[t.Name] = true
	}
	for _, name := range named {
		if !followed[name] {
			return &pipeline.InputError{Err: fmt.Errorf("the blocks of %s are too many to be shown: at most %s are, of all tasks together; name one task with --task", name, console.Count(follow.MostBlocks))}
		}
	}
	if len(followed) == 0 {
		return &pipeline.InputError{Err: fmt.Errorf("there are too many blocks to be shown: at most %s are", console.Count(follow.MostBlocks))}
	}
	return nil
}

// seen returns the maps of the tasks that are followed, as they are by now; nobody else follows with b.
func seen(ctx context.Context, b *follow.Blocks) ([]*blockmap.Map, error) {
	var maps []*blockmap.Map
	for _, t := range b.Tasks() {
		err := b.See(ctx, t.Name, func(m *blockmap.Map) error {
			maps = append(maps, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return maps, nil
}

// writeTallies prints how many blocks of each task have which state.
func writeTallies(maps []*blockmap.Map) error {
	header := []string{"task"}
	for _, s := range blockmap.States() {
		header = append(header, ">"+s.String())
	}
	table := console.NewTable(header...)
	for _, m := range maps {
		row, n := []string{m.Task()}, m.Tally()
		for _, s := range blockmap.States() {
			row = append(row, console.Count(n[s]))
		}
		table.Row(row...)
	}
	_, err := table.WriteTo(os.Stdout)
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
