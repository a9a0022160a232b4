package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// How long an idle worker waits for a hint before it looks by itself; hints may be lost.
const (
	idleMin = time.Millisecond
	idleMax = time.Second
)

// rejoinMax is the longest that a worker stays away from an epoch whose queue it could not reach.
const rejoinMax = 250 * time.Millisecond

// waitingNotice is after how long a worker says that it waits for its run.
const waitingNotice = time.Second

// whatThereIs says, to somebody who waits for a run, which ones the server knows.
func (w *Worker) whatThereIs(ctx context.Context) string {
	runs, err := Runs(ctx, w.js)
	switch {
	case err != nil:
		return err.Error()
	case len(runs) == 0:
		return "the server knows no run"
	case slices.Contains(runs, w.run) && w.led(ctx):
		return "somebody leads it and prepares it"
	case slices.Contains(runs, w.run):
		return "the server knows it, but nobody leads it"
	}
	slices.Sort(runs)
	return "the server knows no run of that name, but " + strings.Join(runs, ", ")
}

// served says which epoch a worker served last and how often in a row it found no queue there: an epoch is announced
// before its queue is made, and lasts longer than a queue that was lost.
type served struct {
	epoch  uint64
	misses int
}

// then is what was served after another visit to an epoch, which found a queue or did not.
func (s served) then(epoch uint64, found bool) served {
	if found || epoch != s.epoch {
		s = served{epoch: epoch}
	}
	if !found {
		s.misses++
	}
	return s
}

// delay returns how long to stay away from that epoch.
func (s served) delay() time.Duration {
	if s.misses == 0 {
		return rejoinMax // there was a queue, and it is lost
	}
	return min(idleMin<<min(s.misses-1, 10), rejoinMax)
}

// ErrNoRun says that nobody has begun the run for as long as the worker was to wait. The time starts anew whenever the
// server does not answer: whoever begins the run has to wait for it, too.
var ErrNoRun = errors.New("there is no such run")

// patience says for how long a run is waited for.
func (w *Worker) patience() string {
	if w.opts.JoinLimit == 0 {
		return "however long that takes"
	}
	return fmt.Sprintf("up to %v", w.opts.JoinLimit)
}

// join waits for an epoch later than the last one served, or for the queue of that one to appear. A record that
// says ended is returned with UntilDone only, and to a worker that has just come not before it is clear that the run is
// not being started again; a zero record when ctx is cancelled.
func (w *Worker) join(ctx context.Context, served served) (runRecord, error) {
	began, last := time.Now(), served.epoch
	answers := began // since when the server has answered every time
	told := last > 0
	for wait := idleMin; ; wait = min(2*wait, idleMax) {
		if !told && time.Since(began) > waitingNotice {
			told = true
			w.log.Info("waiting for the run to begin, " + w.patience() + ": " + w.whatThereIs(ctx))
		}
		woken := w.wakes.next()
		record, err := readRecord(ctx, w.js, w.run)
		if err != nil {
			answers = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return runRecord{}, nil
		case err != nil && !fault.IsEnvironment(err):
			return runRecord{}, err
		case err == nil && record.Ended && w.opts.UntilDone && (last > 0 || time.Since(began) > endedGrace && !w.led(ctx)):
			return record, nil
		case err == nil && !record.Ended && record.Epoch > last:
			return record, nil
		case err == nil && record.Epoch == 0 && w.opts.JoinLimit > 0 && time.Since(answers) > w.opts.JoinLimit && !w.led(ctx):
			return record, fmt.Errorf("%w: %s; %s", ErrNoRun, w.run, w.whatThereIs(ctx))
		case err == nil && !record.Ended && record.Epoch > 0 && time.Since(began) >= served.delay() && !w.wakes.stops(record.Epoch):
			return record, nil
		}
		if w.opts.UntilDone && last > 0 && w.wakes.stops(last) && !w.nc.IsConnected() {
			return runRecord{Ended: true}, nil // the server went with the run before its record could be read
		}
		if w.nc.IsClosed() {
			return runRecord{}, fault.Environment(errors.New("the connection to NATS is closed"))
		}
		select {
		case <-woken:
		case <-time.After(wait):
		case <-ctx.Done():
			return runRecord{}, nil
		}
	}
}

// endedGrace is how long a worker that has just come does not believe that the run has ended: it may be about to be started
// again.
const endedGrace = 2 * time.Second

// led reports whether somebody leads the run, or may do so: while it is prepared its record is the last run's.
func (w *Worker) led(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := w.js.KeyValue(ctx, leaseBucket)
	if err == nil {
		_, err = kv.Get(ctx, token(w.run))
	}
	return !errors.Is(err, jetstream.ErrBucketNotFound) && !errors.Is(err, jetstream.ErrKeyNotFound)
}

// sitOut waits for the end of an epoch.
func (w *Worker) sitOut(ctx context.Context, epoch uint64) {
	for ctx.Err() == nil && !w.wakes.stops(epoch) && !w.nc.IsClosed() {
		record, err := readRecord(ctx, w.js, w.run)
		if err == nil && (record.Ended || record.Epoch > epoch) {
			return
		}
		woken := w.wakes.next()
		select {
		case <-woken:
		case <-time.After(idleMax):
		case <-ctx.Done():
		}
		rest(ctx, rejoinMax) // hints come often
	}
}
