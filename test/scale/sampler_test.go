package scale

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"volara/stream"
)

// measured is what a process took, in seconds and bytes; memory and disk at their highest.
type measured struct {
	First, Wall float64 // until the first block, until the end; the start of the server included
	Processed   int64
	Heap, RSS   float64 // what the garbage collector found alive; what the process held
	Store       float64 // JetStream's files
	Queue       float64 // JetStream's memory
	Status      float64 // how long it took to read the status of the run
	StatusBytes float64
	EventBytes  float64 // of events.jsonl and its elders
}

// A sampler looks at its process every so often.
type sampler struct {
	counters
	dir, runDir string
	js          jetstream.JetStream
	stop        chan struct{}
	sampling    sync.WaitGroup

	mu  sync.Mutex
	max measured
}

const samplePeriod = 200 * time.Millisecond

// newSampler begins to count time.
func newSampler(dir string) *sampler {
	return &sampler{counters: counters{began: time.Now()}, dir: dir, runDir: filepath.Join(dir, "run"), stop: make(chan struct{})}
}

// start samples until end.
func (s *sampler) start(nc *nats.Conn) (err error) {
	if s.js, err = jetstream.New(nc); err != nil {
		return err
	}
	s.sampling.Go(func() {
		tick := time.NewTicker(samplePeriod)
		defer tick.Stop()
		for {
			s.sample()
			select {
			case <-s.stop:
				return
			case <-tick.C:
			}
		}
	})
	return nil
}

// end returns what was measured.
func (s *sampler) end() measured {
	wall := time.Since(s.began)
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.sampling.Wait()
	s.sample()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.max
	m.First, m.Wall, m.Processed = time.Duration(s.first.Load()).Seconds(), wall.Seconds(), s.processed.Load()
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) == nil {
		m.RSS = float64(usage.Maxrss) * 1024
	}
	return m
}

// sample looks once.
func (s *sampler) sample() {
	var m measured
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	m.Heap = float64(live[0].Value.Uint64())
	m.Store = filesBelow(filepath.Join(s.dir, "nats"))
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if info, err := s.js.AccountInfo(ctx); err == nil {
		m.Queue = float64(info.Memory)
	}
	began := time.Now()
	if _, err := stream.ReadStatus(s.runDir); err == nil {
		m.Status = time.Since(began).Seconds()
	}
	if info, err := os.Stat(filepath.Join(s.runDir, "status.json")); err == nil {
		m.StatusBytes = float64(info.Size())
	}
	events, _ := filepath.Glob(filepath.Join(s.runDir, "events.jsonl*"))
	for _, path := range events {
		if info, err := os.Stat(path); err == nil {
			m.EventBytes += float64(info.Size())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max.Heap, s.max.Store, s.max.Queue = max(s.max.Heap, m.Heap), max(s.max.Store, m.Store), max(s.max.Queue, m.Queue)
	s.max.Status, s.max.StatusBytes = max(s.max.Status, m.Status), max(s.max.StatusBytes, m.StatusBytes)
	s.max.EventBytes = max(s.max.EventBytes, m.EventBytes)
}

// filesBelow returns the disk space that files take; what vanishes meanwhile is not counted.
func filesBelow(dir string) float64 {
	total := 0.0
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		var stat unix.Stat_t
		if err == nil && !e.IsDir() && unix.Stat(path, &stat) == nil {
			total += float64(stat.Blocks) * 512
		}
		return nil
	})
	return total
}
