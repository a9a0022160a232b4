package isolate

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"
)

// Limits of what is kept of what a child prints.
const (
	tailLines  = 20
	lineLength = 4096
)

// A tail is the end of what a child has printed, and the beginning of its last complaint: a Go program says what went
// wrong in the first line of a long trace.
type tail struct {
	mu    sync.Mutex
	lines []string
	cause string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == "" && isCause(line) {
		t.cause = line
	}
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

// isCause reports whether a line begins the last words of a Go program, or of the C libraries in it.
func isCause(line string) bool {
	for _, prefix := range []string{"panic: ", "fatal error: ", "SIG", "runtime: ", "terminate called", "error while loading"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// last returns what explains a death best: the cause, or else the last few lines; "" when nothing was printed.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause != "" {
		return t.cause
	}
	const few = 3
	return strings.Join(t.lines[max(0, len(t.lines)-few):], " | ")
}

// eachLine calls f with the lines that r yields until its end, long ones cut into pieces, empty ones left out.
func eachLine(r io.Reader, f func(string)) {
	lines := bufio.NewReaderSize(r, lineLength)
	for {
		line, err := lines.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			f(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}
