package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"volara/geometry"
)

// A stopwatch processes blocks by sleeping and notes when each of them began and ended.
type stopwatch struct {
	sleep func(task string, b geometry.Block) time.Duration

	mu    sync.Mutex
	spans map[string]map[int64]span
}

type span struct{ began, ended time.Time }

func newStopwatch(sleep func(string, geometry.Block) time.Duration) *stopwatch {
	return &stopwatch{sleep: sleep, spans: map[string]map[int64]span{}}
}

func (w *stopwatch) open(_ context.Context, _ json.RawMessage, task string) (Processor, error) {
	return timed{w, task}, nil
}

type timed struct {
	*stopwatch
	task string
}

func (p timed) Process(_ context.Context, b geometry.Block) (Result, error) {
	s := span{began: time.Now()}
	time.Sleep(p.sleep(p.task, b))
	s.ended = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spans[p.task] == nil {
		p.spans[p.task] = map[int64]span{}
	}
	p.spans[p.task][b.Index] = s
	return Result{}, nil
}

func (p timed) Close() error { return nil }

// waits returns how long the blocks of the plan's second task waited though fewer than slots blocks were in work,
// sorted: the time between the end of the last block that they read and their own beginning, as far as a slot was free.
// Between two blocks of one message a slot counts as free, which makes the figures larger, never smaller.
func (w *stopwatch) waits(p Plan, slots int) []time.Duration {
	up, down := p.Tasks[0], p.Tasks[1]
	free := w.free(slots)
	waits := make([]time.Duration, 0, len(w.spans[down.Name]))
	for i, s := range w.spans[down.Name] {
		var ready time.Time
		for first, length := range up.Grid.Rows(up.Grid.Writers(down.Grid.At(i).ReadROI)) {
			for j := range int64(length) {
				if e := w.spans[up.Name][first+j].ended; e.After(ready) {
					ready = e
				}
			}
		}
		waits = append(waits, overlap(free, span{ready, s.began}))
	}
	slices.Sort(waits)
	return waits
}

// overlap returns how much of a span lies in others, which are in order.
func overlap(others []span, s span) (sum time.Duration) {
	at, _ := slices.BinarySearchFunc(others, s.began, func(o span, t time.Time) int { return o.ended.Compare(t) })
	for ; at < len(others) && others[at].began.Before(s.ended); at++ {
		begin, end := others[at].began, others[at].ended
		if begin.Before(s.began) {
			begin = s.began
		}
		if end.After(s.ended) {
			end = s.ended
		}
		sum += max(0, end.Sub(begin))
	}
	return sum
}

// free returns the spans of time in which fewer than so many blocks were in work, the last without an end.
func (w *stopwatch) free(slots int) []span {
	type change struct {
		at time.Time
		by int
	}
	var changes []change
	for _, spans := range w.spans {
		for _, s := range spans {
			changes = append(changes, change{s.began, 1}, change{s.ended, -1})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.by, b.by)) })
	free := []span{{}}
	for busy, i := 0, 0; i < len(changes); i++ {
		was := busy
		busy += changes[i].by
		switch {
		case was < slots && busy == slots:
			free[len(free)-1].ended = changes[i].at
		case was == slots && busy < slots:
			free = append(free, span{began: changes[i].at})
		}
	}
	if last := &free[len(free)-1]; last.ended.IsZero() {
		last.ended = time.Now()
	}
	return free
}

// A waitCase is a run in which the wait of downstream blocks is measured.
type waitCase struct {
	slots, context, blocks int
	block                  time.Duration
	cap                    int // of the upstream task's share of the slots; 0: none
}

func (c waitCase) String() string {
	return fmt.Sprintf("slots=%d/block=%v/context=%d/cap=%d", c.slots, c.block, c.context, c.cap)
}

// measure runs two chained tasks and returns the sorted waits of the second one's blocks.
func (c waitCase) measure(t testing.TB) []time.Duration {
	s := newSite(t)
	side := 1
	for side*side < c.blocks {
		side++
	}
	p := chain("r", grid(t, 0, side, side), grid(t, c.context, side, side))
	p.Tasks[0].MaxWorkers = c.cap
	s.generations(&p)
	w := newStopwatch(func(string, geometry.Block) time.Duration { return c.block })
	stop := s.work(p.Run, WorkerOptions{Open: w.open, Slots: c.slots})
	s.finished(s.run(p, s.options()))
	stop()
	return w.waits(p, c.slots)
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// A hint that gets lost between tracker and workers would cost up to idleMax. The bound, and the best of three tries,
// leave room for a machine that has other things to do; BenchmarkWait measures.
func TestDownstreamStartsSoon(t *testing.T) {
	for _, c := range []waitCase{
		{slots: 2, block: 20 * time.Millisecond, context: 1, blocks: 50, cap: 1},
		{slots: 8, block: 20 * time.Millisecond, context: 1, blocks: 150, cap: 4},
		{slots: 8, block: time.Millisecond, context: 0, blocks: 900, cap: 4},
	} {
		half, most := time.Hour, time.Hour
		for try := 0; try < 3 && (half > 100*time.Millisecond || most > idleMax/2); try++ {
			waits := c.measure(t)
			half, most = min(half, percentile(waits, 0.5)), min(most, percentile(waits, 0.99))
			t.Log(c, "half", percentile(waits, 0.5), "p99", percentile(waits, 0.99), "longest", waits[len(waits)-1])
		}
		if half > 100*time.Millisecond || most > idleMax/2 {
			t.Errorf("%v: half of the blocks waited %v, one in a hundred %v", c, half, most)
		}
	}
}

// BenchmarkWait measures how long a downstream block waits though a slot is free.
func BenchmarkWait(b *testing.B) {
	for _, slots := range []int{2, 8, 32} {
		for _, block := range []time.Duration{time.Millisecond, 4 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
			for _, context := range []int{0, 1} {
				for _, cap := range []int{slots / 2, 0} {
					c := waitCase{slots: slots, block: block, context: context, cap: cap}
					c.blocks = int(time.Duration(slots) * time.Second / block)
					b.Run(c.String(), func(b *testing.B) {
						var waits []time.Duration
						for b.Loop() {
							waits = append(waits, c.measure(b)...)
						}
						slices.Sort(waits)
						b.ReportMetric(percentile(waits, 0.5).Seconds()*1e3, "ms/median")
						b.ReportMetric(percentile(waits, 0.99).Seconds()*1e3, "ms/p99")
						b.ReportMetric(waits[len(waits)-1].Seconds()*1e3, "ms/max")
					})
				}
			}
		}
	}
}
