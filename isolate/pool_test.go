package isolate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"volara/fault"
	"volara/stream"
)

// TestResults demands that a block's result and error come through with their marks, and that a death is told with what
// explains it.
func TestResults(t *testing.T) {
	cases := []struct {
		what, says             string
		permanent, environment bool
	}{
		{what: ""},
		{what: "masked"},
		{what: "error", says: "no such chunk"},
		{what: "permanent", says: "NaN", permanent: true},
		{what: "environment", says: "disk full", environment: true},
		{what: "panic", says: "panic: no such voxel"},
		{what: "kill", says: "died while it had the block: signal: killed (out of memory?)"},
		{what: "exit", says: "block: exit status 3"},
		{what: "crash", says: "SIGSEGV"},
		{what: "fatal", says: "stack"},
		{what: "garbage", says: "died while it had the block: signal: killed"},
		{what: ""},
	}
	s := script{}
	for _, c := range cases {
		s.Blocks = append(s.Blocks, c.what)
	}
	p := newTestPool(t, s)
	for i, c := range cases {
		if _, err := p.Process(context.Background(), blockAt(int64(len(cases)))); err != nil { // lest the deaths are in a row
			t.Fatal(err)
		}
		r, err := p.Process(context.Background(), blockAt(int64(i)))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.what, err, c.says)
		}
		if fault.IsPermanent(err) != c.permanent || fault.IsEnvironment(err) != c.environment {
			t.Errorf("%s: the marks of %v are wrong", c.what, err)
		}
		if err == nil && (r.Timings.Compute != time.Duration(i) || r.Masked != (c.what == "masked")) {
			t.Errorf("%s: result %+v", c.what, r)
		}
	}
}

// TestLog demands that what a child logs and what it prints are in the parent's log.
func TestLog(t *testing.T) {
	var mu sync.Mutex
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(b)
	}), nil))
	p := NewPool(Options{Setup: script{Blocks: []string{"log", "crash"}}.setup(), Command: command(t, childArgument), Logger: log})
	if _, err := p.Process(context.Background(), blockAt(0)); err != nil {
		t.Error(err)
	}
	if _, err := p.Process(context.Background(), blockAt(1)); err == nil {
		t.Error("a crash was not noticed")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"a word", "level=WARN", " a=1", "g.b=1s", "g.roi=[0:1]", "about to crash", "process="} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, text.String())
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestChildrenAreKept demands one child a block in work, used again, replaced when killed, closed when idle and at the
// end, and no zombie.
func TestChildrenAreKept(t *testing.T) {
	dir := t.TempDir()
	s := script{Blocks: []string{"pid"}, Dir: dir}
	p := NewPool(Options{Setup: s.setup(), Command: command(t, childArgument), Logger: slog.New(slog.DiscardHandler), Idle: 200 * time.Millisecond})
	first := pidOf(t, p, 0)
	if second := pidOf(t, p, 0); second != first {
		t.Errorf("process %d, then %d", first, second)
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the killed child is reaped", func() bool { return !alive(first) })
	if third := pidOf(t, p, 0); third == first {
		t.Error("the killed process answers")
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if _, err := p.Process(context.Background(), blockAt(int64(1+i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	eventually(t, "idle children are closed", func() bool { return len(children(t)) == 0 })
	if !exists(dir, "closed") {
		t.Error("a processor was not closed")
	}
	last := pidOf(t, p, 0)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if alive(last) {
		t.Error("a child has outlived its pool")
	}
	if _, err := p.Process(context.Background(), blockAt(1)); err != nil {
		t.Error(err) // a late block of a hung slot: its child is closed right after
	}
	eventually(t, "no child is left", func() bool { return len(children(t)) == 0 })
}

// TestTimeout demands that a block that obeys keeps its process, and that one that hangs loses it.
func TestTimeout(t *testing.T) {
	p := newTestPool(t, script{Blocks: []string{"pid", "obedient", "hang"}})
	first := pidOf(t, p, 0)
	for i, keeps := range []bool{true, false} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := p.Process(ctx, blockAt(int64(1+i)))
		cancel()
		if err == nil || errors.Is(err, errKilled) == keeps {
			t.Errorf("block %d: %v", 1+i, err)
		}
		if alive(first) != keeps {
			t.Errorf("block %d: the process is alive: %v", 1+i, !keeps)
		}
	}
	if again := pidOf(t, p, 0); again == first {
		t.Error("the killed process answers")
	}
}

// TestLostHold demands that a child whose block belongs to another worker is killed at once.
func TestLostHold(t *testing.T) {
	dir := t.TempDir()
	p := newTestPool(t, script{Last: time.Minute, Dir: dir})
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(100*time.Millisecond, func() { cancel(errors.New("fenced")) })
	if _, err := p.Process(ctx, blockAt(0)); !errors.Is(err, errKilled) || !strings.Contains(err.Error(), "fenced") {
		t.Error(err)
	}
	if len(children(t)) > 0 || exists(dir, "0") {
		t.Error("the child lives, or has committed")
	}
}

// TestDeadline demands that a child does not commit after the time that it has last heard of, whatever its parent does.
func TestDeadline(t *testing.T) {
	for _, extended := range []bool{false, true} {
		dir := t.TempDir()
		c, err := startChild(command(t, childArgument), nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		setup := script{Last: 600 * time.Millisecond, Dir: dir}.setup()
		setup.Version = Version
		if err := c.open(context.Background(), setup); err != nil {
			t.Fatal(err)
		}
		b := blockAt(0)
		until := time.Now().Add(300 * time.Millisecond)
		if err := c.pipe.send(message{Kind: kindBlock, Until: deadline(until), Block: &block{b.Index, b.Position, b.ReadROI, b.WriteROI}}); err != nil {
			t.Fatal(err)
		}
		if extended {
			if err := c.pipe.send(message{Kind: kindHeld, Until: deadline(until.Add(time.Hour))}); err != nil {
				t.Fatal(err)
			}
		}
		m := <-c.answers
		if exists(dir, "0") != extended || (m.Error == nil) != extended {
			t.Errorf("extended %v: committed %v, answer %+v", extended, exists(dir, "0"), m.Error)
		}
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
}

// TestInterrupt demands that a child finishes its block when the terminal, or a supervisor, stops everything.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	p := newTestPool(t, script{Blocks: []string{"pid"}, Last: 300 * time.Millisecond, Dir: dir})
	pid := pidOf(t, p, 0)
	if group, err := syscall.Getpgid(pid); err != nil || group == syscall.Getpgrp() {
		t.Errorf("the child is in process group %d, as its parent: %v", group, err)
	}
	time.AfterFunc(50*time.Millisecond, func() {
		_ = syscall.Kill(pid, syscall.SIGINT)
		_ = syscall.Kill(pid, syscall.SIGTERM)
	})
	if _, err := p.Process(context.Background(), blockAt(1)); err != nil || !exists(dir, "1") {
		t.Error(err)
	}
}

// TestParentKilled demands that the children of a killed parent end with it, without a commit: also a stopped one.
func TestParentKilled(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		dir := t.TempDir()
		args := command(t, parentArgument, dir)
		parent := exec.Command(args[0], args[1:]...)
		parent.Stderr = os.Stderr
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the parent tells of its child", func() bool { return exists(dir, "pid") })
		text, err := os.ReadFile(dir + "/pid")
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Sscan(string(text), &pid); err != nil {
			t.Fatal(err)
		}
		if stopped {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait()
		eventually(t, "the child ends", func() bool { return !running(pid) })
		if exists(dir, "1") {
			t.Error("the child has committed")
		}
	}
}

// running reports whether a process of somebody else's is more than a zombie.
func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// beParent has a child work on a long block and says which process it is.
func beParent(dir string) int {
	path, err := os.Executable()
	if err != nil {
		return 1
	}
	s := script{Blocks: []string{"pid"}, Last: 2 * time.Second, Dir: dir}
	p := NewPool(Options{Setup: s.setup(), Command: []string{path, childArgument}, Logger: slog.Default()})
	_, err = p.Process(context.Background(), blockAt(0))
	time.AfterFunc(100*time.Millisecond, func() {
		_ = os.WriteFile(dir+"/pid.new", []byte(strings.TrimPrefix(fmt.Sprint(err), "pid ")), 0o666)
		_ = os.Rename(dir+"/pid.new", dir+"/pid")
	})
	_, _ = p.Process(context.Background(), blockAt(1))
	time.Sleep(time.Minute)
	return 0
}

// TestOpenFails demands clear words about a task that does not open, an end of the attempts, and a pool that works once the
// task opens.
func TestOpenFails(t *testing.T) {
	for how, says := range map[string]string{
		"error": "no such model",
		"panic": "panic: cannot open",
		"die":   "died while it opened the task: exit status 127",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			p := newTestPool(t, script{Open: how})
			var err error
			for range maxStarts + 1 {
				if _, err = p.Process(context.Background(), blockAt(0)); err == nil || !strings.Contains(err.Error(), says) {
					t.Fatal(err)
				}
			}
			if !fault.IsPermanent(err) || !strings.Contains(err.Error(), "6 times in a row") {
				t.Error(err)
			}
			p.opts.Setup = script{}.setup() // the cause is mended
			p.opts.Setup.Version = Version
			time.Sleep(lastDelay)
			if _, err := p.Process(context.Background(), blockAt(0)); err != nil {
				t.Error("the pool does not recover:", err)
			}
		})
	}
	p := newTestPool(t, script{Open: "environment"})
	for range maxStarts + 2 {
		if _, err := p.Process(context.Background(), blockAt(0)); !fault.IsEnvironment(err) {
			t.Fatal(err)
		}
	}
	p = newTestPool(t, script{Open: "hang"})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Process(ctx, blockAt(0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	p = NewPool(Options{Command: []string{"/no/such/program"}, Logger: slog.New(slog.DiscardHandler)})
	if _, err := p.Process(context.Background(), blockAt(0)); !fault.IsEnvironment(err) {
		t.Error(err)
	}
}

// TestEveryBlockCrashes demands that a task that cannot work is not tried for ever.
func TestEveryBlockCrashes(t *testing.T) {
	p := newTestPool(t, script{Blocks: []string{"kill", "", "pid"}})
	p.health.deaths = maxDeaths - 2
	for i := range 2 {
		p.health.counted = time.Time{} // lest it is waited for
		_, err := p.Process(context.Background(), blockAt(0))
		if fault.IsPermanent(err) != (i == 1) {
			t.Fatal(i, err)
		}
	}
	p.health.counted = time.Time{}
	if _, err := p.Process(context.Background(), blockAt(1)); err != nil {
		t.Error("a good block among bad ones:", err)
	}
	if _, err := p.Process(context.Background(), blockAt(0)); err == nil || fault.IsPermanent(err) {
		t.Error("a first crash after a good block:", err)
	}
}

// TestForeignVersion demands that a child refuses messages that it may not understand.
func TestForeignVersion(t *testing.T) {
	p := newTestPool(t, script{})
	p.opts.Setup.Version = Version + 1
	if _, err := p.Process(context.Background(), blockAt(0)); !fault.IsPermanent(err) {
		t.Error(err)
	}
}

// BenchmarkBlock measures what a block that does nothing costs by the pipe.
func BenchmarkBlock(b *testing.B) {
	p := newTestPool(b, script{})
	process := func(i int) {
		if _, err := p.Process(context.Background(), blockAt(int64(i))); err != nil {
			b.Fatal(err)
		}
	}
	process(0)
	for i := 0; b.Loop(); i++ {
		process(i)
	}
}

// BenchmarkStart measures a process from its start until its first block is done.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := newTestPool(b, script{})
		if _, err := p.Process(context.Background(), blockAt(0)); err != nil {
			b.Fatal(err)
		}
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

var _ stream.Processor = scripted{}
