package main

import (
	"context"
	"errors"
	"os"

	"volara/console"
	"volara/picture"
	"volara/pipeline"
	"volara/view"
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
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	return view.NewRun(run, pipeline.Server{StateDir: args.State}, logs.Logger()).Overlay(ctx, p, c.Task)
}
