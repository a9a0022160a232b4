package zarr

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// workers are the goroutines that one Read or Write may have besides the caller's own. Loops inside loops share them, so
// that a call never has more than its number, whether it meets many objects or one shard of many chunks.
type workers struct{ idle chan struct{} }

// newWorkers returns n workers, of which the caller's goroutine is one.
func newWorkers(n int) *workers {
	w := &workers{make(chan struct{}, max(n-1, 0))}
	for range cap(w.idle) {
		w.idle <- struct{}{}
	}
	return w
}

// apart calls do for 0 to n-1 like each, but what is done at once lies far apart: neighbouring chunks share pages of memory
// and directories, which two goroutines at once would wait for each other for.
func (w *workers) apart(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	parts := min(cap(w.idle)+1, n)
	return w.each(ctx, n, func(ctx context.Context, i int) error { return do(ctx, dealt(i, n, parts)) })
}

// dealt returns the number that comes i-th when 0 to n-1 are cut into so many runs, as long as each other but for one, and
// one is taken from each in turn.
func dealt(i, n, parts int) int {
	short, longer := n/parts, n%parts // the first runs are longer by one
	run, at := i%parts, i/parts
	if i >= short*parts { // what is left of the longer ones
		run, at = i-short*parts, short
	}
	return run*short + min(run, longer) + at
}

// each calls do for 0 to n-1, in this order but several at once, and returns when all calls have. After an error the
// context of those that run is cancelled and no others begin; the first error is returned. A panic goes on in the caller.
func (w *workers) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	if cap(w.idle) == 0 || n == 1 {
		for i := range n {
			if err := do(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l := &loop{w: w, n: int64(n), cancel: cancel, do: func(i int) error { return do(ctx, i) }}
	defer func() { // also when it is the caller's own call that panics
		l.next.Store(l.n)
		cancel(nil)
		l.helpers.Wait()
	}()
	l.run()
	l.helpers.Wait()
	if l.panicked != nil {
		panic(*l.panicked)
	}
	return l.err
}

// A loop is one call of each.
type loop struct {
	w       *workers
	n       int64
	do      func(i int) error
	next    atomic.Int64
	helpers sync.WaitGroup
	cancel  context.CancelCauseFunc

	mu       sync.Mutex
	err      error
	panicked *string
}

// run does what nobody has begun, and calls for help as long as somebody is idle.
func (l *loop) run() {
	for {
		i := l.next.Add(1) - 1
		if i >= l.n {
			return
		}
		if i < l.n-1 {
			l.help()
		}
		if err := l.do(int(i)); err != nil {
			l.fail(err)
			return
		}
	}
}

// help lets an idle worker take part.
func (l *loop) help() {
	select {
	case <-l.w.idle:
	default:
		return
	}
	l.helpers.Go(func() {
		defer func() { l.w.idle <- struct{}{} }()
		defer func() {
			if p := recover(); p != nil {
				l.panic(p)
			}
		}()
		l.run()
	})
}

func (l *loop) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next.Store(l.n) // before those that wait are woken, who would begin more
	if l.err == nil {
		l.err = err
		l.cancel(err)
	}
}

// panic keeps what a helper panicked with, and where, for the caller's goroutine.
func (l *loop) panic(p any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := fmt.Sprintf("%v\n\nin a worker:\n%s", p, debug.Stack())
	l.panicked = &text
	l.next.Store(l.n)
	l.cancel(nil)
}
