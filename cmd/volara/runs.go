package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"volara/console"
	"volara/pipeline"
)

type runsCmd struct {
	List   runsListCmd   `cmd:"" default:"withargs" help:"List the runs of a state directory."`
	Remove runsRemoveCmd `cmd:"" name:"rm" help:"Forget runs: done marks, events and logs go, outputs stay."`
}

// stateArgs name a state directory.
type stateArgs struct {
	State string `help:"State directory." type:"path" default:".volara" placeholder:"DIR"`
}

// runs lists the runs of the directory, which must be there.
func (a *stateArgs) runs() ([]pipeline.RunInfo, error) {
	if info, err := os.Stat(a.State); err != nil || !info.IsDir() {
		return nil, &pipeline.InputError{Err: fmt.Errorf("%s is no state directory; name the one beside the pipeline file with --state", a.State)}
	}
	return pipeline.ListRuns(a.State)
}

type runsListCmd struct {
	stateArgs
	JSON bool `name:"json" help:"Print JSON."`
}

// Run is called by kong.
func (c *runsListCmd) Run() error {
	runs, err := c.runs()
	if err != nil {
		return err
	}
	if c.JSON {
		if runs == nil {
			runs = []pipeline.RunInfo{}
		}
		return errors.Join(console.WriteJSON(os.Stdout, runs), unreadable(runs))
	}
	if len(runs) == 0 {
		fmt.Printf("no runs in %s\n", c.State)
		return nil
	}
	return errors.Join(writeRuns(runs), unreadable(runs))
}

// unreadable says which of the runs cannot be read, and why.
func unreadable(runs []pipeline.RunInfo) error {
	var errs []error
	for _, r := range runs {
		errs = append(errs, r.Err)
	}
	return errors.Join(errs...)
}

func writeRuns(runs []pipeline.RunInfo) error {
	table := console.NewTable("run", "state", ">tasks", ">done", ">blocks", ">failed", "started", "updated", ">size")
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Local().Format(time.DateTime)
	}
	for _, r := range runs {
		state, failed := r.State, ""
		if state == "" {
			state = "not begun"
		}
		if r.Failed > 0 {
			failed = console.Count(r.Failed)
		}
		table.Row(r.Name, state, console.Count(int64(r.Tasks)), console.Count(r.Done), console.Count(r.Total), failed,
			when(r.Started), when(r.Updated), console.Bytes(r.Bytes))
	}
	_, err := table.WriteTo(os.Stdout)
	return err
}

type runsRemoveCmd struct {
	stateArgs
	serverArgs
	Names []string `arg:"" name:"run" help:"Names of the runs."`
	Yes   bool     `help:"Do it; without, only what would be removed is listed."`
}

// Run is called by kong.
func (c *runsRemoveCmd) Run(ctx context.Context) error {
	all, err := c.runs()
	if err != nil {
		return err
	}
	runs, err := pipeline.FindRuns(all, c.Names)
	if err != nil {
		return err
	}
	if err := writeRuns(runs); err != nil {
		return err
	}
	fmt.Println("their records, events and logs are removed; outputs stay, and no run knows then that they are done")
	fmt.Println("(to remove outputs as well, first: volara drop --yes FILE)")
	if !c.Yes {
		return &pipeline.InputError{Err: errNotConfirmed}
	}
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = r.Name
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	if err := pipeline.RemoveRuns(ctx, c.server(c.State), names, logs.Logger()); err != nil {
		return err
	}
	fmt.Println("removed")
	return nil
}
