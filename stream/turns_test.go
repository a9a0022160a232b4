package stream

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"volara/geometry"
)

// plant returns tasks from the names of those that each waits for.
func plant(upstream ...[]string) []Task {
	var tasks []Task
	for i, ups := range upstream {
		t := Task{Name: string(rune('a' + i))}
		for _, up := range ups {
			t.Upstream = append(t.Upstream, Dependency{Task: up})
		}
		tasks = append(tasks, t)
	}
	return tasks
}

func TestTurns(t *testing.T) {
	type names = []string
	for _, c := range []struct {
		name    string
		tasks   []Task
		running []int
		want    string // of the first turn
	}{
		{"chain", plant(nil, names{"a"}, names{"b"}), []int{0, 0, 5}, "cba"},
		{"chain, all at work upstream", plant(nil, names{"a"}, names{"b"}), []int{5, 0, 0}, "cba"},
		{"two tasks, one at work", plant(nil, nil), []int{1, 0}, "ba"},
		{"two tasks, the other at work", plant(nil, nil), []int{0, 1}, "ab"},
		{"two chains share as chains", plant(nil, names{"a"}, nil, names{"c"}), []int{2, 0, 0, 1}, "dcba"},
		{"and within each, downstream first", plant(nil, names{"a"}, nil, names{"c"}), []int{1, 0, 1, 1}, "badc"},
		{"branches share", plant(nil, names{"a"}, names{"a"}), []int{0, 2, 1}, "cba"},
		{"branches that meet share", plant(nil, nil, names{"a", "b"}), []int{1, 2, 3}, "cab"},
		{"a barrier is an order, too", plant(nil, names{"a"}), []int{0, 3}, "ba"},
	} {
		turns := newTurns(c.tasks)
		got := ""
		for _, i := range turns.order(c.running, 0) {
			got += c.tasks[i].Name
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestTurnsRotate demands that of equals each is first as often as the others.
func TestTurnsRotate(t *testing.T) {
	turns := newTurns(plant(nil, nil, nil))
	first := make([]int, 3)
	for turn := range 30 {
		first[turns.order([]int{1, 1, 1}, turn)[0]]++
	}
	if !slices.Equal(first, []int{10, 10, 10}) {
		t.Errorf("first were %v", first)
	}
}

// TestTurnsKeepTheOrder demands, of any plan, that every task is asked once and none before those that wait for it.
func TestTurnsKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "tasks")
		tasks := make([]Task, n)
		running := make([]int, n)
		for i := range tasks {
			tasks[i].Name = string(rune('a' + i))
			running[i] = rapid.IntRange(0, 4).Draw(t, "running")
			for j := range i {
				if rapid.IntRange(0, 3).Draw(t, "waits") == 0 {
					tasks[i].Upstream = append(tasks[i].Upstream, Dependency{Task: tasks[j].Name})
				}
			}
		}
		turns := newTurns(tasks)
		order := turns.order(running, rapid.IntRange(0, 100).Draw(t, "turn"))
		if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, upTo(n)) {
			t.Fatalf("order %v", order)
		}
		for i := range tasks {
			for _, up := range turns.upstream[i] {
				if slices.Index(order, up) < slices.Index(order, i) {
					t.Fatalf("%d is asked before %d, which waits for it: %v", up, i, order)
				}
			}
		}
	})
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// watch records how many blocks of each task are in work at a time.
type watch struct {
	mu      sync.Mutex
	running map[string]int
	seen    func(running map[string]int, task string, b geometry.Block)
}

func (w *watch) process(last time.Duration) func(context.Context, string, geometry.Block) error {
	w.running = map[string]int{}
	return func(_ context.Context, task string, b geometry.Block) error {
		w.mu.Lock()
		w.running[task]++
		w.seen(w.running, task, b)
		w.mu.Unlock()
		time.Sleep(last)
		w.mu.Lock()
		w.running[task]--
		w.mu.Unlock()
		return nil
	}
}

// TestSlotsAreShared demands that two tasks that have nothing to do with each other have half of the slots each.
func TestSlotsAreShared(t *testing.T) {
	s := newSite(t)
	g := grid(t, 0, 60)
	p := Plan{Run: "fair", Tasks: []Task{{Name: "a", Grid: g, Select: g.All()}, {Name: "b", Grid: g, Select: g.All()}}}
	s.generations(&p)
	r, w := newRecorder(), &watch{}
	even, odd := 0, 0
	w.seen = func(running map[string]int, _ string, _ geometry.Block) {
		if running["a"] == 2 && running["b"] == 2 {
			even++
		} else if running["a"]+running["b"] == 4 {
			odd++
		}
	}
	r.process = w.process(25 * time.Millisecond)
	s.work("fair", WorkerOptions{Open: r.open, Slots: 4})
	s.finished(s.run(p, s.options()))
	if even <= odd { // strict priority would never share evenly
		t.Errorf("of the times that all 4 slots had work, %d were shared evenly, %d not", even, odd)
	}
}

// TestDownstreamFirst demands that a chain's blocks are used soon after they are made.
func TestDownstreamFirst(t *testing.T) {
	s := newSite(t)
	p := chain("chain", grid(t, 0, 60), grid(t, 0, 60))
	s.generations(&p)
	r, w := newRecorder(), &watch{}
	begun, most := map[string]int{}, 0
	w.seen = func(_ map[string]int, task string, _ geometry.Block) {
		begun[task]++
		most = max(most, begun["a"]-begun["b"])
	}
	r.process = w.process(25 * time.Millisecond)
	s.work("chain", WorkerOptions{Open: r.open, Slots: 2})
	s.finished(s.run(p, s.options()))
	if most > 20 {
		t.Errorf("%d blocks were made before the first was used", most)
	}
}
