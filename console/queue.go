package console

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A queue is a writer that never waits and never fails: a goroutine hands lines to the writer behind, and lines that
// find the queue full or that the writer refuses are dropped and counted. Each Write is a whole line.
type queue struct {
	out     io.Writer
	dropped func(n int64, err error) []byte // the line that stands in for those dropped
	notice  func(string)                    // tells of the first failure; may be nil

	mu      sync.Mutex
	waiting [][]byte
	size    int
	lost    int64
	closed  bool
	wake    chan struct{} // holds a token when there may be work
	idle    chan struct{} // closed when the goroutine has ended

	told  bool // only of the goroutine
	torn  bool // the last write left half a line
	cause error
}

// queueBytes bounds what waits for a slow terminal or disk.
const queueBytes = 1 << 20

func newQueue(out io.Writer, dropped func(int64, error) []byte, notice func(string)) *queue {
	q := &queue{out: out, dropped: dropped, notice: notice, wake: make(chan struct{}, 1), idle: make(chan struct{})}
	go q.run()
	return q
}

// Write queues a line.
func (q *queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	if q.closed || q.size+len(line) > queueBytes {
		q.lost++
	} else {
		q.waiting = append(q.waiting, append([]byte(nil), line...))
		q.size += len(line)
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

func (q *queue) run() {
	defer close(q.idle)
	for range q.wake {
		q.mu.Lock()
		lines, closed := q.waiting, q.closed
		q.waiting, q.size = nil, 0
		q.mu.Unlock()
		for _, line := range lines {
			q.put(line)
		}
		if closed {
			q.confess()
			return
		}
	}
}

// put writes a line, after one that tells of lines lost before it.
func (q *queue) put(line []byte) {
	if !q.confess() || !q.write(line) {
		q.mu.Lock()
		q.lost++
		q.mu.Unlock()
	}
}

// confess writes how many lines were lost, if any; false when that cannot be written either.
func (q *queue) confess() bool {
	q.mu.Lock()
	n := q.lost
	q.mu.Unlock()
	if n == 0 {
		return true
	}
	if !q.write(q.dropped(n, q.cause)) {
		return false
	}
	q.cause = nil
	q.mu.Lock()
	q.lost -= n
	q.mu.Unlock()
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
	case <-q.idle:
		return true
	case <-time.After(patience):
		return false
	}
}
