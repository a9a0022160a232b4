package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"volara/geometry"
)

// A referee is a processor's process that fails the test when blocks that conflict are at work at once. A block takes a
// random time, and ends early when its hold is lost, as every processor does before it commits.
type referee struct {
	testing.TB
	grid    geometry.Grid
	longest time.Duration

	mu     sync.Mutex
	atWork map[int64]geometry.Block
	most   int
}

func newReferee(t testing.TB, g geometry.Grid, longest time.Duration) *referee {
	return &referee{TB: t, grid: g, longest: longest, atWork: map[int64]geometry.Block{}}
}

// together returns how many blocks were at work at once, at most.
func (r *referee) together() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

func (r *referee) process(ctx context.Context, _ string, b geometry.Block) error {
	r.mu.Lock()
	for _, o := range r.atWork {
		if o.Index == b.Index || o.ReadROI.Meets(b.WriteROI) || b.ReadROI.Meets(o.WriteROI) {
			r.Errorf("%v and %v are at work at once", o, b)
		}
	}
	r.atWork[b.Index] = b
	r.most = max(r.most, len(r.atWork))
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.atWork, b.Index)
		r.mu.Unlock()
	}()
	for end := time.Now().Add(rand.N(r.longest)); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func conflicting(t testing.TB, counts ...int) Plan {
	p := chain("r", grid(t, 1, counts...))
	p.Tasks[0].Conflict = true
	return p
}

// Trackers die again and again, workers are cut off in the middle: what is at work never meets what is given out next.
func TestTrackersDieAmongConflicts(t *testing.T) {
	s := newSite(t)
	p := conflicting(t, 24, 24)
	s.generations(&p)
	judge := newReferee(t, p.Tasks[0].Grid, 30*time.Millisecond)
	r := newRecorder()
	r.process = judge.process
	opts := s.options()
	opts.AckWait, opts.MaxCrashes = 500*time.Millisecond, 1000
	s.work(p.Run, WorkerOptions{Open: r.open, Slots: 6, Name: "w"})
	deaths := 0
	for i := range 4 {
		cut := s.mortalWorker(p.Run, WorkerOptions{Open: r.open, Slots: 6, Name: fmt.Sprint("w", i), Logger: s.log})
		time.AfterFunc(rand.N(600*time.Millisecond), cut)
		nc, err := s.server.Conn("mortal")
		if err != nil {
			t.Fatal(err)
		}
		tracker, err := NewTracker(nc, p, opts)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(150*time.Millisecond+rand.N(600*time.Millisecond), nc.Close)
		if _, err := tracker.Run(s.ctx()); err != nil {
			deaths++
		}
	}
	if deaths == 0 {
		t.Error("no tracker died")
	}
	t.Log(deaths, "deaths;", judge.together(), "blocks at work at most")
	s.finished(s.run(p, opts))
	if _, done := s.told(p.Run); done["a"] != 576 {
		t.Errorf("told %v", done)
	}
	if judge.together() < 2 {
		t.Error("blocks that do not conflict did not run together")
	}
}

// leadAndDie runs a tracker until blocks are at work, and then lets it die as a killed program does.
func (s *site) leadAndDie(p Plan, opts TrackerOptions, r *recorder) {
	s.Helper()
	nc, err := s.server.Conn("mortal")
	if err != nil {
		s.Fatal(err)
	}
	tracker, err := NewTracker(nc, p, opts)
	if err != nil {
		s.Fatal(err)
	}
	before := r.total("a")
	go func() {
		defer nc.Close()
		for deadline := time.Now().Add(20 * time.Second); r.total("a") < before+5 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := tracker.Run(s.ctx()); err == nil {
		s.Fatal("the tracker did not die")
	}
}

// A new tracker waits for workers that it cannot see, and for nobody else: not for workers whose journals say that they
// are dead or idle, and not after a run that has ended well.
func TestWhoIsWaitedFor(t *testing.T) {
	const ackWait = 800 * time.Millisecond
	for _, c := range []struct {
		name     string
		journals bool // of the first run's worker
		alive    bool // somebody else's process has a journal
		shared   bool // the second tracker does not have the server to itself
		twice    bool // a tracker has died in its wait
		orderly  bool // the first run came to its end
		waits    bool
	}{
		{name: "guest", waits: true},
		{name: "guest, twice", twice: true, waits: true},
		{name: "journal of the dead", journals: true},
		{name: "journal of the living", journals: true, alive: true, waits: true},
		{name: "shared server", journals: true, shared: true, waits: true},
		{name: "orderly", orderly: true},
		{name: "orderly, shared", orderly: true, shared: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			p := conflicting(t, 40)
			s.generations(&p)
			r := newRecorder()
			r.process = func(context.Context, string, geometry.Block) error { time.Sleep(2 * time.Millisecond); return nil }
			opts := s.options()
			opts.AckWait, opts.LeaseTTL = ackWait, time.Second
			worker := WorkerOptions{Open: r.open, Name: "w"}
			if c.journals {
				worker.JournalDir = opts.JournalDir
			}
			stop := s.work(p.Run, worker)
			if c.orderly {
				part := p
				part.Tasks = append([]Task{}, p.Tasks...)
				part.Tasks[0].Select.Shape = geometry.Coordinate{20}
				s.finished(s.run(part, opts))
			} else {
				s.leadAndDie(p, opts, r)
			}
			stop()
			if !c.shared {
				s.server.Close()
				s.start()
			}
			if c.twice {
				nc := s.connect()
				tracker, err := NewTracker(nc, p, opts)
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(300*time.Millisecond, nc.Close)
				if _, err := tracker.Run(s.ctx()); err == nil {
					t.Fatal("the tracker did not die")
				}
				s.server.Close()
				s.start()
			}
			if c.alive {
				path := filepath.Join(opts.JournalDir, "x-1-2"+journalSuffix)
				j, err := openJournal(opts.JournalDir, "x")
				if err != nil {
					t.Fatal(err)
				}
				defer j.file.Close()
				if err := os.Rename(j.path, path); err != nil {
					t.Fatal(err)
				}
			}
			opts.Exclusive = !c.shared
			worker.JournalDir = opts.JournalDir
			s.work(p.Run, worker)
			began, before := time.Now(), r.total("a")
			first := make(chan time.Duration, 1)
			go func() {
				for r.total("a") == before {
					time.Sleep(time.Millisecond)
				}
				first <- time.Since(began)
			}()
			if c.shared {
				opts.Standby = true // until the dead tracker's lease has expired
			}
			s.finished(s.run(p, opts))
			if waited := <-first; c.waits != (waited >= silence(ackWait)) {
				t.Errorf("the first block began after %v", waited)
			}
			if record := recordOf(s, p.Run); record.Strays || record.Busy || !record.Ended {
				t.Errorf("at the end the record says strays %v, busy %v, ended %v", record.Strays, record.Busy, record.Ended)
			}
		})
	}
}

// mortalWorker runs a worker until its connection is cut for good; what it has in work goes on until it notices.
func (s *site) mortalWorker(run string, opts WorkerOptions) (cut func()) {
	s.Helper()
	nc := s.connect()
	w, err := NewWorker(nc, run, opts)
	if err != nil {
		s.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(context.Background()); err == nil {
			s.Error("a worker did not notice that it was cut off")
		}
	}()
	s.Cleanup(func() { nc.Close(); <-done })
	return nc.Close
}

func recordOf(s *site, run string) runRecord {
	s.Helper()
	record, err := readRecord(s.ctx(), s.jetStream(), run)
	if err != nil {
		s.Fatal(err)
	}
	return record
}

func TestForeignJournals(t *testing.T) {
	j, err := openJournal(t.TempDir(), "odd-name-7_x")
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	if foreign(j.path) {
		t.Errorf("%s is taken for another process's", j.path)
	}
	for _, path := range []string{"w-1-23.journal", "dir/w-0-1.journal", ".journal", "w.journal", fmt.Sprintf("w-%d1-5.journal", os.Getpid())} {
		if !foreign(path) {
			t.Errorf("%s is taken for our own", path)
		}
	}
}
