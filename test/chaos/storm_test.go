package chaos

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// storm lets several things happen at random times to an `up` and some stages.
func storm(w workload, external bool) scenario {
	return scenario{fmt.Sprintf("a storm over %s; an external server: %v", w.run, external), func(r *round) {
		r.prepare(w)
		if external {
			r.cluster(1)
		}
		s := &weather{round: r}
		s.up = s.lead()
		for range 1 + r.rng.IntN(3) {
			s.join()
		}
		for range 2 + r.rng.IntN(5) {
			r.sleep(20*time.Millisecond, 700*time.Millisecond)
			s.strike()
		}
		s.calm()
		r.resume(s.up, s.lead)
		r.verdict()
	}}
}

// weather is the state of a storm.
type weather struct {
	*round
	up      *process
	stages  []*process
	proxies []*proxy
	passing sync.WaitGroup // disturbances that end by themselves
}

// lead starts an `up`, with a worker of its own or without.
func (s *weather) lead() *process {
	if s.rng.IntN(3) == 0 {
		return s.round.lead()
	}
	return s.round.up(points(slowly), "--workers", "1")
}

// join starts a stage, near or beyond a network that can fail.
func (s *weather) join() {
	if !s.reachable() {
		return // a stage needs a server to begin with
	}
	var args []string
	if s.rng.IntN(2) == 0 {
		p := newProxy(s.round)
		s.proxies = append(s.proxies, p)
		args = []string{"--nats", p.url()}
	}
	if s.rng.IntN(2) == 0 {
		args = append(args, "--stay")
	}
	s.stages = append(s.stages, s.stage(points(slowly), args...))
}

// strike does something.
func (s *weather) strike() {
	lasting := s.between(100*time.Millisecond, 3*ackWait)
	switch s.rng.IntN(8) {
	case 0:
		s.up.kill()
		s.restart()
	case 1:
		s.up.signal(syscall.SIGTERM)
		if status := s.up.ends(upLimit); status > 1 {
			s.Fatalf("%s ended with status %d\n%s", s.up.name, status, s.up.said())
		}
		s.restart()
	case 2:
		if len(s.stages) > 0 {
			pick(s.round, s.stages...).kill()
		}
		s.join()
	case 3:
		if len(s.stages) > 0 {
			s.sleeps(pick(s.round, s.stages...), lasting)
		}
	case 4:
		s.sleeps(s.up, lasting)
	case 5:
		s.disturb(lasting)
	case 6:
		s.passing.Go(func() { s.lockGraph(0, lasting) })
	case 7:
		s.join()
	}
}

// restart starts another `up` when the one before was interrupted.
func (s *weather) restart() {
	s.sleep(0, 500*time.Millisecond)
	s.up = s.lead()
}

// sleeps stops a process for a while.
func (s *weather) sleeps(p *process, lasting time.Duration) {
	p.pause()
	s.passing.Go(func() {
		time.Sleep(lasting)
		p.wake()
	})
}

// disturb lets a network fail for a while.
func (s *weather) disturb(lasting time.Duration) {
	if len(s.proxies) == 0 {
		return
	}
	p, reset := pick(s.round, s.proxies...), s.rng.IntN(2) == 0
	n := pick(s.round, network{cut: true}, network{upStalls: true}, network{downStalls: true},
		network{upStalls: true, downStalls: true}, network{delay: 20 * time.Millisecond})
	s.note("the network at %s: %+v for %v", p.url(), n, lasting)
	p.set(n)
	s.passing.Go(func() {
		time.Sleep(lasting)
		p.heal(reset)
	})
}

// calm waits until what passes has passed, and sees to it that there is a worker.
func (s *weather) calm() {
	s.passing.Wait()
	if s.up.alive() {
		s.stages = append(s.stages, s.stage(nil))
	}
}

// lockGraph holds the lock of the graph's database, once it is there.
func (r *round) lockGraph(after, lasting time.Duration) {
	time.Sleep(after)
	path := filepath.Join(r.dir, "volume.zarr", "graph.sqlite")
	if !exists(path) {
		return
	}
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=3000")
	if err != nil {
		r.Error(err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		r.note("the graph could not be locked: %v", err)
		return
	}
	r.note("the graph is locked for %v", lasting)
	time.Sleep(lasting)
	if _, err := db.Exec("ROLLBACK"); err != nil {
		r.Error(err)
	}
}
