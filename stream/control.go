package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// A control request is answered by whoever leads the run. It is not stored: who asks hears whether it was taken, and
// asks again where nobody answers.
type control struct {
	Cancel *cancelRequest `json:"cancel,omitempty"`
	Retry  *RetryRequest  `json:"retry,omitempty"`
}

type cancelRequest struct {
	By  string `json:"by"`
	Now bool   `json:"now,omitempty"` // blocks in work are not waited for
}

// A RetryRequest names failed blocks that are to get all their attempts again.
type RetryRequest struct {
	Tasks  []string `json:"tasks,omitempty"`  // none: all
	Blocks []int64  `json:"blocks,omitempty"` // of the one task; none: all that have failed
}

type controlAnswer struct {
	Error  string           `json:"error,omitempty"`
	Ending bool             `json:"ending,omitempty"` // refused, because the run is coming to its end
	Blocks map[string]int64 `json:"blocks,omitempty"` // that are tried again, by task
}

// What a control request may meet.
var (
	// ErrNotLed says that nobody answers for the run: it is not running on this server, or has not begun yet.
	ErrNotLed = errors.New("nobody leads the run")
	// ErrEnding says that the run is coming to its end and takes no more requests.
	ErrEnding = errors.New("the run is coming to its end")
)

// A RefusedError is a request that the tracker understood and did not do: why.
type RefusedError struct{ Reason string }

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }

// controlTimeout bounds how long a tracker may take to answer; it may be busy loading its state.
const controlTimeout = 30 * time.Second

// Cancel asks the tracker of a run to stop: nothing more is dispatched, blocks in work are finished, or with now are
// not waited for. by names who asks, for people. It returns when the tracker has heard, not when the run has stopped;
// AwaitEnd waits for that. ErrNotLed: there is no tracker.
func Cancel(ctx context.Context, nc *nats.Conn, run, by string, now bool) error {
	_, err := ask(ctx, nc, run, control{Cancel: &cancelRequest{by, now}})
	return err
}

// Retry asks the tracker of a run to give failed blocks all their attempts again, and returns how many there are, by
// task. ErrNotLed and ErrEnding say that nobody will; the next tracker does so by itself. A name or a number that the
// run does not have, or a block that has not failed, is a *RefusedError, and nothing was changed.
func Retry(ctx context.Context, nc *nats.Conn, run string, r RetryRequest) (map[string]int64, error) {
	answer, err := ask(ctx, nc, run, control{Retry: &r})
	return answer.Blocks, err
}

func ask(ctx context.Context, nc *nats.Conn, run string, c control) (controlAnswer, error) {
	var answer controlAnswer
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, controlSubject(run), encode(c))
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrConnectionClosed):
		return answer, fmt.Errorf("%w: run %s", ErrNotLed, run)
	case err != nil:
		return answer, fmt.Errorf("ask the tracker of run %s: %w", run, err)
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return answer, fmt.Errorf("ask the tracker of run %s: its answer cannot be read: %w", run, err)
	}
	switch {
	case answer.Ending:
		return answer, fmt.Errorf("%w: run %s", ErrEnding, run)
	case answer.Error != "":
		return answer, &RefusedError{answer.Error}
	}
	return answer, nil
}

// AwaitEnd waits until the run's record says that it has ended, or the server is gone with it.
func AwaitEnd(ctx context.Context, nc *nats.Conn, run string) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	epoch := uint64(0)
	for nc.IsConnected() {
		record, err := readRecord(ctx, js, run)
		switch {
		case err != nil && !fault.IsEnvironment(err):
			return err
		case err == nil && (record.Ended || record.Epoch == 0 || epoch > 0 && record.Epoch > epoch):
			return nil
		case err == nil:
			epoch = record.Epoch
		}
		select {
		case <-time.After(tickPeriod):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// LastCancel returns the epoch at whose end somebody cancelled the run, and why it stopped; 0 when the last epoch ended
// otherwise or has not ended.
func LastCancel(ctx context.Context, js jetstream.JetStream, run string) (epoch uint64, reason string, err error) {
	record, err := readRecord(ctx, js, run)
	if err != nil || !record.Ended || record.Cancelled == "" {
		return 0, "", err
	}
	return record.Epoch, record.Cancelled, nil
}

// OnCancel calls f with who asks when somebody cancels the run, until stop is called: for the time before a Tracker
// answers, and after.
func OnCancel(nc *nats.Conn, run string, f func(by string)) (stop func(), err error) {
	sub, err := nc.Subscribe(controlSubject(run), func(m *nats.Msg) {
		var c control
		answer := controlAnswer{Ending: true}
		if json.Unmarshal(m.Data, &c) == nil && c.Cancel != nil {
			f(c.Cancel.By)
			answer = controlAnswer{}
		}
		reply(m, answer)
	})
	if err != nil {
		return func() {}, fmt.Errorf("listen to requests to run %s: %w", run, err)
	}
	return func() { drain(nc, sub) }, nil
}

// drain ends a subscription so that no request falls into the gap: what was sent before is still delivered.
func drain(nc *nats.Conn, sub *nats.Subscription) {
	if sub.Drain() == nil {
		nc.FlushTimeout(2 * time.Second) // fails with the connection, and requests with it
	}
}

// reply answers a request; who asks hears nothing when the connection is gone, and asks again.
func reply(m *nats.Msg, a controlAnswer) { m.Respond(encode(a)) }

// listenControl takes requests from now on, for lives to answer. What is left when stop is called is refused.
func (t *Tracker) listenControl() (stop func(), err error) {
	requests := make(chan *nats.Msg, 64)
	sub, err := t.nc.ChanSubscribe(controlSubject(t.plan.Run), requests)
	if err != nil {
		return nil, fmt.Errorf("listen to requests to run %s: %w", t.plan.Run, jetStreamError(err))
	}
	t.controls = requests
	return func() {
		drain(t.nc, sub)
		for {
			select {
			case m := <-requests:
				reply(m, controlAnswer{Ending: true})
			default:
				return
			}
		}
	}, nil
}

// Cancelled reports whether somebody has cancelled the run (Cancel), abandoned whether at once: blocks in work are not
// to be waited for then.
func (t *Tracker) Cancelled() (cancelled, abandoned bool) {
	c := t.cancel.Load()
	return c != nil, c != nil && c.Now
}

// cancel begins to stop the run; a second request may be more urgent than the first.
func (l *life) cancel(c cancelRequest) {
	if earlier := l.t.cancel.Load(); earlier != nil {
		c = cancelRequest{earlier.By, earlier.Now || c.Now}
	}
	l.t.cancel.Store(&c)
	l.heedCancel()
}

// heedCancel stops a run that was cancelled, maybe in an earlier epoch.
func (l *life) heedCancel() {
	if c := l.t.cancel.Load(); c != nil {
		l.beginStop("cancelled by " + c.By)
		l.stop.now = c.Now
	}
}

// control does what is asked for.
func (l *life) control(m *nats.Msg) {
	var c control
	if err := json.Unmarshal(m.Data, &c); err != nil {
		reply(m, controlAnswer{Error: fmt.Sprintf("the request cannot be read: %v", err)})
		return
	}
	answer := controlAnswer{Error: "the request asks for nothing that this version of the program knows"}
	switch {
	case c.Cancel != nil:
		answer = controlAnswer{}
		l.cancel(*c.Cancel)
	case c.Retry != nil:
		answer = l.retry(*c.Retry)
	}
	reply(m, answer)
}
