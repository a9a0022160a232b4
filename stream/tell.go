package stream

import (
	"bytes"
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// A teller stores events for people, in JetStream and in the snapshot. Only the run's leader writes there: one that has
// been replaced and does not know it yet is refused, and so is an event that was stored although its confirmation was
// lost. Both are conflicts, and what is there is read again.
type teller struct {
	last      uint64 // sequence of the last message of events
	unwritten []byte // lines that JetStream has and the snapshot lacks
}

// tell stores events; told is how many of them JetStream has. It is called by one write at a time.
func (l *life) tell(ctx context.Context, events []Event) (told int, err error) {
	if err := l.writeLines(); err != nil {
		return 0, err
	}
	if len(events) == 0 {
		return 0, nil
	}
	for _, lines := range encodeEvents(events) {
		ack, err := l.publishEvents(ctx, lines)
		if err != nil {
			return told, jetStreamError(err)
		}
		l.teller.last = ack.Sequence
		told += bytes.Count(lines, []byte{'\n'})
		fault.Point("tracker.event")
		l.teller.unwritten = append(l.teller.unwritten, lines...)
		if err := l.writeLines(); err != nil {
			return told, err
		}
	}
	return told, nil
}

func (l *life) publishEvents(ctx context.Context, lines []byte) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return l.t.js.Publish(ctx, eventSubject(l.t.plan.Run), lines, jetstream.WithExpectLastSequence(l.teller.last))
}

// writeLines adds to the snapshot what it lacks.
func (l *life) writeLines() error {
	if l.t.opts.Dir == "" || len(l.teller.unwritten) == 0 || !l.lease.held() {
		l.teller.unwritten = nil
		return nil
	}
	if err := appendEvents(l.t.opts.Dir, l.teller.unwritten); err != nil {
		return err
	}
	l.teller.unwritten = nil
	return nil
}

// untold returns the events that ended with this life before they were stored. Those of blocks come again with their
// completions.
func (l *life) untold() []Event {
	var rest []Event
	for _, e := range l.events {
		if len(e.Blocks) == 0 {
			rest = append(rest, e)
		}
	}
	return rest
}

// retell takes over what the life before could not tell, unless it is among the stored lines after all.
func (l *life) retell(lines [][]byte) {
	stored := bytes.Join(lines, nil)
	for _, e := range l.t.untold {
		if !bytes.Contains(stored, encode(e)) {
			l.events = append(l.events, e)
		}
	}
	l.t.untold = nil
}
