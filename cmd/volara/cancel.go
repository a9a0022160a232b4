package main

import (
	"context"
	"errors"
	"fmt"

	"volara/pipeline"
	"volara/stream"
)

type cancelCmd struct {
	runArgs
	serverArgs
	Now    bool `help:"Do not wait for the blocks in work: they are left and done again by the next volara up."`
	NoWait bool `help:"Return when the run has heard, not when it has stopped."`
}

// Run is called by kong.
func (c *cancelCmd) Run(ctx context.Context) error {
	control, err := c.control(&c.serverArgs)
	if err == nil {
		err = control.Cancel(ctx, c.Now)
	}
	if errors.Is(err, pipeline.ErrNotRunning) {
		fmt.Printf("nothing to cancel: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	if c.NoWait {
		fmt.Printf("run %s is stopping\n", control.Run)
		return nil
	}
	if !c.Now {
		fmt.Printf("run %s is stopping: blocks in work are finished first (volara cancel --now leaves them)\n", control.Run)
	}
	if err := control.AwaitStop(ctx); errors.Is(err, stream.ErrGoesOn) {
		return fmt.Errorf("%w; volara cancel stops that as well", err)
	} else if err != nil {
		return fmt.Errorf("the run was asked to stop, but is still at it: %w", err)
	}
	fmt.Printf("run %s has stopped; volara up goes on with it\n", control.Run)
	return nil
}
