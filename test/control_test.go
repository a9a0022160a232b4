package test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// volara returns a command of the program, in a folder.
func volara(dir string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(programs, "volara"), args...)
	c.Dir = dir
	return c
}

// outcome runs a command and returns what it said and its exit status.
func outcome(t *testing.T, c *exec.Cmd) (string, int) {
	t.Helper()
	out, err := c.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// A background is a command at work.
type background struct {
	*testing.T
	cmd *exec.Cmd
	out output
}

// An output is what a command has said so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// says waits until the command has said something.
func (b *background) says(text string) {
	b.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(b.out.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("%v does not say %q:\n%s", b.cmd.Args[1:], text, b.out.String())
		}
	}
}

func inBackground(t *testing.T, c *exec.Cmd) *background {
	t.Helper()
	b := &background{T: t, cmd: c}
	c.Stdout, c.Stderr = &b.out, &b.out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	return b
}

// ends waits for the command and demands its exit status.
func (b *background) ends(status int) string {
	b.Helper()
	late := time.AfterFunc(2*time.Minute, func() { b.cmd.Process.Kill() })
	defer late.Stop()
	b.cmd.Wait()
	if got := b.cmd.ProcessState.ExitCode(); got != status {
		b.Fatalf("%v: exit status %d, want %d\n%s", b.cmd.Args[1:], got, status, b.out.String())
	}
	return b.out.String()
}

// noops writes a pipeline file of noop tasks into a fresh folder and returns that.
func noops(t *testing.T, tasks ...string) string {
	t.Helper()
	dir := t.TempDir()
	text := "name: noop\ntasks:\n  - {task_type: noop, " + strings.Join(tasks, "}\n  - {task_type: noop, ") + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "noop.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// eventually waits until the output of a command in the folder holds a text.
func eventually(t *testing.T, dir, text string, args ...string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if out, _ := outcome(t, volara(dir, args...)); strings.Contains(out, text) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("volara %v never says %q", args, text)
}

const begun = `"kind":"block_done"`

// TestCancel stops a run from another process, which several may do at once; the next run goes on with it.
func TestCancel(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [400]], block_size: [1], duration: 20ms")
	run := inBackground(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if out, status := outcome(t, volara(dir, "cancel", "noop.yaml")); status != 0 {
				t.Errorf("cancel: exit status %d\n%s", status, out)
			}
		})
	}
	both.Wait()
	if out := run.ends(1); !strings.Contains(out, "cancelled by ") {
		t.Errorf("up does not say who cancelled it:\n%s", out)
	}
	if out, status := outcome(t, volara(dir, "status", "--json")); status != 0 || !strings.Contains(out, `"state": "stopped"`) || !strings.Contains(out, "cancelled by") {
		t.Errorf("status:\n%s", out)
	}
	if out, status := outcome(t, volara(dir, "cancel")); status != 0 || !strings.Contains(out, "nothing to cancel") {
		t.Errorf("a run that is not at work: exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(dir, "up", "noop.yaml")); status != 0 || !strings.Contains(out, "before") {
		t.Errorf("going on: exit status %d\n%s", status, out)
	}
}

// TestCancelNow leaves a block that would keep the run from stopping.
func TestCancelNow(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [4]], block_size: [1], hang: [3]")
	run := inBackground(t, volara(dir, "up", "--progress", "off", "--workers", "1", "noop.yaml"))
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	if out, status := outcome(t, volara(dir, "cancel", "--no-wait")); status != 0 || !strings.Contains(out, "is stopping") {
		t.Fatalf("cancel --no-wait: exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(dir, "runs", "rm", "noop", "--yes")); status != 2 || !strings.Contains(out, "in use by process") {
		t.Errorf("removing a live run: exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(dir, "cancel", "--now")); status != 0 {
		t.Fatalf("cancel --now: exit status %d\n%s", status, out)
	}
	run.ends(1)
}

// TestCancelStay ends a server that stays after its run.
func TestCancelStay(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [4]], block_size: [1]")
	run := inBackground(t, volara(dir, "up", "--progress", "off", "--stay", "noop.yaml"))
	eventually(t, dir, `"run_done"`, "events", "--json", "noop.yaml")
	if out, status := outcome(t, volara(dir, "cancel")); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	run.ends(0)
}

// TestRetryLive gives failed blocks another chance while the run goes on.
func TestRetryLive(t *testing.T) {
	dir := noops(t, "name: slow, roi: [[0], [10000]], block_size: [1], duration: 50ms",
		"name: a, roi: [[0], [8]], block_size: [1], fail_rate: 1, max_retries: 0",
		"name: b, roi: [[0], [8]], block_size: [1], after: [a]")
	run := inBackground(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	eventually(t, dir, `"block": 7`, "failed", "--json", "noop.yaml")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--task", "nope"}, 2, "no task"},
		{[]string{"--block", "1"}, 2, "one task"},
		{[]string{"--task", "a", "--block", "8"}, 2, "has no block 8"},
		{[]string{"--task", "slow", "--block", "999"}, 2, "has not failed"},
		{[]string{"--task", "a", "--block", "2", "--block", "3"}, 0, "2 failed blocks of a"},
	} {
		if out, status := outcome(t, volara(dir, append([]string{"retry", "noop.yaml"}, c.args...)...)); status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("retry %v: exit status %d\n%s", c.args, status, out)
		}
	}
	eventually(t, dir, `"reason":"asked for"`, "events", "--json", "--kind", "block_retry", "noop.yaml")
	eventually(t, dir, `"attempt":2`, "events", "--json", "--kind", "block_failed", "noop.yaml")
	if out, status := outcome(t, volara(dir, "cancel")); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	run.ends(1)
	if out, status := outcome(t, volara(dir, "retry", "noop.yaml")); status != 0 || !strings.Contains(out, "8 failed blocks") {
		t.Errorf("retry of a run that is not at work: exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(dir, "retry", "--task", "a", "--block", "9", "noop.yaml")); status != 2 {
		t.Errorf("retry of a block that is not there: exit status %d\n%s", status, out)
	}
}

// TestReaderGone demands that a run outlives whoever reads its progress.
func TestReaderGone(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [100]], block_size: [1], duration: 20ms")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := volara(dir, "up", "--progress", "json", "noop.yaml")
	c.Stdout, c.Stderr = write, write
	if err := errors.Join(c.Start(), write.Close(), read.Close()); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if out, status := outcome(t, volara(dir, "status", "--json")); status != 0 || !strings.Contains(out, `"state": "done"`) {
		t.Errorf("status:\n%s", out)
	}
}

// TestStageSaysWhatItWaitsFor demands a word from a worker of a run that is not there, and that it does not wait for ever.
func TestStageSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	dir := noops(t, "name: a, roi: [[0], [4]], block_size: [1]")
	run := inBackground(t, volara(dir, "up", "--progress", "off", "--stay", "noop.yaml"))
	waitFor(t, filepath.Join(dir, ".volara", "nats", "url"))
	stage := exec.Command(filepath.Join(programs, "stage"), "--state", filepath.Join(dir, ".volara"), "--run", "nope")
	said, err := stage.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 1<<10)
	n, err := said.Read(line)
	if err != nil || !strings.Contains(string(line[:n]), "waiting for the run to begin") || !strings.Contains(string(line[:n]), "noop") {
		t.Errorf("%v: %s", err, line[:n])
	}
	rest, _ := io.ReadAll(said)
	_ = stage.Wait()
	if stage.ProcessState.ExitCode() != 2 || !strings.Contains(string(rest), "there is no such run: nope; the server knows no run of that name, but noop") {
		t.Errorf("after a while: status %d\n%s", stage.ProcessState.ExitCode(), rest)
	}
	mustRun(t, volara(dir, "cancel"))
	run.ends(0)
}

// TestCancelForStandbys demands that a run on an external server that is cancelled, from wherever, is over for those who
// stand by as well; and that its record can be removed there.
func TestCancelForStandbys(t *testing.T) {
	t.Parallel() // it mostly waits
	url := urls(natsServers(t, 1)[0])
	dir := noops(t, "name: a, roi: [[0], [3000]], block_size: [1], duration: 20ms")
	elsewhere := t.TempDir()
	stand := func(state string) *background {
		return inBackground(t, volara(dir, "up", "--progress", "off", "--nats", url, "--standby", "--state", state, "noop.yaml"))
	}
	leader := stand(".volara")
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	waiting := stand("other")
	time.Sleep(time.Second) // it waits
	if out, status := outcome(t, volara(dir, "runs", "rm", "noop", "--nats", url, "--yes")); status != 2 || !strings.Contains(out, "leads the run") {
		t.Errorf("removing a live run: exit status %d\n%s", status, out)
	}
	if out, status := outcome(t, volara(elsewhere, "cancel", "--nats", url, "--run", "noop")); status != 0 || !strings.Contains(out, "has stopped") {
		t.Fatalf("cancel: exit status %d\n%s", status, out)
	}
	leader.ends(1)
	waiting.ends(1)
	if out, status := outcome(t, volara(dir, "runs", "rm", "noop", "--nats", url, "--yes")); status != 0 || !strings.Contains(out, "removed") {
		t.Errorf("removing it: exit status %d\n%s", status, out)
	}
	again := stand(".volara") // a new run of that name begins from the start, and is not taken for cancelled
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	if out, status := outcome(t, volara(dir, "cancel", "--nats", url, "noop.yaml")); status != 0 {
		t.Fatalf("cancel: exit status %d\n%s", status, out)
	}
	again.ends(1)
}

// TestCancelOutlivesItsLeader demands that a cancel counts for those who stand by also when the leader that heard it is
// killed before its run has stopped, and that who cancelled does not wait for ever.
func TestCancelOutlivesItsLeader(t *testing.T) {
	t.Parallel() // it mostly waits
	url := urls(natsServers(t, 1)[0])
	dir := noops(t, "name: a, roi: [[0], [100]], block_size: [1], duration: 10ms", "name: b, roi: [[0], [100]], block_size: [1], duration: 10m, after: [a]")
	stand := func(state string) *background {
		return inBackground(t, volara(dir, "up", "--progress", "off", "--nats", url, "--standby", "--state", state, "noop.yaml"))
	}
	leader := stand(".volara")
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	waiting := stand("other")
	time.Sleep(time.Second) // it waits
	cancel := inBackground(t, volara(dir, "cancel", "--nats", url, "noop.yaml"))
	cancel.says("is stopping") // the leader has heard
	leader.cmd.Process.Kill()
	leader.cmd.Wait()
	if out := waiting.ends(1); !strings.Contains(out, "cancelled by") {
		t.Errorf("the standby does not say why it ends:\n%s", out)
	}
	if out := cancel.ends(0); !strings.Contains(out, "has stopped") {
		t.Errorf("cancel:\n%s", out)
	}
}

// TestKilledRunIsNotRunning demands that a run which was killed is not called running while another one of the same state
// directory is, and that cancel knows which one is meant.
func TestKilledRunIsNotRunning(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [3000]], block_size: [1], duration: 20ms")
	text, err := os.ReadFile(filepath.Join(dir, "noop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "other.yaml"), []byte(strings.Replace(string(text), "name: noop", "name: other", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	killed := inBackground(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	eventually(t, dir, begun, "events", "--json", "noop.yaml")
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed.ends(-1)
	run := inBackground(t, volara(dir, "up", "--progress", "off", "other.yaml"))
	eventually(t, dir, begun, "events", "--json", "other.yaml")
	if out, _ := outcome(t, volara(dir, "status", "noop.yaml")); !strings.Contains(out, "stopped") {
		t.Errorf("status of the killed run:\n%s", out)
	}
	if out, _ := outcome(t, volara(dir, "runs")); strings.Count(out, "running") != 1 || strings.Count(out, "stopped") != 1 {
		t.Errorf("runs:\n%s", out)
	}
	if out, status := outcome(t, volara(dir, "cancel")); status != 0 || !strings.Contains(out, "run other has stopped") {
		t.Errorf("cancel: exit status %d\n%s", status, out)
	}
	run.ends(1)
}
