package stream

import (
	"slices"
	"time"

	"volara/fault"
)

// publishStatus makes the status of now the one that Snapshot returns.
func (l *life) publishStatus(now time.Time) {
	state := StateRunning
	if l.pause.reason != "" {
		state = StatePaused
	}
	status := l.status(state, l.pause.reason, now)
	l.t.status.Store(&status)
}

// finalStatus is the status of a run that has ended.
func (l *life) finalStatus(state, reason string) Status {
	if l.board == nil {
		return l.t.Snapshot()
	}
	status := l.status(state, reason, time.Now())
	for i := range status.Tasks {
		status.Tasks[i].Running = 0
	}
	l.t.status.Store(&status)
	return status
}

func (l *life) status(state, reason string, now time.Time) Status {
	s := Status{
		Run: l.t.plan.Run, State: state, Reason: reason, Epoch: l.epoch,
		Started: l.t.began.UTC(), Updated: now.UTC(), Tasks: make([]TaskStatus, len(l.board.tasks)),
	}
	for _, w := range l.crew.workers {
		if w.Epoch == l.epoch {
			s.Workers++
			s.Slots += w.Slots
		}
	}
	ended := l.board.ended()
	for i, t := range l.board.tasks {
		p := l.t.progress[t.Name]
		ts := TaskStatus{
			Name: t.Name, Total: t.total, Done: t.nDone, Skipped: min(p.skipped, t.nDone), Failed: t.nFailed,
			Masked: t.nMasked, LeftOut: t.nLeftOut,
			Running: min(l.crew.running(l.epoch, t.Name), t.out.Count()-t.waiting), Voxels: t.Voxels,
			Started: p.started, Finished: p.finished, Timings: p.timings,
		}
		if ended[i] {
			ts.Orphaned = t.total - t.nDone - t.nFailed
		}
		if t.nFailed > 0 {
			ts.Failures = t.listFailures()
		}
		s.Tasks[i] = ts
	}
	return s
}

// closing returns a channel that is closed at the end of the life.
func (l *life) closing() <-chan struct{} {
	if l.gone == nil {
		l.gone = make(chan struct{})
	}
	return l.gone
}

func (l *life) onClose(f func()) { l.closers = append(l.closers, f) }

func (l *life) close() {
	if l.gone != nil {
		close(l.gone)
	}
	for _, f := range slices.Backward(l.closers) {
		f()
	}
	l.closeErase()
	l.sweep.close()
	if l.store.busy { // nothing is written once another life has begun
		r := <-l.store.results
		l.events = append(r.job.events[r.told:], l.events...)
	}
}

// loadSnapshot prepares the directory of the snapshot.
func (l *life) loadSnapshot() error {
	l.disk = newDisk(l.t.opts)
	if l.t.opts.Dir == "" {
		return nil
	}
	return fault.Environment(makeDir(l.t.opts.Dir))
}
