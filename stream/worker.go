package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// A Worker processes blocks of one run: of all its tasks, in the order of turns.
type Worker struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	run  string
	opts WorkerOptions
	log  *slog.Logger

	tooLarge map[string]int64 // the memory of tasks of which it was told that no block is taken

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
	return &Worker{nc: nc, js: js, run: run, opts: opts, log: log, tooLarge: map[string]int64{}, wakes: newBroadcast(), rooms: newRooms(opts.Open, opts.Isolate)}, nil
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

// serve works in one epoch until it is over or ctx is cancelled, and all that was taken is finished. It reports whether
// the epoch had a queue.
func (w *Worker) serve(ctx context.Context, record runRecord, journals []*journal) (found bool) {
	s := newShift(w, record)
	if s.fitsNone() {
		w.sitOut(ctx, record.Epoch)
		return true // as far as it matters here
	}
	w.log.Debug("serving an epoch", "epoch", record.Epoch)
	w.rooms.begin(record.Plan)
	w.office.serve(s)
	defer w.office.serve(nil)
	var slots, keeping sync.WaitGroup
	done := make(chan struct{})
	keeping.Go(func() { s.holds.keep(done) })
	s.active.Store(int32(len(journals)))
	for _, j := range journals {
		slots.Go(func() { s.slot(ctx, j) })
	}
	slots.Wait()
	close(done)
	keeping.Wait()
	return s.found.Load()
}
