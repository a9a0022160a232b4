package follow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"volara/blockmap"
	"volara/pipeline"
	"volara/stream"
)

// MostBlocks is how many blocks of a pipeline are followed, of all its tasks together: each takes a byte of memory.
const MostBlocks = 1 << 28

// Blocks follows the blocks of a pipeline's tasks. It is safe for concurrent use.
type Blocks struct {
	dir    string
	record func(context.Context) (map[string]pipeline.Record, error)
	log    *slog.Logger

	mu    sync.Mutex
	given []*pipeline.TaskPlan // also those that are not followed
	tasks []*pipeline.TaskPlan
	tail  *stream.EventTail
	maps  map[string]*blockmap.Map
	read  time.Time // the folder
	asked asked
}

// Tasks follows the blocks of tasks of a plan; server says where the run is kept. Tasks with more blocks than are followed
// are left out, with a warning. Nothing is read yet. The caller closes it.
func Tasks(p *pipeline.Pipeline, server pipeline.Server, tasks []*pipeline.TaskPlan, log *slog.Logger) *Blocks {
	dir := pipeline.RunDir(server.StateDir, p.Name)
	return newBlocks(dir, tasks, MostBlocks, log, func(ctx context.Context) (map[string]pipeline.Record, error) {
		return pipeline.Recorded(ctx, p, server, log)
	})
}

// newBlocks follows the run of a folder; record asks for what is recorded of it.
func newBlocks(dir string, tasks []*pipeline.TaskPlan, most int64, log *slog.Logger, record func(context.Context) (map[string]pipeline.Record, error)) *Blocks {
	b := &Blocks{dir: dir, record: record, log: log, given: slices.Clone(tasks), tail: stream.NewEventTail(dir), maps: map[string]*blockmap.Map{}}
	for _, t := range tasks {
		n := t.Plan.Grid.Len()
		if n > most {
			log.Warn("too many blocks to be shown", "task", t.Name, "blocks", n)
			continue
		}
		most -= n
		m := blockmap.New(t.Name, t.Plan.Grid.Counts())
		m.LeaveOut(t.Skip)
		b.tasks, b.maps[t.Name] = append(b.tasks, t), m
	}
	return b
}

// Close ends it.
func (b *Blocks) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tail.Close()
}

// Dir returns the run's folder.
func (b *Blocks) Dir() string { return b.dir }

// Tasks returns the tasks that are followed.
func (b *Blocks) Tasks() []*pipeline.TaskPlan { return b.tasks }

// Replan takes note of what the tasks leave out as they are planned now. It reports false, and does nothing, where they have
// other blocks than those that are followed.
func (b *Blocks) Replan(tasks []*pipeline.TaskPlan) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	same := func(a, b *pipeline.TaskPlan) bool {
		return a.Name == b.Name && reflect.DeepEqual(a.Plan.Grid, b.Plan.Grid)
	}
	if !slices.EqualFunc(tasks, b.given, same) {
		return false
	}
	for _, t := range tasks {
		if m := b.maps[t.Name]; m != nil {
			m.LeaveOut(t.Skip)
		}
	}
	return true
}

// See calls f with the map of a task that is followed, as it is by now. f may not keep it.
func (b *Blocks) See(ctx context.Context, task string, f func(*blockmap.Map) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.maps[task]
	if m == nil {
		return fmt.Errorf("the blocks of %s are not followed", task)
	}
	if err := b.refresh(ctx); err != nil {
		return err
	}
	return f(m)
}

// fresh is how long what was read of a run's folder is not read again.
const fresh = 250 * time.Millisecond

// refresh takes in what has happened; b.mu is held.
func (b *Blocks) refresh(ctx context.Context) error {
	if time.Since(b.read) < fresh {
		return nil
	}
	defer func() { b.read = time.Now() }()
	err := b.tail.Read(func(e stream.Event) error {
		if m := b.maps[e.Task]; m != nil {
			m.Take(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	status, err := pipeline.ReadStatus(b.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	working := map[string]stream.Ranges{}
	if live(status) {
		if working, err = stream.InWork(b.dir); err != nil {
			return err
		}
	}
	for name, m := range b.maps {
		m.SetWorking(working[name])
	}
	b.compare(ctx, status)
	return nil
}

func live(s stream.Status) bool {
	return s.State == stream.StateRunning || s.State == stream.StatePaused
}
