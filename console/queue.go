package console

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// A queue is a writer that never waits and never fails: a goroutine hands lines to the writer behind. Lines that find the
// queue full or that the writer refuses are dropped, and a line that says how many stands in their place as soon as one
// can be written. Each Write is a whole line.
type queue struct {
	out     io.Writer
	dropped func(n int64, cause error) []byte // the line that stands in for those dropped
	notice  func(string)                      // tells of the first failure; may be nil
	wake    chan struct{}                     // holds a token when there may be work
	done    chan struct{}                     // closed when the goroutine has ended

	mu      sync.Mutex
	waiting []queued
	size    int
	lost    int64 // since the newest line waiting
	busy    bool  // lines are being written
	closed  bool

	// Of the goroutine alone:
	owed  int64 // lines lost and not yet told
	cause error // of the loss
	torn  bool  // the last write left half a line
	told  bool
}

type queued struct {
	line       []byte
	lostBefore int64
}

// queueBytes bounds what waits for a slow terminal or disk.
const queueBytes = 1 << 20

func newQueue(out io.Writer, dropped func(int64, error) []byte, notice func(string)) *queue {
	q := &queue{out: out, dropped: dropped, notice: notice, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// Write queues a line.
func (q *queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if q.closed || q.size+len(line) > queueBytes {
		q.lost++
	} else {
		q.waiting = append(q.waiting, queued{bytes.Clone(line), q.lost})
		q.size += len(line)
		q.lost = 0
	}
	q.mu.Unlock()
	q.signal()
	return len(line), nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns what waits. After the last of it, lost lines are those dropped since.
func (q *queue) take() (lines []queued, lost int64, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, closed = q.waiting, q.closed
	q.waiting, q.size = nil, 0
	q.busy = len(lines) > 0
	if closed {
		lost, q.lost = q.lost, 0
	}
	return lines, lost, closed
}

func (q *queue) run() {
	defer close(q.done)
	for range q.wake {
		lines, lost, closed := q.take()
		for _, l := range lines {
			q.owed += l.lostBefore
			if !q.confess() || !q.write(l.line) {
				q.owed++
			}
		}
		if closed {
			q.owed += lost
			q.confess()
			return
		}
		q.mu.Lock()
		q.busy = false
		q.mu.Unlock()
	}
}

// confess writes how many lines were lost, if any; false when that cannot be written either.
func (q *queue) confess() bool {
	if q.owed == 0 {
		return true
	}
	if !q.write(q.dropped(q.owed, q.cause)) {
		return false
	}
	q.owed, q.cause = 0, nil
	return true
}

func (q *queue) write(line []byte) bool {
	if q.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := q.out.Write(line)
	if err == nil {
		q.torn = false
		return true
	}
	if n > 0 {
		q.torn = line[n-1] != '\n'
	}
	q.cause = err
	if !q.told && q.notice != nil {
		q.told = true
		q.notice(fmt.Sprintf("a log cannot be written, lines are dropped until it can: %v", err))
	}
	return false
}

// close ends the queue when all is written, or gives up after a while. It reports whether the writer behind is free.
func (q *queue) close(patience time.Duration) bool {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
	select {
	case <-q.done:
		return true
	case <-time.After(patience):
		return false
	}
}
