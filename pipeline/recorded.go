package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"volara/embedded"
	"volara/stream"
)

// A Record is what is recorded of a task's blocks. What workers have reported in the last moments of a run that goes on may
// not yet be part of it.
type Record struct {
	Plan         *TaskPlan
	Generation   string
	Changed      bool // it is of the task as it was configured once: Done and Masked are nil
	Done, Masked *stream.Bitmap
}

// Recorded returns what is recorded of a run, by task; tasks that have no record are left out. It asks whoever works on the run, or opens the run's state itself where nobody does; it changes
// nothing.
func Recorded(ctx context.Context, p *Pipeline, server Server, log *slog.Logger) (records map[string]Record, err error) {
	state, done, err := readState(ctx, p.Name, server, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	regions, err := known(ctx, state)
	if err != nil {
		return nil, err
	}
	plan, err := p.Plan(ctx, Selection{Known: regions})
	if err != nil {
		return nil, err
	}
	generations, err := state.Generations(ctx)
	if err != nil {
		return nil, err
	}
	records = map[string]Record{}
	for _, t := range plan.Tasks {
		g, ok := generations[t.Name]
		if !ok {
			continue
		}
		r := Record{Plan: t, Generation: g.ID}
		same, err := t.recordedAs(p.Base, g)
		if err != nil {
			return nil, err
		}
		if r.Changed = !same; r.Changed {
			records[t.Name] = r
			continue
		}
		if r.Done, err = state.Done(ctx, t.Name, g.ID, t.Plan.Grid.Len()); err != nil {
			return nil, err
		}
		if r.Masked, err = state.Masked(ctx, t.Name, g.ID, t.Plan.Grid.Len()); err != nil {
			return nil, err
		}
		records[t.Name] = r
	}
	return records, nil
}

// recordedAs reports whether a record was made by the task as it is configured now.
func (t *TaskPlan) recordedAs(base string, g stream.Generation) (bool, error) {
	print, err := t.fingerprint(base, map[string]string{})
	if err != nil {
		return false, err
	}
	var was fingerprint
	if err := decodeJSON(g.Fingerprint, &was); err != nil {
		return false, fmt.Errorf("the record of task %s is unreadable: %w", t.Name, err)
	}
	sameRegion := print.Region == nil || was.Region != nil && print.Region.Equal(*was.Region)
	return sameRegion && len(print.changes(was)) == 0, nil
}

// readState opens the state of a run for reading.
func readState(ctx context.Context, run string, server Server, log *slog.Logger) (*stream.State, func() error, error) {
	if err := server.Check(); err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(RunDir(server.StateDir, run)); err != nil && !server.External() {
		return nil, nil, inputErrorf("run %s has not begun (nothing of it is in %s)", run, server.StateDir)
	}
	if !server.External() && !embedded.Locked(server.StateDir) {
		if _, err := os.Stat(filepath.Join(server.StateDir, "nats")); err != nil {
			return nil, nil, inputErrorf("no record of run %s is in %s; name the server that keeps it with --nats", run, server.StateDir)
		}
		s, err := openSession(ctx, server, run, sessionOptions{Command: "look", Logger: log})
		if err != nil {
			return nil, nil, err
		}
		return s.state, s.Close, nil
	}
	nc, err := server.Connect("volara look")
	if err != nil {
		return nil, nil, fmt.Errorf("ask the process that works on run %s: %w", run, err)
	}
	closed := func() error { nc.Close(); return nil }
	js, err := jetstream.New(nc)
	if err == nil {
		var state *stream.State
		if state, err = stream.OpenState(ctx, js, run); err == nil {
			return state, closed, nil
		}
	}
	nc.Close()
	return nil, nil, err
}
