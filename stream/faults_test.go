package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"volara/embedded"
	"volara/fault"
	"volara/geometry"
)

// told counts what the events of a run say, from both places where they are kept, which must agree.
func (s *site) told(run string) (kinds map[string]int, done map[string]int64) {
	s.Helper()
	count := func(read func(func(Event) error) error) (map[string]int, map[string]int64) {
		kinds, done, seen := map[string]int{}, map[string]int64{}, map[string]bool{}
		err := read(func(e Event) error {
			kinds[e.Kind]++
			if e.Version != EventVersion || e.Run != run || e.Time.IsZero() {
				s.Errorf("event %+v", e)
			}
			if !e.done() {
				return nil
			}
			for _, r := range e.Blocks {
				for i := r.First(); i < r.End(); i++ {
					if key := fmt.Sprint(e.Task, e.Generation, i); seen[key] {
						s.Errorf("task %s block %d was told done twice", e.Task, i)
					} else {
						seen[key] = true
					}
				}
			}
			done[e.Task] += e.Blocks.Count()
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
		return kinds, done
	}
	kinds, done = count(func(f func(Event) error) error { return Events(s.ctx(), s.jetStream(), run, false, f) })
	inFile, _ := count(func(f func(Event) error) error { return ReadEvents(s.ctx(), s.options().Dir, false, f) })
	if fmt.Sprint(kinds) != fmt.Sprint(inFile) {
		s.Errorf("events in JetStream %v, in the snapshot %v", kinds, inFile)
	}
	return kinds, done
}

func (s *site) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	s.Cleanup(cancel)
	return ctx
}

func TestRetriesFailuresOrphans(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 6, 6)
	p := chain("r", g, g, grid(t, 0, 1, 1))
	p.Tasks[2].Upstream = []Dependency{{Task: "b", All: true}}
	s.generations(&p)
	r := newRecorder()
	var broken atomic.Bool
	broken.Store(true)
	r.process = func(_ context.Context, task string, b geometry.Block) error {
		r.mu.Lock()
		n := r.count[task][b.Index]
		r.mu.Unlock()
		switch {
		case task != "a" || !broken.Load():
		case b.Index == 0 && n < 3:
			return errors.New("not yet")
		case b.Index == 14:
			return errors.New("never")
		case b.Index == 35:
			return fault.Permanent(errors.New("corrupt"))
		case b.Index == 20:
			panic("oh no")
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, Name: "w", LogPath: "some/log"})
	status := s.run(p, s.options())
	if status.State != StateFailed {
		t.Fatalf("state is %s", status.State)
	}
	a, b, c := status.Tasks[0], status.Tasks[1], status.Tasks[2]
	if a.Done != 33 || a.Failed != 3 || a.Orphaned != 0 {
		t.Errorf("a: %+v", a)
	}
	// Blocks 14 = (2, 2), 20 = (3, 2) and 35 = (5, 5) are read by 3×3 + 3 and 2×2 blocks.
	if b.Failed != 0 || b.Orphaned != 12+4 || b.Done != 36-16 {
		t.Errorf("b: %+v", b)
	}
	if c.Orphaned != 1 || c.Done != 0 {
		t.Errorf("c: %+v", c)
	}
	for i, want := range []struct {
		block    int64
		attempts int
		text     string
	}{{14, 3, "never"}, {20, 3, "panic: oh no"}, {35, 1, "corrupt"}} {
		f := a.Failures[i]
		if f.Block != want.block || f.Attempts != want.attempts || !strings.Contains(f.Error, want.text) ||
			f.Worker != "w" || f.Log != "some/log" || !f.WriteROI.Equal(g.At(want.block).WriteROI) {
			t.Errorf("failure %+v", f)
		}
	}
	kinds, done := s.told(p.Run)
	if kinds[EventBlockFailed] != 3 || kinds[EventBlockRetry] != 2+2+2 || done["a"] != 33 || done["b"] != 20 {
		t.Errorf("told %v, %v", kinds, done)
	}
	stored, err := ReadStatus(s.options().Dir)
	if err != nil || stored.State != StateFailed || len(stored.Tasks[0].Failures) != 3 {
		t.Errorf("status.json: %v, %+v", err, stored)
	}

	// A new run tries them again, and nothing else.
	keep := s.options()
	keep.KeepFailures = true
	if again := s.run(p, keep); again.State != StateFailed || again.Tasks[0].Failed != 3 || again.Tasks[0].Failures[0].Error != "never" {
		t.Errorf("failures were not kept: %+v", again.Tasks[0])
	}
	before := r.total("a")
	broken.Store(false)
	s.finished(s.run(p, s.options()))
	if n := r.total("a") - before; n != 3 {
		t.Errorf("%d blocks were processed again", n)
	}
}

func TestTimeout(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 3))
	p.Tasks[0].Timeout, p.Tasks[0].MaxRetries = 50*time.Millisecond, 0
	s.generations(&p)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	r := newRecorder()
	r.process = func(ctx context.Context, _ string, b geometry.Block) error {
		switch b.Index {
		case 0:
			<-ctx.Done()
			return ctx.Err()
		case 1:
			<-hang // and does not look at ctx
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open})
	status := s.run(p, s.options())
	if a := status.Tasks[0]; a.Failed != 2 || a.Done != 1 || !strings.Contains(a.Failures[1].Error, "timed out after 50ms") {
		t.Errorf("%+v", a)
	}
}

func TestPauseAndResume(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 40), grid(t, 1, 40))
	p.Tasks[0].MaxRetries = 0
	s.generations(&p)
	r := newRecorder()
	var full atomic.Bool
	full.Store(true)
	r.process = func(_ context.Context, _ string, b geometry.Block) error {
		if b.Index == 7 && full.Load() {
			return fault.Environment(errors.New("no space left"))
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, PauseDelay: 10 * time.Millisecond})
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan Status, 1)
	go func() {
		status, err := tracker.Run(s.ctx())
		if err != nil {
			t.Error(err)
		}
		result <- status
	}()
	eventually(t, func() bool {
		now := tracker.Snapshot()
		return now.State == StatePaused && strings.Contains(now.Reason, "no space left")
	})
	full.Store(false)
	status := <-result
	s.finished(status)
	if kinds, _ := s.told(p.Run); kinds[EventRunPaused] != 1 || kinds[EventRunResumed] != 1 || kinds[EventBlockRetry] != 0 {
		t.Errorf("told %v", kinds)
	}
}

func TestGivingUpIsResumable(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 40))
	s.generations(&p)
	r := newRecorder()
	var full atomic.Bool
	full.Store(true)
	r.process = func(_ context.Context, _ string, b geometry.Block) error {
		if b.Index == 7 && full.Load() {
			return fault.Environment(errors.New("no space left"))
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, PauseDelay: 10 * time.Millisecond, PauseLimit: 100 * time.Millisecond})
	status := s.run(p, s.options())
	if status.State != StateStopped || !strings.Contains(status.Reason, "no space left") || status.Tasks[0].Failed != 0 {
		t.Fatalf("%+v", status)
	}
	full.Store(false)
	s.finished(s.run(p, s.options()))
}

func TestFullDiskPausesDispatch(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 40))
	s.generations(&p)
	s.work(p.Run, WorkerOptions{Open: noop})
	opts := s.options()
	opts.MinFree, opts.PauseLimit = 1<<60, 200*time.Millisecond
	status := s.run(p, opts)
	if status.State != StateStopped || !strings.Contains(status.Reason, "MiB free") {
		t.Fatalf("%+v", status)
	}
	s.finished(s.run(p, s.options()))
}

func TestDiskBallast(t *testing.T) {
	dir := t.TempDir()
	free := int64(1 << 30)
	d := newDisk(TrackerOptions{Dir: dir, DiskPath: dir, MinFree: 100, BallastSize: 50})
	d.free = func(string) (int64, error) { return free, nil }
	ballast := func() bool { _, err := os.Stat(filepath.Join(dir, "ballast")); return err == nil }
	at := time.Now()
	check := func(want bool, wantBallast bool) {
		t.Helper()
		at = at.Add(time.Second)
		if got := d.check(at) != ""; got != want || ballast() != wantBallast {
			t.Errorf("%d free: pause %v, ballast %v", free, got, ballast())
		}
	}
	check(false, true)
	free = 99
	check(true, false)
	free = 149 // with the ballast it would be too little again
	check(false, false)
	free = 1000
	check(false, true)
}

// A worker that dies with a message: its blocks come again after the ack wait, one by one, and count as crashed.
func TestDeadWorker(t *testing.T) {
	for _, reported := range []bool{false, true} {
		t.Run(fmt.Sprint("reported=", reported), func(t *testing.T) {
			s := newSite(t)
			p := chain("r", grid(t, 0, 30), grid(t, 1, 30))
			s.generations(&p)
			opts := s.options()
			opts.AckWait = time.Second
			done := make(chan Status, 1)
			go func() { done <- s.run(p, opts) }()
			nc := s.connect()
			dead := &puller{nc: nc}
			var w work
			eventually(t, func() bool {
				m, _, err := dead.ask("$JS.API.CONSUMER.MSG.NEXT." + workStream("r", 1) + "." + workConsumer("a"))
				return err == nil && m != nil && json.Unmarshal(m.Data, &w) == nil
			})
			if reported { // and died before the ack
				c := completion{Task: "a", Generation: w.Generation, Epoch: w.Epoch, Attempt: 1,
					Message: w.Blocks[0].First(), Done: w.Blocks, Worker: "dead"}
				if _, err := s.jetStream().Publish(s.ctx(), doneSubject("r", "a"), encode(c)); err != nil {
					t.Fatal(err)
				}
			}
			s.work(p.Run, WorkerOptions{Open: noop})
			s.finished(<-done)
			want := int(w.Blocks.Count())
			if reported {
				want = 0
			}
			if kinds, told := s.told(p.Run); kinds[EventBlockCrashed] != want || told["a"] != 30 || told["b"] != 30 {
				t.Errorf("told %v, %v; %d crashed", kinds, told, want)
			}
		})
	}
}

// A worker that was stopped for longer than its hold notices before it commits.
func TestFence(t *testing.T) {
	hs := newHolds(nil, 100*time.Millisecond)
	h := hs.add("", time.Now())
	ctx := h.context()
	if ctx.Err() != nil || h.expired() {
		t.Fatal("expired at once")
	}
	h.confirmed(time.Now().Add(time.Hour))
	time.Sleep(120 * time.Millisecond)
	if ctx.Err() != nil {
		t.Fatal("expired although confirmed")
	}
	h = hs.add("", time.Now().Add(-80*time.Millisecond))
	derived, cancel := context.WithCancel(h.context())
	defer cancel()
	if h.context().Err() == nil || derived.Err() == nil {
		t.Error("not expired")
	}
	h.confirmed(time.Now().Add(time.Hour))
	if !h.expired() {
		t.Error("a lost hold came back")
	}
}

// The journals of a killed program say which blocks it had: they go alone.
func TestJournalOfTheDead(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 30))
	s.generations(&p)
	dir := s.options().JournalDir
	j, err := openJournal(dir, "dead")
	if err != nil {
		t.Fatal(err)
	}
	alive, err := openJournal(dir, "alive")
	if err != nil {
		t.Fatal(err)
	}
	hit := work{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Blocks: Ranges{{3, 4}}}
	for _, j := range []*journal{j, alive} {
		if err := j.note(journalEntry{"r", "w", hit}); err != nil {
			t.Fatal(err)
		}
		hit.Blocks = Ranges{{20, 4}}
	}
	j.file.Close() // as the kernel does
	s.work(p.Run, WorkerOptions{Open: noop, JournalDir: dir})
	s.finished(s.run(p, s.options()))
	second := map[int64]bool{}
	err = Events(s.ctx(), s.jetStream(), "r", false, func(e Event) error {
		if e.Kind == EventBlockDone && e.Attempt == 2 {
			if e.Blocks.Count() != 1 {
				t.Errorf("%v went together", e.Blocks)
			}
			second[e.Blocks[0].First()] = true
		}
		return nil
	})
	if err != nil || len(second) != 4 || !second[3] || !second[6] {
		t.Errorf("tried a second time: %v, %v", second, err)
	}
	if _, err := os.Stat(j.path); err == nil {
		t.Error("the journal of the dead was left")
	}
	if _, err := os.Stat(alive.path); err != nil {
		t.Error("the journal of the living was removed")
	}
}

// Trackers die again and again, at any point; the last one finds everything done, each block told once.
func TestTrackerDies(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 12, 12, 12)
	p := chain("r", g, g)
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(100 * time.Microsecond); return nil }
	s.work(p.Run, WorkerOptions{Open: r.open})
	rng := rand.New(rand.NewPCG(1, 2))
	deaths := 0
	for range 12 {
		nc, err := s.server.Conn("mortal")
		if err != nil {
			t.Fatal(err)
		}
		tracker, err := NewTracker(nc, p, s.options())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rng.IntN(120))*time.Millisecond, nc.Close)
		if _, err := tracker.Run(s.ctx()); err != nil {
			deaths++
		}
	}
	t.Log(deaths, "deaths")
	s.finished(s.run(p, s.options()))
	if _, done := s.told(p.Run); done["a"] != g.Len() || done["b"] != g.Len() {
		t.Errorf("told %v", done)
	}
}

// The whole program dies and comes back: server, tracker, worker.
func TestServerRestartsBetween(t *testing.T) {
	s := newSite(t)
	g := grid(t, 1, 10, 10, 10)
	p := chain("r", g, g)
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(200 * time.Microsecond); return nil }
	for i := range 4 {
		stop := s.work(p.Run, WorkerOptions{Open: r.open})
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(20+40*i)*time.Millisecond)
		tracker, err := NewTracker(s.connect(), p, s.options())
		if err != nil {
			t.Fatal(err)
		}
		status, err := tracker.Run(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if status.State != StateStopped && status.State != StateDone {
			t.Errorf("state is %s", status.State)
		}
		stop()
		s.server.Close()
		s.start()
	}
	s.work(p.Run, WorkerOptions{Open: r.open})
	s.finished(s.run(p, s.options()))
	if r.total("a") != 1000 || r.total("b") != 1000 {
		t.Errorf("a graceful stop lost work: %d, %d", r.total("a"), r.total("b"))
	}
	s.told(p.Run)
}

// A server that other processes share is restarted in the middle: the queue is lost, a new epoch begins.
func TestServerRestartsDuring(t *testing.T) {
	s := newSite(t)
	address := strings.TrimPrefix(s.server.URL(), "nats://")
	token, err := os.ReadFile(s.server.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	remote := func() *nats.Conn {
		nc, err := nats.Connect(address, nats.Token(strings.TrimSpace(string(token))), nats.MaxReconnects(-1),
			nats.ReconnectWait(20*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	g := grid(t, 1, 10, 10, 10)
	p := chain("r", g, g)
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(time.Millisecond); return nil }
	w, err := NewWorker(remote(), p.Run, WorkerOptions{Open: r.open, Slots: 2, Logger: s.log, UntilDone: true})
	if err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- w.Run(context.Background()) }()
	tracker, err := NewTracker(remote(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan Status, 1)
	go func() {
		status, err := tracker.Run(context.Background())
		if err != nil {
			t.Error(err)
		}
		result <- status
	}()
	eventually(t, func() bool { return tracker.Snapshot().Tasks[0].Done > 100 })
	s.server.Close()
	time.Sleep(100 * time.Millisecond)
	s.server, err = embedded.Start(s.ctx(), embedded.Options{Dir: s.dir + "/nats", Logger: s.log, Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	status := <-result
	s.finished(status)
	if status.Epoch < 2 {
		t.Errorf("epoch %d", status.Epoch)
	}
	if err := <-worked; err != nil {
		t.Error(err)
	}
	if _, done := s.told(p.Run); done["a"] != 1000 || done["b"] != 1000 {
		t.Errorf("told %v", done)
	}
}

// Messages that do not belong to this life are dropped, whoever sends them.
func TestStrangeMessages(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 300))
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(time.Millisecond); return nil }
	js := s.jetStream()
	if _, err := openDone(s.ctx(), js, "r"); err != nil {
		t.Fatal(err)
	}
	s.work(p.Run, WorkerOptions{Open: r.open})
	done := make(chan Status, 1)
	go func() { done <- s.run(p, s.options()) }()
	eventually(t, func() bool { return r.total("a") > 10 })
	generation := p.Tasks[0].Generation
	for i, w := range []work{
		{Task: "a", Generation: "OLD", Epoch: 1, Attempt: 1, Blocks: Ranges{{0, 300}}},
		{Task: "a", Generation: generation, Epoch: 7, Attempt: 1, Blocks: Ranges{{0, 300}}},
		{Task: "x", Generation: generation, Epoch: 1, Attempt: 1, Blocks: Ranges{{0, 300}}},
		{Task: "a", Generation: generation, Epoch: 1, Attempt: 1},
	} {
		if _, err := js.Publish(s.ctx(), workSubject("r", 1, "a", "strange", int64(i)), encode(w)); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range [][]byte{
		[]byte("garbage"),
		encode(completion{Task: "a", Generation: "OLD", Epoch: 1, Done: Ranges{{0, 300}}}),
		encode(completion{Task: "a", Generation: generation, Epoch: 1, Done: Ranges{{299, 2}}}),
		encode(completion{Task: "a", Generation: generation, Epoch: 1, Done: Ranges{{-1, 2}}}),
		encode(completion{Task: "a", Generation: generation, Epoch: 1, Failed: []fails{{Block: 300}}}),
		encode(completion{Task: "x", Generation: generation, Epoch: 1, Done: Ranges{{0, 300}}}),
	} {
		if _, err := js.Publish(s.ctx(), doneSubject("r", "a"), data); err != nil {
			t.Fatal(err)
		}
	}
	s.finished(<-done)
	if r.total("a") != 300 {
		t.Errorf("%d blocks were processed", r.total("a"))
	}
}

// Completions that the server counts but no longer has, as after a kill, hold up nothing.
func TestCompletionsThatAreGone(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 8))
	s.generations(&p)
	js := s.jetStream()
	stream, err := openDone(s.ctx(), js, p.Run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(4) {
		c := completion{Task: "a", Generation: p.Tasks[0].Generation, Epoch: 1, Attempt: 1, Message: i, Done: Ranges{{i, 1}}}
		if _, err := js.Publish(s.ctx(), doneSubject(p.Run, "a"), encode(c)); err != nil {
			t.Fatal(err)
		}
	}
	for _, sequence := range []uint64{2, 4} {
		if err := stream.DeleteMsg(s.ctx(), sequence); err != nil {
			t.Fatal(err)
		}
	}
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open})
	s.finished(s.run(p, s.options()))
	if r.total("a") != 6 {
		t.Errorf("%d blocks were processed; of 8, 2 had been told done", r.total("a"))
	}
}

// A task never has more messages out than it may, new attempts included.
func TestCapHoldsForRetries(t *testing.T) {
	p := chain("r", grid(t, 0, 6))
	p.Tasks[0].MaxWorkers, p.Tasks[0].MaxRetries = 2, 3
	b := newBoard(p, testPolicy())
	b.epoch = 1
	task, now := b.tasks[0], time.Unix(1000, 0)
	for i := range int64(4) {
		task.out.Set(i)
		task.wait(i, now)
	}
	published := 0
	for {
		if _, ok := b.due(now.Add(time.Second)); !ok {
			break
		}
		published++
	}
	if published != 2 || !task.full() {
		t.Errorf("%d attempts were published at once; 2 may be", published)
	}
	clear(task.messages)
	b.comeDue()
	if _, ok := b.due(now.Add(time.Second)); !ok {
		t.Error("an attempt that had to wait for others never comes")
	}
}

// Work that vanishes from the queue is found and published again.
func TestSweep(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 30), grid(t, 1, 30))
	s.generations(&p)
	done := make(chan Status, 1)
	go func() { done <- s.run(p, s.options()) }()
	js := s.jetStream()
	eventually(t, func() bool {
		w, err := js.Stream(s.ctx(), workStream("r", 1))
		return err == nil && w.CachedInfo().State.Msgs > 0 && w.Purge(s.ctx()) == nil
	})
	s.work(p.Run, WorkerOptions{Open: noop})
	s.finished(<-done)
}

func TestGracefulStop(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 60))
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(30 * time.Millisecond); return nil }
	stop := s.work(p.Run, WorkerOptions{Open: r.open})
	ctx, cancel := context.WithCancel(context.Background())
	tracker, err := NewTracker(s.connect(), p, s.options())
	if err != nil {
		t.Fatal(err)
	}
	var began time.Time
	go func() {
		for r.total("a") < 5 {
			time.Sleep(time.Millisecond)
		}
		began = time.Now()
		cancel()
		stop()
	}()
	status, err := tracker.Run(ctx)
	if err != nil || status.State != StateStopped {
		t.Fatalf("%v, %+v", err, status)
	}
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("the stop took %v", took)
	}
	if n := r.total("a"); int64(n) != status.Tasks[0].Done || n == 60 || n == 0 {
		t.Errorf("%d blocks were processed, %d are done", n, status.Tasks[0].Done)
	}
	s.work(p.Run, WorkerOptions{Open: r.open})
	s.finished(s.run(p, s.options()))
	if n := r.total("a"); n != 60 {
		t.Errorf("%d blocks were processed", n)
	}
}

func TestTwoRunsInOneServer(t *testing.T) {
	s := newSite(t)
	var results []chan Status
	for i, run := range []string{"one", "one two"} {
		p := chain(run, grid(t, 1, 200+i), grid(t, 1, 200+i))
		s.generations(&p)
		s.work(run, WorkerOptions{Open: noop})
		opts := s.options()
		opts.Dir = filepath.Join(s.dir, "run", token(run))
		c := make(chan Status, 1)
		go func() { c <- s.run(p, opts) }()
		results = append(results, c)
	}
	for _, c := range results {
		s.finished(<-c)
	}
	js := s.jetStream()
	runs, err := Runs(s.ctx(), js)
	if err != nil || len(runs) != 2 {
		t.Fatalf("%v, %v", runs, err)
	}
	if err := DeleteRun(s.ctx(), js, "one"); err != nil {
		t.Fatal(err)
	}
	if runs, err = Runs(s.ctx(), js); err != nil || len(runs) != 1 || runs[0] != "one two" {
		t.Fatalf("%v, %v", runs, err)
	}
}

func TestOneTrackerLeads(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 10))
	s.generations(&p)
	opts := s.options()
	opts.Exclusive = false
	first, err := TakeLease(s.ctx(), s.jetStream(), "r", LeaseOptions{TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	s.work(p.Run, WorkerOptions{Open: noop})
	tracker, err := NewTracker(s.connect(), p, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tracker.Run(s.ctx()); !errors.Is(err, ErrLeaseHeld) {
		t.Fatalf("got %v", err)
	}
	opts.Standby = true // until the first one's lease is not renewed any more
	ctx, cancel := first.Context(s.ctx())
	defer cancel()
	first.renewing.Lock()
	time.AfterFunc(2*time.Second, first.renewing.Unlock)
	s.finished(s.run(p, opts))
	if err := first.renew(s.ctx()); !errors.Is(err, ErrConflict) {
		t.Errorf("the first one still leads: %v", err)
	}
	if <-ctx.Done(); !errors.Is(context.Cause(ctx), ErrLeaseLost) || !errors.Is(first.Err(), ErrLeaseLost) {
		t.Errorf("what the first one did ended with %v, its lease with %v", context.Cause(ctx), first.Err())
	}
	if err := first.Release(s.ctx()); err != nil {
		t.Error(err)
	}
}

func TestMaxWorkers(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 60))
	p.Tasks[0].MaxWorkers = 2
	s.generations(&p)
	r := newRecorder()
	var at, most atomic.Int64
	r.process = func(context.Context, string, geometry.Block) error {
		n := at.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		at.Add(-1)
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open, Slots: 6})
	s.finished(s.run(p, s.options()))
	if most.Load() != 2 {
		t.Errorf("%d blocks were in work at once", most.Load())
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("did not happen")
		}
	}
}

// An output that somebody else has taken over ends the run once; no block is failed for it.
func TestTakenOverStopsTheRun(t *testing.T) {
	s := newSite(t)
	p := chain("r", grid(t, 0, 40), grid(t, 0, 40))
	s.generations(&p)
	r := newRecorder()
	var taken atomic.Bool
	taken.Store(true)
	r.process = func(_ context.Context, _ string, b geometry.Block) error {
		if b.Index >= 7 && taken.Load() {
			return fault.TakenOver(errors.New("frags belong to run other"))
		}
		return nil
	}
	s.work(p.Run, WorkerOptions{Open: r.open})
	status := s.run(p, s.options())
	if status.State != StateStopped || !strings.HasSuffix(status.Reason, "frags belong to run other") || strings.Contains(status.Reason, "gave up") {
		t.Fatalf("%+v", status)
	}
	for _, task := range status.Tasks {
		if task.Failed != 0 || task.Orphaned != 0 {
			t.Errorf("%+v", task)
		}
	}
	taken.Store(false)
	s.finished(s.run(p, s.options()))
}

// A worker that dies in the middle of a message, after a part of it was told, frees the message's place: what the next
// holder says of the rest begins at part 0 again.
func TestCrashAfterAPartFreesThePlace(t *testing.T) {
	p := chain("r", grid(t, 0, 8))
	p.Tasks[0].MaxWorkers = 1
	b := newBoard(p, testPolicy())
	task := b.tasks[0]
	now := time.Now()
	for i := range int64(4) {
		task.out.Set(i)
	}
	task.publish(work{Attempt: 1, Blocks: Ranges{{0, 4}}})
	for _, c := range []completion{
		{Part: 0, Done: Ranges{{0, 1}}, Elapsed: time.Second},
		{Part: 0, Crashed: Ranges{{1, 3}}},
	} {
		c.Task, c.Epoch, c.Generation, c.Message, c.Attempt = task.Name, b.epoch, task.Generation, 0, 1
		if _, err := b.fold(c, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(task.messages) != 0 {
		t.Errorf("%d messages are out, of which nobody will say anything", len(task.messages))
	}
	if _, ok := b.due(now.Add(time.Minute)); !ok {
		t.Error("what crashed is not tried again")
	}
}
