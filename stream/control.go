package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
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

// ErrGoesOn says that a run goes on although it was cancelled: somebody has begun it again since.
var ErrGoesOn = errors.New("the run was begun again since it was cancelled")

// AwaitEnd waits, after Cancel, until the run has ended: its record says so, or nobody leads it. It also returns when the
// server is gone. ErrGoesOn: who leads now has not heard of the cancel.
func AwaitEnd(ctx context.Context, nc *nats.Conn, run string) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	for nc.IsConnected() {
		leader, err := leaderOf(ctx, js, run) // first: who leads writes the record after that
		var record runRecord
		if err == nil {
			record, err = readRecord(ctx, js, run)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && !fault.IsEnvironment(err):
			return err
		case err == nil && (leader == "" || record.Ended):
			return nil
		case err == nil && record.Cancelled == "":
			return fmt.Errorf("%w: run %s, epoch %d", ErrGoesOn, run, record.Epoch)
		}
		rest(ctx, tickPeriod)
	}
	return nil
}

// leaderOf returns the id of the lease under which a run is led, "" when nobody leads it.
func leaderOf(ctx context.Context, js jetstream.JetStream, run string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := js.KeyValue(ctx, leaseBucket)
	var entry jetstream.KeyValueEntry
	if err == nil {
		entry, err = kv.Get(ctx, token(run))
	}
	switch {
	case errors.Is(err, jetstream.ErrBucketNotFound), errors.Is(err, jetstream.ErrKeyNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("look who leads run %s: %w", run, jetStreamError(err))
	}
	return holderOf(entry).ID, nil
}

// A Cancellation is what is recorded of a run that somebody has cancelled.
type Cancellation struct {
	Reason string // "": nobody has
	Under  string // the lease under which it was heard
	// Pending says that who heard it still leads the run and has not ended it.
	Pending bool
}

// LastCancel returns who cancelled the run last, unless it was begun again since or has come to its end all the same.
func LastCancel(ctx context.Context, js jetstream.JetStream, run string) (Cancellation, error) {
	leader, err := leaderOf(ctx, js, run)
	if err != nil {
		return Cancellation{}, err
	}
	record, err := readRecord(ctx, js, run)
	if err != nil {
		return Cancellation{}, err
	}
	return Cancellation{Reason: record.Cancelled, Under: record.CancelledUnder,
		Pending: !record.Ended && record.Cancelled != "" && record.CancelledUnder == leader}, nil
}

// NoteCancel records that the run is cancelled, before there is a Tracker or after it: the caller holds the lease.
func (s *State) NoteCancel(ctx context.Context, l *Lease, by string) error {
	if err := l.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	record, revision := runRecord{Version: protocolVersion}, uint64(0)
	entry, err := s.kv.Get(ctx, keyRun)
	if err == nil {
		revision = entry.Revision()
		if err := json.Unmarshal(entry.Value(), &record); err != nil {
			return s.corrupt(keyRun, err)
		}
	} else if !errors.Is(err, jetstream.ErrKeyNotFound) {
		return fmt.Errorf("read the record of run %s: %w", s.run, jetStreamError(err))
	}
	record.Cancelled, record.CancelledUnder = "cancelled by "+by, l.id
	_, err = s.put(ctx, keyRun, encode(record), revision)
	return err
}

// OnCancel calls f with who asks when somebody cancels the run, until stop is called, which waits for f: for the time
// before a Tracker answers, and after. After an error of f who asked asks again.
func OnCancel(nc *nats.Conn, run string, f func(by string) error) (stop func(), err error) {
	var answering sync.Mutex
	sub, err := nc.Subscribe(controlSubject(run), func(m *nats.Msg) {
		answering.Lock()
		defer answering.Unlock()
		var c control
		answer := controlAnswer{Ending: true}
		if json.Unmarshal(m.Data, &c) == nil && c.Cancel != nil {
			answer.Ending = f(c.Cancel.By) != nil
		}
		reply(m, answer)
	})
	if err != nil {
		return func() {}, fmt.Errorf("listen to requests to run %s: %w", run, err)
	}
	return func() {
		drain(nc, sub)
		answering.Lock()
		defer answering.Unlock()
	}, nil
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

// cancel begins to stop the run and records that, so that no standby goes on with it should this tracker die; a second
// request may be more urgent than the first. When it cannot be recorded the run is stopped nevertheless.
func (l *life) cancel(c cancelRequest) error {
	if earlier := l.t.cancel.Load(); earlier != nil {
		c = cancelRequest{earlier.By, earlier.Now || c.Now}
	}
	l.t.cancel.Store(&c)
	l.heedCancel()
	l.noteCancel()
	l.record.Version = orDefault(l.record.Version, protocolVersion)
	ctx, cancel := context.WithTimeout(context.Background(), apiTimeout)
	defer cancel()
	return l.putRecord(ctx)
}

// noteCancel notes in the record to be written who has cancelled the run.
func (l *life) noteCancel() {
	if c := l.t.cancel.Load(); c != nil {
		l.record.Cancelled, l.record.CancelledUnder = "cancelled by "+c.By, l.lease.id
	}
}

// heedCancel stops a run that was cancelled, maybe in an earlier epoch.
func (l *life) heedCancel() {
	if c := l.t.cancel.Load(); c != nil {
		l.beginStop("cancelled by " + c.By)
		l.stop.now = c.Now
	}
}

// controlAtEnd does what is asked for when all blocks have come to their end: no block is tried again any more.
func (l *life) controlAtEnd(m *nats.Msg) {
	var c control
	if json.Unmarshal(m.Data, &c) == nil && c.Retry != nil {
		reply(m, controlAnswer{Ending: true})
		return
	}
	l.control(m)
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
		if err := l.cancel(*c.Cancel); err != nil {
			l.log.Warn("it could not be recorded that the run is cancelled", "error", err)
			answer.Ending = true
		}
	case c.Retry != nil:
		answer = l.retry(*c.Retry)
	}
	reply(m, answer)
}
