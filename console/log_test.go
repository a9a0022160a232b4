package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// drain waits until everything queued is written.
func (q *queue) drain(t *testing.T) {
	t.Helper()
	for range 2000 {
		q.mu.Lock()
		idle := len(q.waiting) == 0 && !q.busy
		q.mu.Unlock()
		if idle {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the queue is not drained")
}

func readLines(t *testing.T, path string) (lines []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v in %q", path, err, line)
		}
		lines = append(lines, m)
	}
	return lines
}

func TestLogFansOut(t *testing.T) {
	var terminal bytes.Buffer
	path := filepath.Join(t.TempDir(), "logs", "run", "worker-0.jsonl")
	logs := NewLog(LogOptions{Terminal: &terminal, Level: slog.LevelWarn, File: path, FileLevel: slog.LevelDebug})
	log := logs.Logger().With("run", "segment").WithGroup("where")
	log.Debug("only in the file", "block", 17)
	log.Warn("in both", "err", errors.New("no\nway"))
	logs.Close()
	logs.Close()
	log.Error("after the end")
	if got := terminal.String(); !strings.HasSuffix(got, `WRN in both run=segment where.err="no\nway"`+"\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("terminal: %q", got)
	}
	lines := readLines(t, path)
	if len(lines) != 2 || lines[0]["where"].(map[string]any)["block"] != 17.0 || lines[1]["run"] != "segment" || lines[1]["level"] != "WARN" {
		t.Errorf("file: %v", lines)
	}
	NewLog(LogOptions{}).Logger().Info("nowhere")
}

func TestLogColour(t *testing.T) {
	for _, colour := range []bool{false, true} {
		var terminal bytes.Buffer
		logs := NewLog(LogOptions{Terminal: &terminal, Colour: colour})
		logs.Logger().Error("x")
		logs.Close()
		if strings.Contains(terminal.String(), "\x1b[") != colour {
			t.Errorf("colour %v: %q", colour, terminal.String())
		}
	}
}

// The file and its predecessor hold the newest lines, whole, and stay within their bound, also over restarts.
func TestLogRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "worker-0.jsonl")
	const limit, n = 4000, 300
	for half := range 2 {
		logs := NewLog(LogOptions{File: path, FileBytes: limit})
		for i := range n / 2 {
			logs.Logger().Info("line", "i", half*n/2+i)
		}
		logs.Close()
	}
	old, now := readLines(t, predecessor(path)), readLines(t, path)
	all := append(old, now...)
	if last := all[len(all)-1]["i"]; last != n-1.0 {
		t.Errorf("the newest line is %v", last)
	}
	for i := 1; i < len(all); i++ {
		if all[i]["i"].(float64) != all[i-1]["i"].(float64)+1 {
			t.Errorf("line %v follows %v", all[i]["i"], all[i-1]["i"])
		}
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if len(files) != 2 {
		t.Errorf("files: %v", files)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > limit {
			t.Errorf("%s: %v, %v", f, info.Size(), err)
		}
	}
}

// A disk is a writer that can be full: then it takes half a line and fails.
type disk struct {
	mu   sync.Mutex
	full bool
	b    bytes.Buffer
}

func (d *disk) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		n, _ := d.b.Write(line[:len(line)/2])
		return n, fmt.Errorf("write log: %w", syscall.ENOSPC)
	}
	return d.b.Write(line)
}

func (d *disk) fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func TestLogOnAFullDisk(t *testing.T) {
	var d disk
	var notices []string
	q := newQueue(&d, droppedJSON, func(s string) { notices = append(notices, s) })
	write := func(s string) {
		fmt.Fprintf(q, "{\"msg\":%q}\n", s)
		q.drain(t)
	}
	write("one")
	d.fill(true)
	write("two")
	d.b.Truncate(bytes.LastIndexByte(d.b.Bytes(), '\n') + 4) // half a line stays
	write("three")
	write("four")
	d.fill(false)
	write("five")
	q.close(time.Second)
	if len(notices) != 1 || !strings.Contains(notices[0], "no space left") {
		t.Errorf("notices: %q", notices)
	}
	text := d.b.String()
	if !strings.HasPrefix(text, "{\"msg\":\"one\"}\n") || !strings.HasSuffix(text, "{\"msg\":\"five\"}\n") ||
		!strings.Contains(text, `"lines":3,"cause":"write log: no space left on device"}`) {
		t.Errorf("the log is\n%s", text)
	}
}

// The same through the file system, where there is a device that is always full.
func TestLogToAFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full; TestLogOnAFullDisk covers the rest")
	}
	for _, path := range []string{"/dev/full", filepath.Join("/dev/full", "worker-0.jsonl")} {
		var terminal bytes.Buffer
		logs := NewLog(LogOptions{Terminal: &terminal, File: path})
		for range 100 {
			logs.Logger().Info("x")
		}
		logs.Close()
		if n := strings.Count(terminal.String(), "cannot be written"); n != 1 {
			t.Errorf("%s: told %d times\n%s", path, n, terminal.String())
		}
	}
}

// A terminal that takes nothing holds nobody up; what does not fit the queue is counted.
func TestLogToAStoppedTerminal(t *testing.T) {
	stopped := &gate{open: make(chan struct{})}
	logs := NewLog(LogOptions{Terminal: stopped})
	begin := time.Now()
	long := strings.Repeat("x", 1000)
	for range 3000 {
		logs.Logger().Info(long)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("3000 lines took %v", took)
	}
	close(stopped.open)
	logs.Close()
	kept, dropped := 0, 0
	for line := range strings.Lines(stopped.b.String()) {
		var n int
		if _, err := fmt.Sscanf(strings.ReplaceAll(line, ",", ""), "… %d log line", &n); err == nil {
			dropped += n
		} else {
			kept++
		}
	}
	if dropped == 0 || kept+dropped != 3000 {
		t.Errorf("%d lines of 3000 are kept, %d dropped", kept, dropped)
	}
}

type gate struct {
	open chan struct{}
	b    bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	return g.b.Write(b)
}

func TestParseLevel(t *testing.T) {
	for s, want := range map[string]slog.Level{"debug": slog.LevelDebug, "INFO": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError} {
		if got, err := ParseLevel(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil || !strings.Contains(err.Error(), `"loud"`) {
		t.Errorf("got %v", err)
	}
}
