package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// load reads the truth: generations, done sets, troubles, and the completions that no earlier tracker folded.
func (l *life) load(ctx context.Context) (err error) {
	l.over = make([]bool, len(l.t.plan.Tasks))
	l.completions = make(chan *nats.Msg, 4*foldAtOnce)
	l.reports = make(chan *nats.Msg, 1024)
	l.store.results = make(chan storeResult, 1)
	l.sweep.results = make(chan sweepResult, 1)
	l.crew.workers = map[string]crewMember{}
	o := l.t.opts
	l.board = newBoard(l.t.plan, policy{maxBatch: o.MaxBatch, maxCrashes: o.MaxCrashes, retryDelays: o.RetryDelays,
		grace: grace(o.AckWait), silence: silence(o.AckWait)})
	if l.state, err = OpenState(ctx, l.t.js, l.t.plan.Run); err != nil {
		return err
	}
	if o.Consumed != nil {
		l.consumed = newConsumption(l.board)
	}
	if err := l.loadState(ctx); err != nil {
		return err
	}
	if l.done, err = openDone(ctx, l.t.js, l.t.plan.Run); err != nil {
		return err
	}
	if l.store.events, err = openEvents(ctx, l.t.js, l.t.plan.Run); err != nil {
		return err
	}
	if err := l.loadSnapshot(); err != nil {
		return err
	}
	l.teller.last = l.store.events.CachedInfo().State.LastSeq
	if err := l.loadAnnounced(ctx); err != nil {
		return err
	}
	if err := l.loadCompletions(ctx); err != nil {
		return err
	}
	l.announced = nil // whatever comes from now on was not told
	if !o.KeepFailures {
		for _, t := range l.board.tasks {
			t.forgive()
		}
	}
	if err := l.loadJournals(time.Now()); err != nil { // what they say is news, and not to be forgiven
		return err
	}
	for _, t := range l.board.tasks {
		if p := l.t.progress[t.Name]; !p.counted {
			p.counted, p.skipped = true, t.nDone
		}
	}
	return nil
}

// loadState reads the keys of the state bucket that concern the plan.
func (l *life) loadState(ctx context.Context) error {
	l.store.init(l.state, l.board)
	current, void := map[string]string{}, map[string]uint64{}
	filters := []string{keyRun, keyCursor}
	for _, t := range l.board.tasks {
		filters = append(filters, keyGeneration(t.Name), keyDone(t.Name, t.Generation, -1),
			keyMasked(t.Name, t.Generation, -1), keyTrouble(t.Name, t.Generation, -1), keyOwed(t.Name, t.Generation))
	}
	for i, f := range filters {
		filters[i] = strings.Replace(f, ".-1", ".*", 1)
	}
	var troubles []jetstream.KeyValueEntry // read when the done sets are there
	err := l.state.each(ctx, filters, func(e jetstream.KeyValueEntry) error {
		kind, _, _ := strings.Cut(e.Key(), ".")
		var err error
		switch kind {
		case keyRun:
			l.recordRev = e.Revision()
			err = json.Unmarshal(e.Value(), &l.record)
		case keyCursor:
			err = l.store.loadCursor(e)
		case "task":
			var g Generation
			err = json.Unmarshal(e.Value(), &g)
			current[e.Key()], void[e.Key()] = g.ID, g.VoidUntil
		case "done":
			err = l.store.loadDone(e)
		case "masked":
			err = l.store.loadMasked(e)
		case "trouble":
			troubles = append(troubles, e)
		case "owed":
			err = l.loadOwed(ctx, e)
		}
		if err != nil {
			return l.state.corrupt(e.Key(), err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range l.board.tasks {
		if g := current[keyGeneration(t.Name)]; g != t.Generation {
			return fmt.Errorf("task %s is planned for generation %s, but its state is of %q: plan again", t.Name, t.Generation, g)
		}
		t.void = void[keyGeneration(t.Name)]
		t.setDone(t.done)
		t.countMasked()
	}
	for _, e := range troubles {
		if err := l.store.loadTrouble(e); err != nil {
			return l.state.corrupt(e.Key(), err)
		}
	}
	return nil
}

// loadCompletions folds what the stream of completions holds, and listens for more.
func (l *life) loadCompletions(ctx context.Context) error {
	info, err := l.done.Info(ctx)
	if err != nil {
		return fmt.Errorf("read the completions of run %s: %w", l.t.plan.Run, jetStreamError(err))
	}
	l.folded = info.State.FirstSeq - min(info.State.FirstSeq, 1)
	l.store.purged = l.folded
	l.unfolded = info.State.LastSeq
	if info.State.Msgs == 0 {
		l.folded = info.State.LastSeq
		return nil
	}
	sub, err := l.followCompletions()
	if err != nil {
		return err
	}
	defer func() { sub.Unsubscribe() }()
	silence := time.NewTimer(longSilence)
	defer silence.Stop()
	for l.folded < l.unfolded {
		select {
		case m := <-l.completions:
			l.fold(m, time.Now())
			silence.Reset(longSilence)
		case <-silence.C:
			return l.fetchCompletions(ctx)
		}
	}
	return nil
}

// longSilence is how long completions that are there may fail to come before they are asked for one by one.
const longSilence = 2 * time.Second

// fetchCompletions folds what is left of the completions, one by one. A server that was killed may count some that it no
// longer has: their blocks are done again.
func (l *life) fetchCompletions(ctx context.Context) error {
	gone := uint64(0)
	for l.folded < l.unfolded {
		next := l.folded + 1
		m, err := l.done.GetMsg(ctx, next, jetstream.WithGetMsgSubject(doneSubjects(l.t.plan.Run))) // or the first one after it
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			gone += l.unfolded - l.folded
			l.folded = l.unfolded
		case err != nil:
			return fmt.Errorf("read completion %d of run %s: %w", next, l.t.plan.Run, jetStreamError(err))
		default:
			gone += m.Sequence - next
			l.foldCompletion(m.Sequence, m.Data, time.Now())
		}
	}
	if gone > 0 {
		l.log.Warn("completions are gone; their blocks are done again", "completions", gone)
	}
	return nil
}

// apiTimeout bounds a request to JetStream.
const apiTimeout = 10 * time.Second

// followHeartbeat is how often the server says that there are no completions. Without two of them the subscription is made
// anew: it is kept by one server of a cluster only.
const followHeartbeat = time.Second

// followCompletions delivers the completions after the last one folded, in order, to l.completions.
func (l *life) followCompletions() (*nats.Subscription, error) {
	js, err := l.t.nc.JetStream()
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	ch := l.completions
	gone := l.closing()
	sub, err := js.Subscribe(doneSubjects(l.t.plan.Run), func(m *nats.Msg) {
		select {
		case ch <- m:
		case <-gone:
		}
	}, nats.OrderedConsumer(), nats.IdleHeartbeat(followHeartbeat), nats.BindStream(doneStream(l.t.plan.Run)), nats.StartSequence(l.folded+1))
	if err != nil {
		return nil, fmt.Errorf("follow the completions of run %s: %w", l.t.plan.Run, jetStreamError(err))
	}
	return sub, nil
}

// loadAnnounced collects the blocks that people were told are done since the bitmaps were last stored: the next fold
// of their completions must not tell it again. Blocks that were told reopened are.
func (l *life) loadAnnounced(ctx context.Context) error {
	info := l.store.events.CachedInfo()
	if info.State.LastSeq <= l.store.cursor.Events {
		l.retell(nil)
		return nil
	}
	l.announced = map[string]map[int64]bool{}
	var lines [][]byte
	reopened := reopening{}
	err := readEvents(ctx, l.t.js, l.t.plan.Run, l.store.cursor.Events+1, false, func(e Event) error {
		lines = append(lines, append(encode(e), '\n'))
		t := l.board.byName[e.Task]
		if t == nil || t.Generation != e.Generation || !e.done() && e.Kind != EventBlockReopened {
			return nil
		}
		reopened.note(t, e)
		blocks := l.announced[e.Task]
		if blocks == nil {
			blocks = map[int64]bool{}
			l.announced[e.Task] = blocks
		}
		for _, r := range e.Blocks {
			for i := r.First(); i < r.End(); i++ {
				blocks[i] = e.done()
			}
		}
		return nil
	})
	reopened.finish()
	if err != nil {
		return err
	}
	l.retell(lines)
	if l.t.opts.Dir != "" {
		err = mendEvents(l.t.opts.Dir, lines)
	}
	return err
}

// unannounced returns those of the event's blocks that people were not yet told of.
func (l *life) unannounced(e Event) Ranges {
	known := l.announced[e.Task]
	if len(known) == 0 {
		return e.Blocks
	}
	var fresh Ranges
	for _, r := range e.Blocks {
		for i := r.First(); i < r.End(); i++ {
			if !known[i] {
				fresh = fresh.Append(i)
			}
		}
	}
	return fresh
}

// open begins the epoch: a new number, a new queue, and everybody is told.
func (l *life) open(ctx context.Context) error {
	if l.record.Version > protocolVersion {
		return fmt.Errorf("run %s was last led by a newer version of this program (protocol %d, not %d)",
			l.t.plan.Run, l.record.Version, protocolVersion)
	}
	prior := l.record
	var todo []string
	for _, t := range l.board.tasks {
		if t.nDone < t.total {
			todo = append(todo, t.Name)
		}
	}
	l.record = runRecord{
		Version: protocolVersion, Epoch: prior.Epoch + 1, AckWait: l.t.opts.AckWait, Plan: l.t.plan,
		Leader: l.lease.id, Todo: todo, Busy: true, Strays: prior.Busy || prior.Strays,
	}
	l.noteCancel() // it may have been heard in an epoch whose queue was lost
	if err := l.putRecord(ctx); err != nil {
		return err
	}
	l.t.recorded = true
	fault.Point("tracker.epoch")
	dropped, err := dropQueues(ctx, l.t.js, l.t.plan.Run)
	if err != nil && (l.t.plan.conflicts() || !fault.IsEnvironment(err)) {
		return err
	}
	replicas, err := makeQueue(ctx, l.t.js, queue{l.t.plan.Run, l.record.Epoch, todo, l.t.opts.AckWait, l.t.opts.Replicas})
	if err != nil {
		return err
	}
	if replicas < l.t.opts.Replicas {
		l.log.Warn("servers of the cluster are missing: the queue is held by fewer", "replicas", replicas)
	}
	fault.Point("tracker.queue")
	if err := l.awaitStrays(ctx, prior, dropped > 0); err != nil {
		return err
	}
	l.t.led = true
	l.epoch = l.record.Epoch
	l.board.epoch = l.epoch
	for i := range l.events {
		l.events[i].Epoch = l.epoch
	}
	if err := l.listen(); err != nil {
		return err
	}
	l.wake(false)
	l.log.Info("epoch begins", "epoch", l.epoch, "tasks", len(todo))
	return nil
}

// listen subscribes to completions and to the workers' reports.
func (l *life) listen() error {
	sub, err := l.followCompletions()
	if err != nil {
		return err
	}
	l.following = sub
	l.onClose(func() { l.following.Unsubscribe() })
	reports, err := l.t.nc.ChanSubscribe(reportSubject(l.t.plan.Run), l.reports)
	if err != nil {
		return fmt.Errorf("listen to the workers of run %s: %w", l.t.plan.Run, jetStreamError(err))
	}
	l.onClose(func() { reports.Unsubscribe() })
	return nil
}

// putRecord stores the record by which workers join.
func (l *life) putRecord(ctx context.Context) error {
	revision, err := l.state.put(ctx, keyRun, encode(l.record), l.recordRev)
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("another tracker has begun an epoch: %w", err)
	}
	if err == nil {
		l.recordRev = revision
	}
	return err
}
