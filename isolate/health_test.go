package isolate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"volara/fault"
)

// TestHealthBacksOff demands growing delays between failed starts, and an end.
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
		if len(waited) != maxStarts || waited[0] != 0 || waited[1] != firstDelay-0 && waited[1] > firstDelay {
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
