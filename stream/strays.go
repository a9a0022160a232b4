package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Strays are workers of an earlier epoch that may still be busy with blocks when a new one begins: the tracker died and
// they did not, or they cannot be seen from here. Most tasks do not mind, for a block that is done twice is done. Of a
// task with conflicts nothing may be published before the strays have lost their holds.
//
// It is known that there are none when the last epoch ended with nothing out. Or when its server died with it, so that
// no work has been handed out since, all its workers had journals here (nobody has signed the guest book), and none of
// these was locked any more, by a process that lives, when the server was up again.

// guests is what a worker without a journal beside the tracker's writes before it takes work: of which epoch.
type guests struct {
	Epoch uint64 `json:"epoch"`
}

// signIn writes down that a worker serves an epoch whose end is not seen from its journal. A tracker reads it after it
// has removed that epoch's queue: who signs later finds no work.
func (w *Worker) signIn(ctx context.Context, record runRecord) error {
	if w.opts.JournalDir != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	kv, err := w.js.KeyValue(ctx, stateBucket(w.run))
	if err != nil {
		return fmt.Errorf("sign in to run %s: %w", w.run, jetStreamError(err))
	}
	s := &State{run: w.run, js: w.js, kv: kv}
	for {
		last, revision, err := s.guests(ctx)
		if err != nil || last >= record.Epoch {
			return err
		}
		if _, err = s.put(ctx, keyGuests, encode(guests{record.Epoch}), revision); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// guests returns the last epoch that workers without journals here have served, and the revision of that entry.
func (s *State) guests(ctx context.Context) (epoch, revision uint64, err error) {
	entry, err := s.kv.Get(ctx, keyGuests)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the guests of run %s: %w", s.run, jetStreamError(err))
	}
	var g guests
	if err := json.Unmarshal(entry.Value(), &g); err != nil {
		return 0, 0, s.corrupt(keyGuests, err)
	}
	return g.Epoch, entry.Revision(), nil
}

// awaitStrays holds back the tasks with conflicts if workers of earlier epochs may live. The queue of the last epoch,
// of which prior is the record, has been removed: nobody extends a hold any more. queued tells that there was one.
func (l *life) awaitStrays(ctx context.Context, prior runRecord, queued bool) error {
	if !l.record.Strays {
		return nil
	}
	strays := prior.Strays || queued
	if !strays {
		var err error
		if strays, err = l.mayLive(ctx, prior); err != nil {
			return err
		}
	}
	if !strays {
		return l.noStrays(ctx)
	}
	wait := silence(max(prior.AckWait, l.t.opts.AckWait))
	l.strays = time.Now().Add(wait)
	if l.board.hold(true) {
		l.log.Info("blocks of tasks with read-write conflicts wait until no worker of an earlier epoch can be at work", "wait", wait)
	}
	return nil
}

// mayLive reports whether workers that served an epoch may be at work.
func (l *life) mayLive(ctx context.Context, prior runRecord) (bool, error) {
	if !l.lease.exclusive || l.t.led || l.t.opts.JournalDir == "" || l.liveJournals {
		return true, nil
	}
	last, _, err := l.state.guests(ctx)
	return last >= prior.Epoch, err
}

// checkStrays lets the tasks with conflicts go on when their wait is over.
func (l *life) checkStrays(ctx context.Context, now time.Time) error {
	if l.strays.IsZero() || now.Before(l.strays) {
		return nil
	}
	l.strays = time.Time{}
	l.board.hold(false)
	return l.noStrays(ctx)
}

// noStrays writes down that only workers of this epoch can be at work.
func (l *life) noStrays(ctx context.Context) error {
	l.record.Strays = false
	return l.putRecord(ctx)
}

// grace is how long after a crash was noticed, silence how long after its last confirmed sign of life, a worker is
// given to stop: it loses its hold after four fifths of the ack wait, and asks before it commits; what it is just then
// committing takes a while.
func grace(ackWait time.Duration) time.Duration   { return ackWait / 4 }
func silence(ackWait time.Duration) time.Duration { return ackWait + grace(ackWait) }

// foreign reports whether a journal was made by another process than this one.
func foreign(journal string) bool {
	name := strings.TrimSuffix(filepath.Base(journal), journalSuffix)
	name = name[:max(strings.LastIndexByte(name, '-'), 0)]
	return name[strings.LastIndexByte(name, '-')+1:] != strconv.Itoa(os.Getpid())
}
