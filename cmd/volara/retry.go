package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"volara/console"
	"volara/pipeline"
	"volara/stream"
)

type retryCmd struct {
	runArgs
	serverArgs
	Task  []string `help:"Only blocks of this task (may be repeated)." placeholder:"TASK"`
	Block []int64  `help:"Only this failed block of the one task (may be repeated); volara failed lists them." placeholder:"N"`
}

// Run is called by kong.
func (c *retryCmd) Run(ctx context.Context) error {
	control, err := c.control(&c.serverArgs)
	var blocks map[string]int64
	if err == nil {
		blocks, err = control.Retry(ctx, stream.RetryRequest{Tasks: c.Task, Blocks: c.Block})
	}
	if errors.Is(err, pipeline.ErrNotRunning) {
		return c.later()
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
func (c *retryCmd) later() error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	s, err := pipeline.ReadStatus(dir)
	if err != nil {
		return &pipeline.InputError{Err: fmt.Errorf("the run has no status yet: %w", err)}
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
