package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// apart makes every task of a pipeline file process its blocks in child processes.
func apart(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const tasks = "  - task_type: "
	var lines []string
	for line := range strings.Lines(string(text)) {
		lines = append(lines, line)
		if strings.HasPrefix(line, tasks) {
			lines = append(lines, "    worker_config: {worker_type: process}\n")
		}
	}
	changed := strings.Join(lines, "")
	if changed == string(text) {
		t.Fatalf("no task stands in\n%s", text)
	}
	write(t, file, changed)
}

// childrenOf returns the processes that a process has started and that still run.
func childrenOf(pid int) []int {
	var all []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		var state string
		var parent, child int
		if n, _ := fmt.Sscan(rest, &state, &parent); n == 2 && parent == pid && state != "Z" {
			if n, _ := fmt.Sscan(string(text), &child); n == 1 {
				all = append(all, child)
			}
		}
	}
	return all
}

func gone(t *testing.T, pids []int) {
	t.Helper()
	for range 500 {
		left := 0
		for _, pid := range pids {
			if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && strings.Contains(string(text), "block-server") {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("of the processes %v some are left", pids)
}

// waitForChildren waits until a process has started children.
func waitForChildren(t *testing.T, pid int) []int {
	t.Helper()
	for range 1000 {
		if all := childrenOf(pid); len(all) > 0 {
			return all
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no child process was started")
	return nil
}

// TestProcessWorkers demands the same outputs of child processes, also when all of them are killed in their work.
func TestProcessWorkers(t *testing.T) {
	here, there := volume(t, 64), volume(t, 64)
	mustRun(t, up(here.Pipeline))
	apart(t, there.Pipeline)
	c := up("--workers", "2", there.Pipeline)
	c.Stderr = t.Output()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	children := waitForChildren(t, c.Process.Pid)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, here, there)
}

// TestPoison demands that a block that kills its process does that to the program once, in whatever process the task
// wants its blocks, and is failed after its attempts; the others are done.
func TestPoison(t *testing.T) {
	for _, workers := range []string{"local", "process"} {
		file := filepath.Join(t.TempDir(), "poison.yaml")
		write(t, file, "tasks:\n"+
			"  - {task_type: noop, name: a, roi: [[0], [200]], block_size: [1], crash: [7, 130], max_retries: 1, worker_config: {worker_type: "+workers+"}}\n"+
			"  - {task_type: noop, name: b, roi: [[0], [200]], block_size: [1], after: [a]}\n")
		crashes := 0
		for ; crashes < 4; crashes++ {
			c := up(file)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait()
			if c.ProcessState.Exited() {
				break
			}
		}
		if workers == "process" && crashes > 0 || crashes > 2 { // two blocks may be the first to be met
			t.Errorf("%s: the program was killed %d times", workers, crashes)
		}
		runs(t, 1, up(file), "396 of 400", "a block 7 failed", "a block 130 failed", "out of memory?")
	}
}

// TestHungBlock demands that a block that does not end within its timeout is killed, and that nothing stays behind.
func TestHungBlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hung.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [40]], block_size: [1], hang: [3], timeout: 200ms, max_retries: 1, worker_config: {worker_type: process}}]\n")
	c := up(file)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	children := waitForChildren(t, c.Process.Pid)
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Fatal(err)
	}
	gone(t, children)
	runs(t, 0, exec.Command(filepath.Join(programs, "volara"), "failed", file), "timed out after 200ms", "its process was killed")
}

// TestKilledWithChildren demands that the children of a killed program end with it, and that the next run goes on.
func TestKilledWithChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [40]], block_size: [1], duration: 100ms, worker_config: {worker_type: process}}]\n")
	c := up("--workers", "3", file)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	children := waitForChildren(t, c.Process.Pid)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	gone(t, children)
	runs(t, 0, up("--workers", "3", file), "all 40 blocks done")
}

// TestInterruptWithChildren demands that an interrupt of everything that the terminal runs lets the blocks in work be
// finished, and that nothing stays behind.
func TestInterruptWithChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [40]], block_size: [1], duration: 500ms, worker_config: {worker_type: process}}]\n")
	c := up("--workers", "2", file)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	children := waitForChildren(t, c.Process.Pid)
	time.Sleep(200 * time.Millisecond)
	for _, pid := range append(children, -c.Process.Pid) {
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Fatal(err)
	}
	gone(t, children)
	out := runs(t, 0, status2(file), "stopped")
	if strings.Contains(out, "failed") {
		t.Errorf("the interrupt made blocks fail:\n%s", out)
	}
}

// TestStoppedWithChildren demands that the blocks of a worker that was stopped, but not its children, are done by another one,
// and that it does no harm when it wakes.
func TestStoppedWithChildren(t *testing.T) {
	t.Parallel()
	here, there := volume(t, 64), volume(t, 64)
	mustRun(t, up(here.Pipeline))
	apart(t, there.Pipeline)
	tracker := up("--workers", "0", "--ack-wait", "3s", there.Pipeline)
	if err := tracker.Start(); err != nil {
		t.Fatal(err)
	}
	state := stateOf(there)
	waitFor(t, filepath.Join(state, "runs", "demo", "status.json"))
	stage := func(name string) *exec.Cmd {
		c := exec.Command(filepath.Join(programs, "stage"), "--state", state, "--run", "demo", "--workers", "2", "--name", name)
		c.Stdout, c.Stderr = t.Output(), t.Output()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	stopped := stage("stopped")
	children := waitForChildren(t, stopped.Process.Pid)
	// Its children go on: one that is stopped in a transaction locks the database for everybody.
	if err := stopped.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	other := stage("other")
	if err := tracker.Wait(); err != nil {
		t.Fatalf("up: %v", err)
	}
	if err := other.Wait(); err != nil {
		t.Fatalf("stage: %v", err)
	}
	if err := stopped.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if err := stopped.Process.Signal(os.Interrupt); err != nil { // else it waits for its server to come back
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = stopped.Process.Kill() })
	_ = stopped.Wait()
	if !late.Stop() {
		t.Error("the worker did not end when it was told to")
	}
	gone(t, children)
	mustEqual(t, here, there)
}
