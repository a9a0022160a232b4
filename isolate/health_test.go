package isolate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"volara/fault"
)

// TestHealthBacksOff demands growing delays between failed starts, and an end of waiting.
func TestHealthBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &health{}
		var waited []time.Duration
		for {
			began := time.Now()
			if err := h.enter(context.Background()); err != nil {
				if !fault.IsPermanent(err) {
					t.Error(err)
				}
				break
			}
			waited = append(waited, time.Since(began))
			time.Sleep(time.Millisecond)
			h.startFailed(time.Now(), fault.Environment(errors.New("full"))) // not counted
			h.startFailed(time.Now(), errors.New("no"))
			h.startFailed(began, errors.New("no")) // began before the failure that was counted
		}
		if len(waited) != maxStarts || waited[0] != 0 || waited[1] != firstDelay {
			t.Errorf("waited %v", waited)
		}
		for i := 2; i < len(waited); i++ {
			if waited[i] < 3*waited[i-1]/2 {
				t.Errorf("waited %v: the delays do not grow", waited)
			}
		}
		h.opened()
		if err := h.enter(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestHealthRecovers demands that after too many failed starts one is tried now and then, whatever comes of it, that nobody
// else waits meanwhile, and that a success ends this.
func TestHealthRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &health{}
		enter := func() error { return h.enter(t.Context()) }
		for range maxStarts {
			time.Sleep(time.Minute)
			h.startFailed(time.Now(), errors.New("no memory"))
		}
		for i, ends := range []func(began time.Time){
			func(began time.Time) { h.startFailed(began, errors.New("no memory")) },
			func(began time.Time) { h.startFailed(began, fault.Environment(errors.New("full"))) }, // not counted
			func(time.Time) {}, // it was cancelled
		} {
			for range 3 {
				began := time.Now()
				if err := enter(); !fault.IsPermanent(err) || !strings.Contains(err.Error(), "no memory") || time.Since(began) > 0 {
					t.Errorf("%d: %v after %v", i, err, time.Since(began))
				}
				time.Sleep(lastDelay / 4)
			}
			time.Sleep(lastDelay / 4)
			began := time.Now()
			if err := enter(); err != nil {
				t.Errorf("%d: nothing is tried any more: %v", i, err)
			}
			time.Sleep(time.Millisecond)
			ends(began)
		}
		time.Sleep(lastDelay)
		if err := enter(); err != nil {
			t.Error(err)
		}
		h.opened()
		for range 3 {
			if err := enter(); err != nil {
				t.Error("after a success:", err)
			}
		}
	})
}

// TestHealthOfDeaths demands that one death costs no delay, many a bounded one, and a block that is done none again.
func TestHealthOfDeaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &health{}
		for i := range 2 * maxDeaths {
			began := time.Now()
			if err := h.enter(context.Background()); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); i < 2 && waited > 0 || i > maxDeaths && waited < lastDelay-time.Millisecond || waited > lastDelay {
				t.Errorf("waited %v after %d deaths", waited, i)
			}
			time.Sleep(time.Nanosecond)
			if enough := h.died(time.Now()); enough != (i+1 >= maxDeaths) {
				t.Errorf("after %d deaths: %v", i+1, enough)
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := h.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		h.finished()
		began := time.Now()
		if err := h.enter(context.Background()); err != nil || time.Since(began) > 0 {
			t.Error(err, time.Since(began))
		}
	})
}
