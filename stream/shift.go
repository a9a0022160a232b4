package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"volara/fault"
)

// A shift is a worker's part in one epoch.
type shift struct {
	w      *Worker
	record runRecord
	tasks  map[string]Task
	pulls  []string // subjects to ask for work, by task; empty: there is none for this worker
	desk   *desk
	scout  chan struct{} // held by the one idle slot that looks for work
	active atomic.Int32  // slots that have a message, or have not yet learnt that there is none
	holds  *holds
	found  atomic.Bool // a queue has answered
	log    *slog.Logger
}

func newShift(w *Worker, record runRecord) *shift {
	s := &shift{
		w: w, record: record, tasks: map[string]Task{}, scout: make(chan struct{}, 1),
		holds: newHolds(w.nc, record.AckWait), log: w.log.With("epoch", record.Epoch),
	}
	m := newMemory(record.Plan.Tasks, w.opts.Memory, w.opts.Oversize)
	s.desk = newDesk(record.Plan.Tasks, m)
	s.pulls = make([]string, len(record.Plan.Tasks))
	for i, t := range record.Plan.Tasks {
		if m.never(i) && w.tooLarge[t.Name] != t.Memory {
			w.tooLarge[t.Name] = t.Memory
			s.log.Warn("no block of a task is taken here: it needs more memory than the blocks of this worker may have",
				"task", t.Name, "bytes", t.Memory, "budget", w.opts.Memory)
		}
		s.tasks[t.Name] = t
		if t.Host.Same(w.opts.Host) && slices.Contains(record.Todo, t.Name) {
			s.pulls[i] = fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", workStream(w.run, record.Epoch), workConsumer(t.Name))
		}
	}
	return s
}

// fitsNone reports whether every task that this worker could have blocks of needs more memory than it may use.
func (s *shift) fitsNone() bool {
	none := false
	for i, subject := range s.pulls {
		if subject != "" && !s.desk.memory.never(i) {
			return false
		}
		none = none || subject != ""
	}
	return none
}

// slot works on one message after the other until the epoch is over or ctx is cancelled. It is counted as active before it
// begins.
func (s *shift) slot(ctx context.Context, j *journal) {
	p := &puller{nc: s.w.nc}
	defer p.close()
	for {
		d, ok := s.take(ctx, p)
		if !ok {
			return
		}
		s.do(ctx, d.msg, d.asked, j)
		s.desk.leave(d.task)
	}
}

// A delivery is a work message that a slot has got; its place at the desk is to be left when it is done.
type delivery struct {
	msg   *nats.Msg
	asked time.Time
	task  int // by index
}

// take returns the next message; false when there will be none. A slot that has just finished asks at once; of those
// that find nothing, one stays awake for all. A queue that one slot does not find is lost only when no other slot is
// active: at the beginning of an epoch they may be asked for before they can be found, and a slot that left then would
// be missing for as long as another has work.
func (s *shift) take(ctx context.Context, p *puller) (delivery, bool) {
	if s.over(ctx) {
		return delivery{}, false
	}
	if !s.w.office.paused() {
		if d, _ := s.pull(ctx, p); d.msg != nil {
			return d, true
		}
	}
	s.active.Add(-1)
	select {
	case s.scout <- struct{}{}:
		defer func() { <-s.scout }()
	case <-ctx.Done():
		return delivery{}, false
	}
	for wait := idleMin; ; wait = min(2*wait, idleMax) {
		woken, freed := s.w.wakes.next(), s.desk.next()
		if s.over(ctx) {
			return delivery{}, false
		}
		if !s.w.office.paused() {
			d, err := s.pull(ctx, p)
			if d.msg != nil {
				s.active.Add(1)
				return d, true
			}
			if errors.Is(err, errQueueLost) && s.active.Load() == 0 {
				return delivery{}, false
			}
		}
		select {
		case <-woken:
			wait = idleMin
		case <-freed:
			wait = idleMin
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// over reports whether nothing more is to be taken.
func (s *shift) over(ctx context.Context) bool {
	return ctx.Err() != nil || s.w.wakes.stops(s.record.Epoch) || s.w.nc.IsClosed()
}

// pull asks the tasks for a message, in the order in which it is their turn. errQueueLost says that the epoch is over.
func (s *shift) pull(ctx context.Context, p *puller) (delivery, error) {
	missing := 0
	for _, task := range s.desk.order() {
		if s.pulls[task] == "" || s.desk.memory.never(task) {
			missing++
			continue
		}
		ok, hungry := s.desk.enter(task)
		if hungry {
			s.saveFor(ctx, task)
		}
		if !ok {
			continue
		}
		m, at, err := p.ask(s.pulls[task])
		if m != nil {
			s.found.Store(true)
			s.desk.got(task)
			return delivery{m, at, task}, nil
		}
		s.desk.withdraw(task)
		switch {
		case errors.Is(err, nats.ErrNoResponders):
			missing++
		case err != nil:
			return delivery{}, err
		}
		s.desk.settled(task)
	}
	if missing == len(s.pulls) {
		return delivery{}, errQueueLost
	}
	s.found.Store(true)
	return delivery{}, nil
}

// saveFor leaves memory free for a task that has been refused for long, when there are blocks for it.
func (s *shift) saveFor(ctx context.Context, task int) {
	name := s.record.Plan.Tasks[task].Name
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	queue, err := s.w.js.Consumer(ctx, workStream(s.w.run, s.record.Epoch), workConsumer(name))
	if err != nil || queue.CachedInfo().NumPending == 0 {
		s.desk.settled(task) // nothing to do, or no way to know: it is asked again later
		return
	}
	s.log.Debug("memory is left free for a task", "task", name)
	s.desk.save(task)
}

// do does one message.
func (s *shift) do(ctx context.Context, m *nats.Msg, at time.Time, j *journal) {
	var todo work
	if err := json.Unmarshal(m.Data, &todo); err != nil {
		s.log.Error("dropping a work message that cannot be read", "error", err)
		s.ack(m)
		return
	}
	task, known := s.tasks[todo.Task]
	if !known || todo.Generation != task.Generation || todo.Epoch != s.record.Epoch || len(todo.Blocks) == 0 {
		s.log.Debug("dropping a work message of another epoch or generation", "task", todo.Task)
		s.ack(m)
		return
	}
	hold := s.holds.add(m.Reply, at)
	defer s.holds.remove(hold)
	b := &job{shift: s, work: todo, task: task, hold: hold, sent: time.Now(), log: s.log.With("task", todo.Task)}
	if delivered(m.Reply) > 1 {
		b.log.Warn("another worker had these blocks and fell silent", "blocks", todo.Blocks)
		b.result.Crashed = todo.Blocks
		b.publish(ctx)
		b.finish(m)
		return
	}
	fault.Point("worker.took")
	s.w.office.begins(todo.Task)
	defer s.w.office.ends(todo.Task)
	if err := j.note(journalEntry{s.w.run, s.w.opts.Name, todo}); err != nil {
		b.log.Warn("a crash of this worker would take longer to notice", "error", err)
	}
	fault.Point("worker.noted")
	b.do(ctx)
	fault.Point("worker.told")
	b.finish(m)
	fault.Point("worker.acked")
	if err := j.clear(); err != nil {
		b.log.Warn("a journal is out of date", "error", err)
	}
}

// ack tells the queue that a message has ended.
func (s *shift) ack(m *nats.Msg) {
	if err := s.w.nc.Publish(m.Reply, nil); err != nil {
		s.log.Warn("a message could not be acknowledged and will come again", "error", err)
	}
}

// delivered returns how often a message was delivered, from its reply subject: $JS.ACK.<stream>.<consumer>.<delivered>…
// or, from newer servers, $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>….
func delivered(reply string) int {
	tokens := strings.Split(reply, ".")
	at := 4
	if len(tokens) > 9 {
		at = 6
	}
	if len(tokens) <= at {
		return 1
	}
	n, err := strconv.Atoi(tokens[at])
	if err != nil {
		return 1
	}
	return n
}
