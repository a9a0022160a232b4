package stream

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/embedded"
	"volara/geometry"
)

// A site is a server with what is needed to run plans on it.
type site struct {
	testing.TB
	dir    string
	server *embedded.Server
	log    *slog.Logger
}

func newSite(t testing.TB) *site {
	s := &site{TB: t, dir: t.TempDir(), log: slog.New(slog.DiscardHandler)}
	if os.Getenv("VOLARA_TEST_LOG") != "" {
		s.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s.start()
	t.Cleanup(func() { s.server.Close() })
	return s
}

func (s *site) start() {
	s.Helper()
	var err error
	s.server, err = embedded.Start(context.Background(), embedded.Options{Dir: s.dir + "/nats", Logger: s.log})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) connect(opts ...nats.Option) *nats.Conn {
	s.Helper()
	nc, err := s.server.Conn("test", opts...)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(nc.Close)
	return nc
}

func (s *site) jetStream() jetstream.JetStream {
	s.Helper()
	js, err := jetstream.New(s.connect())
	if err != nil {
		s.Fatal(err)
	}
	return js
}

// generations gives every task of the plan that has none its generation, and fills in the current ones.
func (s *site) generations(p *Plan) {
	s.Helper()
	state, err := OpenState(context.Background(), s.jetStream(), p.Run)
	if err != nil {
		s.Fatal(err)
	}
	all, err := state.Generations(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	for i := range p.Tasks {
		g, ok := all[p.Tasks[i].Name]
		if !ok {
			if g, err = state.Begin(context.Background(), p.Tasks[i].Name, json.RawMessage(`{}`)); err != nil {
				s.Fatal(err)
			}
		}
		p.Tasks[i].Generation = g.ID
	}
}

// grid returns a grid of unit blocks.
func grid(t testing.TB, context int, counts ...int) geometry.Grid {
	t.Helper()
	n := len(counts)
	g, err := geometry.NewGrid(geometry.NewRoi(geometry.Fill(n, 0), counts), geometry.Fill(n, 1),
		geometry.Fill(n, context), geometry.Fill(n, context), geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// chain returns a plan of tasks a, b, …, each reading the one before with its grid's context.
func chain(run string, grids ...geometry.Grid) Plan {
	p := Plan{Run: run, Spec: json.RawMessage(`{}`)}
	for i, g := range grids {
		t := Task{Name: string(rune('a' + i)), Grid: g, Select: g.All(), MaxRetries: 2}
		if i > 0 {
			t.Upstream = []Dependency{{Task: p.Tasks[i-1].Name}}
		}
		p.Tasks = append(p.Tasks, t)
	}
	return p
}

// A recorder counts how often each block was processed, and by what rules it fails.
type recorder struct {
	mu      sync.Mutex
	count   map[string]map[int64]int
	process func(ctx context.Context, task string, b geometry.Block) error
	masked  func(task string, block int64) bool // nil: no block is
	closed  int
}

func newRecorder() *recorder { return &recorder{count: map[string]map[int64]int{}} }

func (r *recorder) open(ctx context.Context, spec json.RawMessage, task string) (Processor, error) {
	return recorded{r, task}, nil
}

func (r *recorder) total(task string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, c := range r.count[task] {
		n += c
	}
	return n
}

type recorded struct {
	*recorder
	task string
}

func (p recorded) Process(ctx context.Context, b geometry.Block) (Result, error) {
	p.mu.Lock()
	if p.count[p.task] == nil {
		p.count[p.task] = map[int64]int{}
	}
	p.count[p.task][b.Index]++
	p.mu.Unlock()
	if p.process != nil {
		if err := p.process(ctx, p.task, b); err != nil {
			return Result{}, err
		}
	}
	masked := p.masked != nil && p.masked(p.task, b.Index)
	return Result{Timings: Timings{Compute: time.Microsecond}, Masked: masked}, nil
}

func (p recorded) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed++
	return nil
}

// work runs a worker until the returned function is called, which waits for it.
func (s *site) work(run string, opts WorkerOptions) (stop func()) {
	s.Helper()
	if opts.Logger == nil {
		opts.Logger = s.log
	}
	if opts.Slots == 0 {
		opts.Slots = 2
	}
	w, err := NewWorker(s.connect(), run, opts)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				s.Error(err)
			}
		})
	}
	s.Cleanup(stop)
	return stop
}

// options are those of a tracker in a test.
func (s *site) options() TrackerOptions {
	return TrackerOptions{
		Dir: s.dir + "/run", JournalDir: s.dir + "/journals", Exclusive: true, Logger: s.log, BallastSize: 1 << 10,
		RetryDelays: []time.Duration{time.Millisecond}, MinFree: 1,
	}
}

// run tracks the plan to its end.
func (s *site) run(p Plan, opts TrackerOptions) Status {
	s.Helper()
	t, err := NewTracker(s.connect(), p, opts)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	status, err := t.Run(ctx)
	if err != nil {
		s.Fatal(err)
	}
	return status
}

// finished fails the test unless every block is done.
func (s *site) finished(status Status) {
	s.Helper()
	if status.State != StateDone {
		s.Fatalf("state is %s (%s): %+v", status.State, status.Reason, status.Tasks)
	}
	for _, t := range status.Tasks {
		if t.Done != t.Total || t.Failed != 0 || t.Orphaned != 0 || t.Running != 0 {
			s.Errorf("task %s: %+v", t.Name, t)
		}
	}
}

type nothing struct{}

func (nothing) Process(context.Context, geometry.Block) (Result, error) { return Result{}, nil }
func (nothing) Close() error                                            { return nil }

func noop(context.Context, json.RawMessage, string) (Processor, error) { return nothing{}, nil }
