package stream

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// pardonable returns the selected blocks of the task that have failed and are not at work, in order.
func (t *taskBoard) pardonable() Ranges {
	var ranges Ranges
	for i, ok := t.failures.blocks.Next(0); ok; i, ok = t.failures.blocks.Next(i + 1) {
		if !t.hung[i] {
			ranges = ranges.Append(i)
		}
	}
	return ranges
}

// errAtWork refuses to try a block that does not stop.
func (t *taskBoard) errAtWork(i int64) error {
	return fmt.Errorf("block %d of task %s may still be at work: it did not stop when its time was up, and neighbours must not "+
		"be at work at once; once this run has ended and its workers with it, the next one tries the block again", i, t.Name)
}

// pardon gives a failed block all its attempts again. They are counted on, so that what is reported late of an earlier
// one is known as such.
func (t *taskBoard) pardon(i int64, now time.Time) {
	tried := t.tried(i)
	tried.failed, tried.failure = false, nil
	tried.crashes = min(tried.crashes, 1) // one that has crashed stays by itself
	tried.pardoned = tried.attempts - tried.crashes
	t.unnoteFailed(i)
	switch at := t.position(i); {
	case t.levels != nil && tried.crashes > 0: // a worker may be busy with it for a moment yet
		t.out.Set(i)
		t.wait(i, now.Add(t.board.policy.grace))
	case t.open() && t.satisfied(&at):
		t.offer(i)
	}
}

// errors returns how many attempts of a block have failed since it was last pardoned, crashes not counted.
func (r *trouble) errors() int { return r.attempts - r.crashes - r.pardoned }

// pardons returns the failed blocks that a request names, by task; an error names what the run does not have, what
// has not failed or what may still be at work. A request for all that has failed leaves those at work as they are.
func (b *board) pardons(r RetryRequest) (map[*taskBoard]Ranges, error) {
	tasks, err := b.named(r.Tasks)
	if err != nil {
		return nil, err
	}
	named := map[*taskBoard]Ranges{}
	if len(r.Blocks) == 0 {
		var busy error
		for _, t := range tasks {
			if failed := t.pardonable(); len(failed) > 0 {
				named[t] = failed
			}
			for i := range t.hung {
				busy = t.errAtWork(i)
			}
		}
		if len(named) == 0 {
			return nil, busy
		}
		return named, nil
	}
	if len(tasks) != 1 {
		return nil, fmt.Errorf("blocks are those of one task; name it: %s", b.taskNames())
	}
	t := tasks[0]
	blocks := slices.Clone(r.Blocks)
	slices.Sort(blocks)
	for _, i := range slices.Compact(blocks) {
		if i < 0 || i >= t.done.Len() {
			return nil, fmt.Errorf("task %s has no block %d; it has 0 to %d", t.Name, i, t.done.Len()-1)
		}
		if !t.selected(i) {
			return nil, fmt.Errorf("block %d of task %s is not one that this run does", i, t.Name)
		}
		if !t.failed(i) {
			return nil, fmt.Errorf("block %d of task %s has not failed", i, t.Name)
		}
		if t.hung[i] {
			return nil, t.errAtWork(i)
		}
		named[t] = named[t].Append(i)
	}
	return named, nil
}

// named returns the tasks of these names, all when there are none.
func (b *board) named(names []string) ([]*taskBoard, error) {
	if len(names) == 0 {
		return b.tasks, nil
	}
	var tasks []*taskBoard
	for _, name := range names {
		t := b.byName[name]
		if t == nil {
			return nil, fmt.Errorf("the run has no task %q; it has %s", name, b.taskNames())
		}
		if !slices.Contains(tasks, t) {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

func (b *board) taskNames() string {
	names := make([]string, len(b.tasks))
	for i, t := range b.tasks {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

// retry does what a RetryRequest asks for. What waited for the blocks waits again.
func (l *life) retry(r RetryRequest) controlAnswer {
	if l.stop != nil {
		return controlAnswer{Ending: true}
	}
	pardons, err := l.board.pardons(r)
	if err != nil {
		return controlAnswer{Error: err.Error()}
	}
	counts := map[string]int64{}
	for t, ranges := range pardons {
		for _, blocks := range ranges {
			for i := blocks.First(); i < blocks.End(); i++ {
				t.pardon(i, time.Now())
			}
		}
		counts[t.Name] = ranges.Count()
		l.tellAsked(EventBlockRetry, t, ranges)
		l.log.Info("failed blocks are tried again, as asked for", "task", t.Name, "blocks", ranges.Count())
	}
	for _, t := range l.board.tasks {
		if n := len(t.hung); n > 0 && len(r.Blocks) == 0 {
			l.log.Warn("failed blocks that do not stop are not tried again before the next run", "task", t.Name, "blocks", n)
		}
	}
	l.reviveTasks()
	return controlAnswer{Blocks: counts}
}

// reviveTasks lets tasks that had come to their end, and have work again, come to it once more.
func (l *life) reviveTasks() {
	for i, over := range l.board.ended() {
		if l.over[i] && !over {
			l.over[i] = false
			l.t.progress[l.board.tasks[i].Name].finished = time.Time{}
		}
	}
}
