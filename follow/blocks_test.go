package follow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"volara/blockmap"
	"volara/geometry"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

// A site is the folder of a run, and what is recorded of it.
type site struct {
	dir     string
	records map[string]pipeline.Record
	err     error
	asked   int
	log     bytes.Buffer
}

func newSite(t *testing.T) *site {
	return &site{dir: t.TempDir(), records: map[string]pipeline.Record{}}
}

func (s *site) follow(t *testing.T, most int64, tasks ...*pipeline.TaskPlan) *Blocks {
	t.Helper()
	b := newBlocks(s.dir, tasks, most, slog.New(slog.NewTextHandler(&s.log, nil)), func(context.Context) (map[string]pipeline.Record, error) {
		s.asked++
		return s.records, s.err
	})
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// task returns the plan of a task of n blocks.
func task(t *testing.T, name string, n int) *pipeline.TaskPlan {
	t.Helper()
	grid, err := geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{0}, geometry.Coordinate{n}), geometry.Coordinate{1}, geometry.Coordinate{0}, geometry.Coordinate{0}, geometry.FitValid)
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.TaskPlan{Task: &pipeline.Task{Name: name}, Plan: &stages.Plan{Grid: grid}}
}

func (s *site) tell(t *testing.T, events ...stream.Event) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "events.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, e := range events {
		if err := json.NewEncoder(f).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
}

func done(task, generation string, ranges ...stream.Range) stream.Event {
	return stream.Event{Kind: stream.EventBlockDone, Task: task, Generation: generation, Epoch: 1, Blocks: ranges}
}

// status writes the status of a run that began at a second.
func (s *site) status(t *testing.T, second int64, tasks ...stream.TaskStatus) {
	t.Helper()
	data, err := json.Marshal(stream.Status{Run: "r", State: stream.StateDone, Started: time.Unix(second, 0), Updated: time.Now(), Tasks: tasks})
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "status.json"), data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func bitmap(n int64, set ...int64) *stream.Bitmap {
	b := stream.NewBitmap(n)
	for _, i := range set {
		b.Set(i)
	}
	return b
}

// expect demands counts of a task's blocks, and how often the record has been asked for by then.
func (s *site) expect(t *testing.T, b *Blocks, task, want string, asked int) {
	t.Helper()
	b.read = time.Time{}
	err := b.See(t.Context(), task, func(m *blockmap.Map) error {
		if got := m.Tally().String(); got != want {
			t.Errorf("%s: %s, want %s", task, got, want)
		}
		return nil
	})
	if err != nil || s.asked != asked {
		t.Errorf("%v; asked %d times, want %d", err, s.asked, asked)
	}
}

// Where events and status agree the record is not asked for, however often somebody looks.
func TestEventsSuffice(t *testing.T) {
	s := newSite(t)
	s.tell(t, done("a", "g", stream.Range{0, 4}))
	s.status(t, 1, stream.TaskStatus{Name: "a", Total: 5, Done: 4, Failed: 1})
	b := s.follow(t, MostBlocks, task(t, "a", 5))
	s.expect(t, b, "a", "4 computed, 1 waiting", 0)
	s.tell(t, done("a", "g", stream.Range{4, 1}))
	s.status(t, 1, stream.TaskStatus{Name: "a", Total: 5, Done: 5})
	b.asked.at = time.Time{}
	s.expect(t, b, "a", "5 computed", 0)
}

// The record is asked for where the status counts more, or other blocks, than events tell; not twice for one status.
func TestRecordIsAsked(t *testing.T) {
	s := newSite(t)
	two := []*pipeline.TaskPlan{task(t, "a", 5), task(t, "b", 3)}
	s.tell(t, done("a", "g", stream.Range{0, 1}), done("b", "h", stream.Range{0, 3}))
	s.status(t, 1, stream.TaskStatus{Name: "a", Total: 5, Done: 4, Failures: []stream.Failure{{Block: 4}, {Block: 0}, {Block: 7}, {Block: -1}}})
	s.records["a"] = pipeline.Record{Generation: "g", Done: bitmap(5, 0, 1, 2, 3), Masked: bitmap(5, 3)}
	s.records["b"] = pipeline.Record{Generation: "i", Changed: true}
	b := s.follow(t, MostBlocks, two...)
	s.expect(t, b, "a", "3 computed, 1 masked, 1 failed", 1)
	s.expect(t, b, "b", "3 waiting", 1)
	s.status(t, 2, stream.TaskStatus{Name: "a", Total: 2, Done: 2}, stream.TaskStatus{Name: "b", Total: 3, Done: 0})
	delete(s.records, "a") // it was dropped, and then a part of it done, of which nobody told
	s.expect(t, b, "a", "5 waiting", 2)
	b.asked.at = time.Time{}
	s.expect(t, b, "a", "5 waiting", 2) // the same status
	b.asked.at = time.Now()
	s.status(t, 2, stream.TaskStatus{Name: "a", Total: 2, Done: 2}, stream.TaskStatus{Name: "b", Total: 3, Done: 0})
	s.records["a"] = pipeline.Record{Generation: "k", Done: bitmap(5, 0, 1), Masked: bitmap(5)}
	s.expect(t, b, "a", "5 waiting", 2) // too soon
	b.asked.at = time.Time{}
	s.expect(t, b, "a", "2 computed, 3 waiting", 3)
}

// A record that cannot be read is told once, where it is missed.
func TestNoRecord(t *testing.T) {
	s := newSite(t)
	s.err = errors.New("the server is gone")
	s.tell(t, done("a", "g", stream.Range{0, 1}))
	b := s.follow(t, MostBlocks, task(t, "a", 5))
	for second := range int64(3) {
		s.status(t, second, stream.TaskStatus{Name: "a", Total: 5, Done: 4})
		s.expect(t, b, "a", "1 computed, 4 waiting", int(second)+1)
	}
	if n := strings.Count(s.log.String(), "the server is gone"); n != 1 {
		t.Errorf("told %d times: %s", n, s.log.String())
	}
}

// A run whose folder is gone is forgotten.
func TestFolderIsGone(t *testing.T) {
	s := newSite(t)
	s.tell(t, done("a", "g", stream.Range{0, 5}))
	s.status(t, 1, stream.TaskStatus{Name: "a", Total: 5, Done: 5})
	b := s.follow(t, MostBlocks, task(t, "a", 5))
	s.expect(t, b, "a", "5 computed", 0)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	s.expect(t, b, "a", "5 waiting", 0)
	if err := os.Mkdir(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s.tell(t, done("a", "h", stream.Range{0, 2}))
	s.expect(t, b, "a", "2 computed, 3 waiting", 0)
}

// Tasks are followed as long as there is memory for all their blocks, and as long as they have the same ones.
func TestMostBlocks(t *testing.T) {
	s := newSite(t)
	tasks := []*pipeline.TaskPlan{task(t, "a", 5), task(t, "big", 100), task(t, "b", 5), task(t, "c", 1)}
	b := s.follow(t, 10, tasks...)
	var names []string
	for _, f := range b.Tasks() {
		names = append(names, f.Name)
	}
	if fmt.Sprint(names) != "[a b]" || strings.Count(s.log.String(), "too many") != 2 {
		t.Errorf("%v: %s", names, s.log.String())
	}
	if err := b.See(t.Context(), "c", nil); err == nil {
		t.Error("c is not followed")
	}
	s.expect(t, b, "a", "5 waiting", 1)
	tasks[0].Skip = bitmap(5, 1, 2)
	if !b.Replan(tasks) {
		t.Error("these are the same blocks")
	}
	s.expect(t, b, "a", "2 left out, 3 waiting", 1)
	tasks[0] = task(t, "a", 6)
	if b.Replan(tasks) || b.Replan(tasks[1:]) {
		t.Error("these are other blocks")
	}
}
