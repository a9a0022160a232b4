package stream

import (
	"fmt"
	"time"
)

// A pause is a time in which the environment is at fault: a full disk, a worker that cannot write.
type pause struct {
	reason string // empty: the run goes on
	since  time.Time
	disk   string // why nothing is dispatched
}

// blocks reports whether nothing may be dispatched.
func (p *pause) blocks() bool { return p.disk != "" }

// checkDisk stops the dispatch while there is too little space.
func (l *life) checkDisk(now time.Time) {
	if l.disk == nil {
		return
	}
	l.pause.disk = l.disk.check(now)
}

// notePause tells when a pause begins and ends, and ends the run when it lasts too long.
func (l *life) notePause(now time.Time) {
	reason := l.pause.disk
	if reason == "" && l.store.err != nil {
		reason = l.store.err.Error()
	}
	if reason == "" {
		if worker, why := l.crew.paused(); worker != "" {
			reason = fmt.Sprintf("worker %s: %s", worker, why)
		}
	}
	if reason == "" && l.lease.doubtful() {
		reason = "NATS does not answer"
	}
	p := &l.pause
	switch {
	case reason != "" && p.reason == "":
		p.since = now
		l.log.Warn("the run pauses", "reason", reason)
		l.emit(Event{Kind: EventRunPaused, Reason: reason})
	case reason == "" && p.reason != "":
		l.log.Info("the run goes on", "paused", now.Sub(p.since).Round(time.Millisecond))
		l.emit(Event{Kind: EventRunResumed})
	}
	p.reason = reason
	if reason != "" && now.Sub(p.since) > l.t.opts.PauseLimit {
		l.beginStop("gave up waiting: " + reason)
	}
}
