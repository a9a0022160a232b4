package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"sync"

	"volara/geometry"
	"volara/stages"
	"volara/stream"
	"volara/zarr"
)

// Opener opens the processors of a run's tasks in one worker process. Its databases and its cache of decoded chunks are
// shared by all of them. It is safe for concurrent use.
type Opener struct {
	types      map[string]stages.Factory
	log        *slog.Logger
	cacheBytes int
	slots      int // blocks in work at once, which share the cache

	mu      sync.Mutex
	text    string // the specification that plan was made from
	plan    *Plan
	gens    map[string]string
	graphs  *stages.Graphs
	helpers *zarr.Helpers
	cache   *zarr.Cache // of one specification: chunks read in earlier runs must not be seen
}

// NewOpener returns an opener whose processors share a cache of cacheBytes bytes of decoded chunks.
// slots is how many blocks the worker has in work at once.
func NewOpener(types map[string]stages.Factory, cacheBytes, slots int, log *slog.Logger) *Opener {
	return &Opener{types: types, log: log, cacheBytes: cacheBytes, slots: slots, helpers: zarr.NewHelpers(runtime.GOMAXPROCS(0) - 1)}
}

// Open is a stream.Opener: it opens a task as it is configured, in this process or in children.
func (o *Opener) Open(ctx context.Context, text json.RawMessage, task string) (stream.Processor, error) {
	return o.open(ctx, text, task, false)
}

// openHere opens a task in this process, however it is configured.
func (o *Opener) openHere(ctx context.Context, text json.RawMessage, task string) (stream.Processor, error) {
	return o.open(ctx, text, task, true)
}

func (o *Opener) open(ctx context.Context, text json.RawMessage, task string, here bool) (stream.Processor, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.load(ctx, text); err != nil {
		return nil, err
	}
	for _, t := range o.plan.Tasks {
		if t.Name != task {
			continue
		}
		if !here && t.Stage.Common().Apart() {
			return o.OpenApart(ctx, text, task)
		}
		env := o.plan.env(t, o.graphs)
		env.Marker = stages.Marker{Version: Version, Run: o.plan.Pipeline.Name, Task: task, TaskType: t.Stage.Common().TaskType, Generation: o.gens[task]}
		env.Generation, env.Cache, env.Helpers, env.Logger = o.gens[task], o.cache, o.helpers, o.log.With("task", task)
		w, err := stages.Open(ctx, t.Stage, env)
		if err != nil {
			return nil, err
		}
		return processor{w}, nil
	}
	return nil, fmt.Errorf("the run's specification has no task %s", task)
}

// load plans the stored specification, once.
func (o *Opener) load(ctx context.Context, text json.RawMessage) error {
	if o.plan != nil && o.text == string(text) {
		return nil
	}
	p, s, err := decodeSpec(o.types, text)
	if err != nil {
		return err
	}
	plan, err := p.outline(ctx, Selection{})
	if err != nil {
		return fmt.Errorf("plan the stored specification: %w", err)
	}
	plan.holes = map[string]bool{}
	for _, task := range s.Holes {
		plan.holes[task] = true
	}
	if o.graphs != nil {
		err = o.graphs.Close()
	}
	o.text, o.plan, o.gens, o.graphs = string(text), plan, s.Generations, plan.newGraphs()
	o.tellCache(slog.LevelInfo)
	o.cache = zarr.NewCache(o.cacheBytes)
	return err
}

// Close closes the shared databases; every processor must be closed before.
func (o *Opener) Close() error { return o.close(slog.LevelInfo) }

// close does it, and tells of the cache at a level.
func (o *Opener) close(level slog.Level) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tellCache(level)
	if o.graphs == nil {
		return nil
	}
	return o.graphs.Close()
}

// tellCache logs what the cache was good for.
func (o *Opener) tellCache(level slog.Level) {
	if o.cache == nil {
		return
	}
	s := o.cache.Stats()
	if s.Hits+s.Misses == 0 {
		return
	}
	o.log.Log(context.Background(), level, "cache of decoded chunks", "hit_rate", round(s.HitRate()), "decoded_per_used", round(s.Overhead()), "decoded", s.Decoded,
		"used", s.Used, "hits", s.Hits, "misses", s.Misses, "evictions", s.Evictions)
}

// round keeps three decimals.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// processor speaks the stream's words for a stage's worker.
type processor struct{ *stages.Worker }

func (p processor) Process(ctx context.Context, b geometry.Block) (stream.Result, error) {
	r, err := p.Do(ctx, b)
	return stream.Result{Timings: stream.Timings(r.Timings), Masked: r.Masked}, err
}

var _ stream.Processor = processor{}
