package stream

import (
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"

	"volara/fault"
)

// dispatch publishes as much ready work as the workers will need until the next dispatch; downstream tasks first, so
// that what they read is consumed while it is fresh. It reports whether there is more to find at once.
func (l *life) dispatch(now time.Time) (more bool) {
	if l.stop != nil || l.pause.blocks() {
		return false
	}
	for {
		w, ok := l.board.due(now)
		if ok {
			l.publish(w)
		} else if !l.board.comeDue() {
			break
		}
	}
	slots := l.crew.slots(l.epoch)
	for i := len(l.board.tasks) - 1; i >= 0; i-- {
		t := l.board.tasks[i]
		depth := t.pace.depth(slots, l.board.policy.maxBatch)
		if t.MaxWorkers > 0 {
			depth = min(depth, t.MaxWorkers)
		}
		for len(t.messages) < depth {
			w, ok := t.next()
			if !ok {
				more = more || t.scanning()
				break
			}
			l.publish(w)
		}
	}
	if l.queued {
		l.queued = false
		l.wake(false)
	}
	return more
}

// publish sends a work message. It is not confirmed: a lost one is found by the sweep.
func (l *life) publish(w work) {
	l.queued = true
	subject := workSubject(l.t.plan.Run, w.Epoch, w.Task, w.Generation, w.Blocks[0].First())
	if err := l.t.nc.Publish(subject, encode(w)); err != nil {
		l.log.Warn("work could not be published", "task", w.Task, "error", err)
	}
	fault.Point("tracker.published")
}

// wake tells workers that there is work, or that none is to be taken any more.
func (l *life) wake(stop bool) {
	if err := l.t.nc.Publish(wakeSubject(l.t.plan.Run), encode(wake{l.epoch, stop})); err != nil {
		l.log.Debug("workers could not be woken", "error", err) // they look from time to time anyway
	}
}

// A crew is what the tracker knows of the workers.
type crew struct{ workers map[string]crewMember }

type crewMember struct {
	report
	heard time.Time
}

// hear takes in a worker's report.
func (l *life) hear(m *nats.Msg) {
	var r report
	if err := json.Unmarshal(m.Data, &r); err != nil {
		l.log.Warn("ignoring a report that cannot be read", "error", err)
		return
	}
	if r.Leaving {
		delete(l.crew.workers, r.Worker)
		return
	}
	now := time.Now()
	if _, known := l.crew.workers[r.Worker]; !known {
		l.log.Debug("worker joins", "worker", r.Worker, "slots", r.Slots)
	}
	l.crew.workers[r.Worker] = crewMember{r, now}
	if r.Epoch == l.epoch {
		for task := range r.Running {
			l.noteStarted(task, now)
		}
	}
}

// expire forgets workers that have not reported for long.
func (c *crew) expire(now time.Time) {
	for name, w := range c.workers {
		if now.Sub(w.heard) > reportExpiry {
			delete(c.workers, name)
		}
	}
}

// slots returns how many blocks the workers of an epoch can have in work at once.
func (c *crew) slots(epoch uint64) int {
	n := 0
	for _, w := range c.workers {
		if w.Epoch == epoch {
			n += w.Slots
		}
	}
	return n
}

// running returns how many blocks of a task are in work.
func (c *crew) running(epoch uint64, task string) int64 {
	n := 0
	for _, w := range c.workers {
		if w.Epoch == epoch {
			n += w.Running[task]
		}
	}
	return int64(n)
}

// paused returns which worker waits for its environment, and why.
func (c *crew) paused() (worker, reason string) {
	for name, w := range c.workers {
		if w.Paused != "" && (worker == "" || name < worker) {
			worker, reason = name, w.Paused
		}
	}
	return worker, reason
}

// busy reports whether a worker still has blocks in work, or has not yet said that it has none, since a time.
func (c *crew) busy(epoch uint64, since time.Time) bool {
	for _, w := range c.workers {
		if w.Epoch == epoch && (len(w.Running) > 0 || w.heard.Before(since)) {
			return true
		}
	}
	return false
}
