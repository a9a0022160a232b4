package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"volara/blockmap"
	"volara/config"
	"volara/console"
	"volara/follow"
	"volara/picture"
	"volara/pipeline"
)

// overlay lays the blocks of a pipeline over a picture, if that is asked for, and says what is shown.
func (c *zarrSliceCmd) overlay(ctx context.Context, p *picture.Picture) (string, error) {
	if c.Pipeline == "" {
		if c.Task != "" || c.State != "" {
			return "", &pipeline.InputError{Err: errors.New("--task and --state are for the blocks of a pipeline; name its file with --pipeline")}
		}
		return "", nil
	}
	args := pipelineArgs{Files: []string{c.Pipeline}, State: c.State}
	run, err := args.load()
	if err != nil {
		return "", err
	}
	plan, err := run.Plan(ctx, pipeline.Selection{})
	if err != nil {
		return "", err
	}
	t, err := chosenTask(plan, c.Task)
	if err != nil {
		return "", &pipeline.InputError{Err: err}
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	b := follow.Tasks(run, pipeline.Server{StateDir: args.State}, []*pipeline.TaskPlan{t}, logs.Logger())
	defer b.Close() //nolint:errcheck // only read
	return overlayTask(ctx, p, b, t)
}

// overlayTask lays the blocks of a task over a picture.
func overlayTask(ctx context.Context, p *picture.Picture, b *follow.Blocks, t *pipeline.TaskPlan) (says string, err error) {
	grid := t.Plan.Grid
	if axes := len(p.Frame.Place.Physical()); grid.Dims() != axes {
		return "", &pipeline.InputError{Err: fmt.Errorf("the blocks of %s have %d axes, the picture's array has %d of space and time: they cannot be laid over it",
			t.Name, grid.Dims(), axes)}
	}
	if err := tooManyBlocks(b, t.Name); err != nil {
		return "", err
	}
	err = b.See(ctx, t.Name, func(m *blockmap.Map) error {
		shown := blockmap.Overlay(p, grid, m)
		if says = fmt.Sprintf("blocks of %s: %v", t.Name, shown); shown == (blockmap.Tally{}) {
			says = fmt.Sprintf("no block of %s is in the picture", t.Name)
		}
		return nil
	})
	return says, err
}

// chosenTask returns the task that is meant: the one named, or the only one.
func chosenTask(plan *pipeline.Plan, task string) (*pipeline.TaskPlan, error) {
	var names []string
	for _, t := range plan.Tasks {
		if t.Name == task || task == "" && len(plan.Tasks) == 1 {
			return t, nil
		}
		names = append(names, t.Name)
	}
	if task == "" {
		return nil, fmt.Errorf("which task's blocks? --task with one of %s", strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("no task is named %q; %s", task, config.Suggest(task, names))
}
