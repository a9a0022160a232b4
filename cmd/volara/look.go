package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"volara/config"
	"volara/console"
	"volara/pipeline"
	"volara/stream"
)

type statusCmd struct {
	runArgs
	JSON bool `name:"json" help:"Print JSON."`
}

// Run is called by kong.
func (c *statusCmd) Run() error {
	dirs, err := c.dirs()
	if err != nil {
		return err
	}
	all := []stream.Status{}
	var notes []string // of runs without a status
	var unreadable []error
	for _, dir := range dirs {
		s, err := pipeline.ReadStatus(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			notes = append(notes, pipeline.Unrecorded(dir))
		case err != nil:
			unreadable = append(unreadable, err)
		default:
			all = append(all, s)
		}
	}
	if c.JSON {
		return errors.Join(append(unreadable, console.WriteJSON(os.Stdout, all))...)
	}
	err = console.WriteStatus(os.Stdout, time.Now(), all...)
	for _, note := range notes {
		fmt.Println(note)
	}
	return errors.Join(append(unreadable, err)...)
}

type failedCmd struct {
	runArgs
	JSON bool `name:"json" help:"Print JSON."`
}

// Run is called by kong.
func (c *failedCmd) Run() error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	s, err := pipeline.ReadStatus(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !c.JSON:
		fmt.Println(pipeline.Unrecorded(dir))
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if c.JSON {
		return console.WriteJSON(os.Stdout, console.Failures(s))
	}
	return console.WriteFailures(os.Stdout, s)
}

type eventsCmd struct {
	runArgs
	Follow bool     `short:"f" help:"Wait for more."`
	JSON   bool     `name:"json" help:"Print one JSON object a line (docs/protocol.md)."`
	Task   []string `help:"Only events of this task (may be repeated)." placeholder:"TASK"`
	Kind   []string `help:"Only events of this kind (may be repeated)." placeholder:"KIND"`
}

// Run is called by kong.
func (c *eventsCmd) Run(ctx context.Context) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	if err := c.check(ctx, dir); err != nil {
		return err
	}
	tasks, kinds := set(c.Task), set(c.Kind)
	out := json.NewEncoder(os.Stdout)
	return stream.ReadEvents(ctx, dir, c.Follow, func(e stream.Event) error {
		if len(tasks) > 0 && !tasks[e.Task] || len(kinds) > 0 && !kinds[e.Kind] {
			return nil
		}
		if c.JSON {
			return out.Encode(e)
		}
		return console.WriteEvent(os.Stdout, e)
	})
}

// check refuses to wait for events that cannot come.
func (c *eventsCmd) check(ctx context.Context, dir string) error {
	for _, kind := range c.Kind {
		if kinds := stream.EventKinds(); !slices.Contains(kinds, kind) {
			return &pipeline.InputError{Err: fmt.Errorf("no event is of the kind %q; %s", kind, config.Suggest(kind, kinds))}
		}
	}
	s, err := pipeline.ReadStatus(dir)
	if err != nil {
		return nil // the run has not begun, or the events are all that can be read of it
	}
	err = pipeline.CheckTasks(s, c.Task)
	if err != nil && c.told(ctx, dir) {
		return nil
	}
	return err
}

// told reports whether there are events of each task asked for: the pipeline may have had it once.
func (c *eventsCmd) told(ctx context.Context, dir string) bool {
	missing := set(c.Task)
	err := stream.ReadEvents(ctx, dir, false, func(e stream.Event) error {
		delete(missing, e.Task)
		return nil
	})
	return err == nil && len(missing) == 0
}

func set(names []string) map[string]bool {
	s := map[string]bool{}
	for _, n := range names {
		s[n] = true
	}
	return s
}
