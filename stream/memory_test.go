package stream

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"volara/geometry"
)

func sized(needs ...int64) []Task {
	var tasks []Task
	for _, n := range needs {
		tasks = append(tasks, Task{Memory: n})
	}
	return tasks
}

func TestMemory(t *testing.T) {
	now := time.Unix(0, 0)
	m := newMemory(sized(3, 8, 0), 10, false)
	take := func(task int, want bool) {
		t.Helper()
		if m.take(task, now) != want {
			t.Fatalf("task %d with %d in use: not %v", task, m.used, want)
		}
	}
	take(0, true)
	take(0, true)
	take(0, true)
	take(0, false)
	take(1, false)
	take(2, true) // needs none that is known
	m.settled(0)
	if m.hungry(1, now.Add(patience)) || !m.hungry(1, now.Add(patience+1)) {
		t.Error("patience ends too early, or not")
	}
	m.save(1)
	m.give(0)
	take(0, false)
	take(1, false)
	m.give(0)
	m.give(0)
	take(0, false) // 10 are free, and 8 are saved
	take(1, true)
	m.settled(1)
	take(0, false)
	m.give(1)
	take(0, true)
}

func TestMemoryOversize(t *testing.T) {
	now := time.Now()
	strict, lax := newMemory(sized(11, 1), 10, false), newMemory(sized(11, 1), 10, true)
	if !strict.never(0) || strict.never(1) || lax.never(0) || strict.take(0, now) {
		t.Error("a block beyond a strict budget is taken")
	}
	if !lax.take(1, now) || lax.take(0, now) {
		t.Error("a block beyond the budget is taken beside another one")
	}
	lax.save(0)
	lax.give(1)
	if lax.take(1, now) || !lax.take(0, now) || lax.take(1, now) {
		t.Error("a block beyond the budget is not alone")
	}
	if none := newMemory(sized(1<<60), 0, false); none.never(0) || !none.take(0, now) || !none.take(0, now) {
		t.Error("there is a limit where none was set")
	}
}

// TestMemoryStaysWithinBudget demands, of any sequence, that the budget holds and that a task that waits gets its turn.
func TestMemoryStaysWithinBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		needs := rapid.SliceOfN(rapid.Int64Range(0, 100), 1, 5).Draw(t, "needs")
		m := newMemory(sized(needs...), 100, false)
		now := time.Unix(0, 0)
		var inWork []int
		waits := make([]int, len(needs)) // how many blocks of others were taken since a task was first refused
		for range 400 {
			now = now.Add(patience / 10)
			if len(inWork) > 0 && rapid.Bool().Draw(t, "end") {
				m.give(inWork[0])
				inWork = inWork[1:]
			}
			task := rapid.IntRange(0, len(needs)-1).Draw(t, "task")
			if !m.take(task, now) {
				waits[task]++
				if m.hungry(task, now) {
					m.save(task)
				}
				continue
			}
			m.settled(task)
			waits[task] = 0
			inWork = append(inWork, task)
			if m.used > m.limit {
				t.Fatalf("%d in use of %d", m.used, m.limit)
			}
		}
		for task, n := range waits {
			if n > 300 {
				t.Fatalf("task %d was refused %d times", task, n)
			}
		}
	})
}

// TestBigBlocksAreNotStarved demands that small blocks, of which there are always more, do not keep a big one from its
// memory, and that the budget holds.
func TestBigBlocksAreNotStarved(t *testing.T) {
	s := newSite(t)
	small, big := grid(t, 0, 400), grid(t, 0, 2)
	p := Plan{Run: "memory", Tasks: []Task{
		{Name: "small", Grid: small, Select: small.All(), Memory: 3},
		{Name: "big", Grid: big, Select: big.All(), Memory: 9},
		{Name: "never", Grid: big, Select: big.All(), Memory: 11},
	}}
	s.generations(&p)
	r := newRecorder()
	var mu sync.Mutex
	needs := map[string]int{"small": 3, "big": 9, "never": 11}
	used, smalls, at, most := 0, 0, -1, 0
	r.process = func(_ context.Context, task string, b geometry.Block) error {
		mu.Lock()
		if used += needs[task]; task == "small" {
			smalls++
		} else if task == "big" && at < 0 {
			at = smalls
		}
		if task != "never" {
			most = max(most, used)
		}
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		used -= needs[task]
		mu.Unlock()
		return nil
	}
	stop := s.work("memory", WorkerOptions{Name: "strict", Open: r.open, Slots: 4, Memory: 10})
	ctx, cancel := context.WithCancel(context.Background())
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := tracker.Run(ctx)
		ended <- err
	}()
	for begin := time.Now(); r.total("small") < 400 || r.total("big") < 2; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%d small blocks and %d big ones were done in a minute", r.total("small"), r.total("big"))
		}
	}
	stop()
	mu.Lock()
	if most > 10 || at > 350 || r.total("never") > 0 {
		t.Errorf("%d in use of 10; %d small blocks came before the first big one; %d blocks that can never be taken were", most, at, r.total("never"))
	}
	mu.Unlock()
	s.work("memory", WorkerOptions{Name: "lax", Open: r.open, Slots: 4, Memory: 10, Oversize: true})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	cancel()
	if r.total("never") != 2 {
		t.Error("a worker that may did not take the large blocks")
	}
}

// A worker for which every block is too large says so once, and waits.
func TestNothingFits(t *testing.T) {
	s := newSite(t)
	g := grid(t, 0, 2)
	p := Plan{Run: "large", Tasks: []Task{{Name: "a", Grid: g, Select: g.All(), Memory: 11}}}
	s.generations(&p)
	var warned atomic.Int64
	r := newRecorder()
	s.work("large", WorkerOptions{Name: "strict", Open: r.open, Memory: 10, Logger: slog.New(warnings{slog.DiscardHandler, &warned})})
	ended := make(chan Status, 1)
	go func() { ended <- s.run(p, s.options()) }()
	for begin := time.Now(); warned.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("nothing is said")
		}
	}
	time.Sleep(1200 * time.Millisecond)
	if n := warned.Load(); n != 1 || r.total("a") != 0 {
		t.Errorf("%d warnings, %d blocks", n, r.total("a"))
	}
	s.work("large", WorkerOptions{Name: "roomy", Open: r.open})
	s.finished(<-ended)
}

// warnings counts what is logged as a warning or worse.
type warnings struct {
	slog.Handler
	n *atomic.Int64
}

func (w warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w warnings) Handle(context.Context, slog.Record) error    { w.n.Add(1); return nil }
func (w warnings) WithAttrs([]slog.Attr) slog.Handler           { return w }
