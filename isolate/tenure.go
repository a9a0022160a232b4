package isolate

import (
	"context"
	"sync/atomic"
	"time"
)

// A tenure is the context of a block in a child: it ends at the time until which the parent holds the block, as far as
// the child has heard, whether or not the parent is there to say so.
type tenure struct {
	context.Context
	cancel context.CancelFunc
	until  atomic.Int64 // of the boot clock; 0: no end
	timer  *time.Timer
}

func newTenure(until int64) *tenure {
	t := &tenure{}
	t.Context, t.cancel = context.WithCancel(context.Background())
	t.until.Store(until)
	if until != 0 {
		t.timer = time.AfterFunc(time.Hour, t.check) // not before the field is set
		t.timer.Reset(time.Duration(until - bootClock()))
	}
	return t
}

// extend moves the end.
func (t *tenure) extend(until int64) { t.until.Store(until) }

// end ends it now.
func (t *tenure) end() { t.cancel() }

// release frees what it holds, when its block is done.
func (t *tenure) release() {
	t.cancel()
	if t.timer != nil {
		t.timer.Stop()
	}
}

// Err looks at the clock whenever it is asked: a process that was stopped finds out before any timer of its own fires.
func (t *tenure) Err() error {
	if err := t.Context.Err(); err != nil {
		return err
	}
	if until := t.until.Load(); until != 0 && bootClock() > until {
		t.cancel()
		return context.Canceled
	}
	return nil
}

// check ends the tenure when its time has come, for those that wait for Done.
func (t *tenure) check() {
	if t.Err() == nil {
		t.timer.Reset(time.Duration(t.until.Load() - bootClock() + int64(time.Millisecond)))
	}
}

// AfterFunc lets contexts derived from this one do without a goroutine.
func (t *tenure) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(t.Context, f) }
