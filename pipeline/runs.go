package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"volara/config"
	"volara/embedded"
	"volara/stream"
)

// A RunInfo is what `volara runs` tells of a run.
type RunInfo struct {
	Name    string    `json:"name"`
	State   string    `json:"state"` // as in stream.Status; "" for a run that never began
	Reason  string    `json:"reason,omitempty"`
	Tasks   int       `json:"tasks"`
	Done    int64     `json:"done"` // blocks
	Total   int64     `json:"total"`
	Failed  int64     `json:"failed"`
	Started time.Time `json:"started,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	Bytes   int64     `json:"bytes"` // on disk: record, events, logs; not the outputs
	// Err says why its status cannot be read; nil: it can, or there is none. State is StateUnreadable then.
	Err error `json:"-"`
}

// StateUnreadable is the state of a run whose status cannot be read.
const StateUnreadable = "unreadable"

// Unrecorded says in a sentence how it stands with the run of a folder without a status.
func Unrecorded(dir string) string {
	if embedded.Held(dir) {
		return fmt.Sprintf("run %s is beginning: nothing is recorded yet", filepath.Base(dir))
	}
	return fmt.Sprintf("nothing is recorded of run %s: it was killed before it recorded anything, or dropped; volara up goes on with it", filepath.Base(dir))
}

// ReadStatus reads the status in a run's folder; a run whose `up` is gone is not running, whatever its last words were.
func ReadStatus(dir string) (stream.Status, error) {
	s, err := stream.ReadStatus(dir)
	if err != nil {
		return s, err
	}
	live := s.State == stream.StateRunning || s.State == stream.StatePaused
	if live && !embedded.Held(dir) { // whoever leads the run holds its folder
		s.State, s.Reason = stream.StateStopped, "its process has ended; volara up goes on with it"
	}
	return s, nil
}

// ListRuns describes the runs of a state directory by name, also those that only the folder or only JetStream's store
// knows of. It needs no server and changes nothing.
func ListRuns(stateDir string) ([]RunInfo, error) {
	streams, err := embedded.StreamSizes(filepath.Join(stateDir, "nats"))
	if err != nil {
		return nil, err
	}
	runs := map[string]*RunInfo{}
	for name, size := range streams {
		if run, ok := stream.RunOf(name); ok {
			runInfo(runs, run).Bytes += size
		}
	}
	entries, err := os.ReadDir(filepath.Join(stateDir, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the runs of %s: %w", stateDir, err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := runInfo(runs, e.Name()).read(RunDir(stateDir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	var list []RunInfo
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		list = append(list, *runs[name])
	}
	return list, nil
}

func runInfo(runs map[string]*RunInfo, name string) *RunInfo {
	if runs[name] == nil {
		runs[name] = &RunInfo{Name: name}
	}
	return runs[name]
}

// read adds what a run's folder says.
func (r *RunInfo) read(dir string) error {
	size, err := embedded.FolderSize(dir)
	if err != nil {
		return fmt.Errorf("measure %s: %w", dir, err)
	}
	r.Bytes += size
	s, err := ReadStatus(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		r.State, r.Reason, r.Err = StateUnreadable, err.Error(), err
		return nil
	}
	r.State, r.Reason, r.Started, r.Updated, r.Tasks = s.State, s.Reason, s.Started, s.Updated, len(s.Tasks)
	for _, t := range s.Tasks {
		r.Done += t.Done
		r.Total += t.Total
		r.Failed += t.Failed
	}
	return nil
}

// FindRuns returns those of the runs that are named; a name that is none of them is an *InputError.
func FindRuns(runs []RunInfo, names []string) ([]RunInfo, error) {
	var found []RunInfo
	all := make([]string, len(runs))
	for i, r := range runs {
		all[i] = r.Name
	}
	for _, name := range names {
		if len(all) == 0 {
			return nil, inputErrorf("there are no runs, and so none is named %q", name)
		}
		i := slices.Index(all, name)
		if i < 0 {
			return nil, inputErrorf("no run is named %q; %s", name, config.Suggest(name, all))
		}
		if !slices.ContainsFunc(found, func(r RunInfo) bool { return r.Name == name }) {
			found = append(found, runs[i])
		}
	}
	return found, nil
}

// RemoveRuns forgets runs: what JetStream holds of them, and their folders in the state directory. Outputs stay. It
// may be repeated after a crash. A run that is being worked on is an *InputError.
func RemoveRuns(ctx context.Context, server Server, names []string, log *slog.Logger) error {
	if err := server.Check(); err != nil {
		return err
	}
	for _, name := range names {
		if err := removeRun(ctx, server, name, log); err != nil {
			return err
		}
	}
	return nil
}

func removeRun(ctx context.Context, server Server, name string, log *slog.Logger) (err error) {
	s, err := openSession(ctx, server, name, sessionOptions{Command: "runs rm", Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := stream.DeleteRun(ctx, s.js, name); err != nil {
		return err
	}
	if err := os.RemoveAll(RunDir(server.StateDir, name)); err != nil {
		return fmt.Errorf("remove the folder of run %s: %w", name, err)
	}
	return nil
}
