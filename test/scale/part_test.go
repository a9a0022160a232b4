package scale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"volara/embedded"
	"volara/geometry"
	"volara/stream"
)

// play does a part and prints what was measured.
func play(text string) error {
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	s := newSampler(p.Dir)
	server, err := embedded.Start(context.Background(), embedded.Options{Dir: filepath.Join(p.Dir, "nats"), Logger: quiet()})
	if err != nil {
		return err
	}
	nc, err := server.Conn("scale")
	if err != nil {
		return err
	}
	status, err := p.run(nc, s)
	if err == nil && status.State != stream.StateDone {
		err = fmt.Errorf("the run is %s: %s", status.State, status.Reason)
	}
	nc.Close()
	if err := errors.Join(err, server.Close()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s.end())
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// run tracks and works on the run to its end, or to the death of the process.
func (p part) run(nc *nats.Conn, s *sampler) (stream.Status, error) {
	ctx := context.Background()
	plan, err := p.plan(ctx, nc)
	if err != nil {
		return stream.Status{}, err
	}
	tracker, err := stream.NewTracker(nc, plan, stream.TrackerOptions{
		Dir: s.runDir, JournalDir: filepath.Join(p.Dir, "journal"), Exclusive: true, Logger: quiet(),
	})
	if err != nil {
		return stream.Status{}, err
	}
	worker, err := stream.NewWorker(nc, plan.Run, stream.WorkerOptions{
		Slots: p.Slots, JournalDir: filepath.Join(p.Dir, "journal"), Logger: quiet(),
		Open: func(context.Context, json.RawMessage, string) (stream.Processor, error) { return consumer{p, s}, nil },
	})
	if err != nil {
		return stream.Status{}, err
	}
	if err := s.start(nc); err != nil {
		return stream.Status{}, err
	}
	working, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() { worked <- worker.Run(working) }()
	status, err := tracker.Run(ctx)
	stop()
	return status, errors.Join(err, <-worked)
}

// plan returns two stages of blocks of one voxel, the second of which reads the first with a block of context.
func (p part) plan(ctx context.Context, nc *nats.Conn) (stream.Plan, error) {
	n := len(p.Counts)
	plan := stream.Plan{Run: "scale", Spec: json.RawMessage("{}")}
	js, err := jetstream.New(nc)
	if err != nil {
		return plan, err
	}
	state, err := stream.OpenState(ctx, js, plan.Run)
	if err != nil {
		return plan, err
	}
	for i, name := range []string{"first", "second"} {
		g, err := state.Generation(ctx, name)
		if errors.Is(err, stream.ErrNoGeneration) {
			g, err = state.Begin(ctx, name, json.RawMessage("{}"))
		}
		if err != nil {
			return plan, err
		}
		grid, err := geometry.NewGrid(geometry.NewRoi(geometry.Fill(n, 0), p.Counts), geometry.Fill(n, 1), geometry.Fill(n, i),
			geometry.Fill(n, i), geometry.FitShrink)
		if err != nil {
			return plan, err
		}
		t := stream.Task{Name: name, Generation: g.ID, Grid: grid, Select: grid.All(), Tile: p.Tile}
		if i > 0 {
			t.Upstream = []stream.Dependency{{Task: plan.Tasks[0].Name}}
		}
		plan.Tasks = append(plan.Tasks, t)
	}
	return plan, nil
}

// A consumer does nothing but count its blocks, and dies with its process when it is told to.
type consumer struct {
	part part
	s    *sampler
}

func (c consumer) Process(context.Context, geometry.Block) (stream.Result, error) {
	switch n := c.s.processed.Add(1); n {
	case 1:
		c.s.first.Store(int64(time.Since(c.s.began)))
	case c.part.Kill:
		m := c.s.end()
		if err := json.NewEncoder(os.Stdout).Encode(m); err != nil {
			return stream.Result{}, err
		}
		return stream.Result{}, unix.Kill(unix.Getpid(), unix.SIGKILL)
	}
	return stream.Result{}, nil
}

func (c consumer) Close() error { return nil }

var _ stream.Processor = consumer{}

// counters are what consumers and sampler share.
type counters struct {
	began     time.Time
	processed atomic.Int64
	first     atomic.Int64 // nanoseconds until the first block was in work
}
