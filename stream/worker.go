package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// A Worker processes blocks of one run: of all its tasks, downstream tasks first.
type Worker struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	run  string
	opts WorkerOptions
	log  *slog.Logger

	wakes  *broadcast
	office *office
	rooms  *rooms
}

// NewWorker returns a worker of the run of that name; nothing happens before Run.
func NewWorker(nc *nats.Conn, run string, opts WorkerOptions) (*Worker, error) {
	switch {
	case run == "":
		return nil, errors.New("a worker needs the name of a run")
	case opts.Open == nil:
		return nil, errors.New("a worker needs a way to open tasks")
	case opts.Slots < 0:
		return nil, fmt.Errorf("a worker cannot have %d slots", opts.Slots)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	opts.Name = orDefault(opts.Name, ProcessName())
	opts.Slots = orDefault(opts.Slots, runtime.GOMAXPROCS(0))
	opts.Host = orDefault(opts.Host, ThisHost())
	opts.PauseLimit = orDefault(opts.PauseLimit, 10*time.Minute)
	opts.PauseDelay = orDefault(opts.PauseDelay, 250*time.Millisecond)
	opts.Logger = orDefault(opts.Logger, slog.Default())
	log := opts.Logger.With("run", run, "worker", opts.Name)
	return &Worker{nc: nc, js: js, run: run, opts: opts, log: log, wakes: newBroadcast(), rooms: newRooms(opts.Open, opts.Isolate)}, nil
}

// Run works on whatever the run's tracker publishes until ctx is cancelled: then it takes no more work, finishes the
// blocks it has, closes its processors and returns nil. It waits for a run that has not begun. With UntilDone it also
// returns when the run has ended. When everything that is left is for another host it returns ErrOtherHost, unless it has
// had a part in the run: then it waits for the end. Run is called once.
func (w *Worker) Run(ctx context.Context) (err error) {
	w.office = newOffice(w.nc, w.run, w.opts)
	sub, err := w.nc.Subscribe(wakeSubject(w.run), w.woken)
	if err != nil {
		return fmt.Errorf("join run %s: %w", w.run, fault.Environment(err))
	}
	defer sub.Unsubscribe()
	journals, err := w.openJournals()
	if err != nil {
		return fmt.Errorf("join run %s: %w", w.run, err)
	}
	reporting := sync.WaitGroup{}
	stop := make(chan struct{})
	reporting.Go(func() { w.office.run(stop) })
	defer func() {
		close(stop)
		reporting.Wait()
		err = errors.Join(err, w.rooms.close())
		for _, j := range journals {
			err = errors.Join(err, j.close())
		}
	}()
	var last served
	for {
		record, err := w.join(ctx, last)
		if err != nil || record.Ended || ctx.Err() != nil {
			return err
		}
		if err := w.welcome(record); err != nil {
			if last.epoch == 0 {
				return err
			}
			w.log.Info("waiting for the end of the run", "why", err)
			w.sitOut(ctx, record.Epoch)
			last = last.then(record.Epoch, true)
			continue
		}
		if err := w.signIn(ctx, record); err != nil && record.Plan.conflicts() {
			w.log.Warn("no work is taken before it is known who is at work", "error", err)
			last = last.then(record.Epoch, false)
			continue
		}
		last = last.then(record.Epoch, w.serve(ctx, record, journals))
	}
}

func (w *Worker) openJournals() ([]*journal, error) {
	journals := make([]*journal, w.opts.Slots)
	if w.opts.JournalDir == "" {
		return journals, nil
	}
	for i := range journals {
		j, err := openJournal(w.opts.JournalDir, w.opts.Name)
		if err != nil {
			return nil, err
		}
		journals[i] = j
	}
	return journals, nil
}

// woken takes a hint of the tracker.
func (w *Worker) woken(m *nats.Msg) {
	var hint wake
	if json.Unmarshal(m.Data, &hint) != nil {
		return
	}
	w.wakes.send(hint)
	if hint.Stop {
		w.office.hurry()
	}
}

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

// join waits for an epoch later than the last one served, or for the queue of that one to appear. A record that
// says ended is returned with UntilDone only, and to a worker that has just come not before it is clear that the run is
// not being started again; a zero record when ctx is cancelled.
func (w *Worker) join(ctx context.Context, served served) (runRecord, error) {
	began, last := time.Now(), served.epoch
	told := last > 0
	for wait := idleMin; ; wait = min(2*wait, idleMax) {
		if !told && time.Since(began) > waitingNotice {
			told = true
			w.log.Info("waiting for the run to begin: " + w.whatThereIs(ctx))
		}
		woken := w.wakes.next()
		record, err := readRecord(ctx, w.js, w.run)
		switch {
		case ctx.Err() != nil:
			return runRecord{}, nil
		case err != nil && !fault.IsEnvironment(err):
			return runRecord{}, err
		case err == nil && record.Ended && w.opts.UntilDone && (last > 0 || time.Since(began) > endedGrace && !w.led(ctx)):
			return record, nil
		case err == nil && !record.Ended && record.Epoch > last:
			return record, nil
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

// readRecord reads the record of a run; a run that has not begun has the zero one.
func readRecord(ctx context.Context, js jetstream.JetStream, run string) (runRecord, error) {
	var record runRecord
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := js.KeyValue(ctx, stateBucket(run))
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return record, nil
	}
	if err != nil {
		return record, jetStreamError(err)
	}
	entry, err := kv.Get(ctx, keyRun)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return record, nil
	}
	if err != nil {
		return record, jetStreamError(err)
	}
	if err := json.Unmarshal(entry.Value(), &record); err != nil {
		return record, fault.Permanent(fmt.Errorf("the record of run %s cannot be read: %w", run, err))
	}
	if record.Version != protocolVersion {
		return record, fault.Permanent(fmt.Errorf("run %s speaks protocol %d, this worker %d: use the same version of the program",
			run, record.Version, protocolVersion))
	}
	return record, err
}

// serve works in one epoch until it is over or ctx is cancelled, and all that was taken is finished. It reports whether
// the epoch had a queue.
func (w *Worker) serve(ctx context.Context, record runRecord, journals []*journal) (found bool) {
	s := newShift(w, record)
	w.log.Debug("serving an epoch", "epoch", record.Epoch)
	w.rooms.begin(record.Plan)
	w.office.serve(s)
	defer w.office.serve(nil)
	var slots, keeping sync.WaitGroup
	done := make(chan struct{})
	keeping.Go(func() { s.holds.keep(done) })
	for _, j := range journals {
		slots.Go(func() { s.slot(ctx, j) })
	}
	slots.Wait()
	close(done)
	keeping.Wait()
	return s.found.Load()
}

// A broadcast passes the latest hint on to whoever waits.
type broadcast struct {
	mu   sync.Mutex
	ch   chan struct{}
	last wake
}

func newBroadcast() *broadcast { return &broadcast{ch: make(chan struct{})} }

// next returns a channel that is closed at the next hint.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *broadcast) send(hint wake) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Hints of an epoch that is over may come late.
	if cmp.Compare(hint.Epoch, b.last.Epoch) >= 0 {
		b.last = hint
	}
	close(b.ch)
	b.ch = make(chan struct{})
}

// stops reports whether nothing more is to be taken in an epoch.
func (b *broadcast) stops(epoch uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last.Epoch > epoch || b.last.Epoch == epoch && b.last.Stop
}
