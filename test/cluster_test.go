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

	"volara/stream"
)

// command returns a command of the program.
func command(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(programs, "volara"), args...)
}

// done waits until a run's status tells of at least n done blocks, and returns the status.
func done(t *testing.T, state, run string, n int64) stream.Status {
	t.Helper()
	var s stream.Status
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var err error
		if s, err = stream.ReadStatus(filepath.Join(state, "runs", run)); err == nil && total(s) >= n {
			return s
		}
	}
	t.Fatalf("%d blocks are not done: %+v", n, s)
	return s
}

// toldOnce demands that the events of a run tell each block of its tasks done, once.
func toldOnce(t *testing.T, url, run string, want map[string]int64) {
	t.Helper()
	told, seen := map[string]int64{}, map[string]bool{}
	err := stream.Events(t.Context(), jetStream(t, url), run, false, func(e stream.Event) error {
		if e.Kind != stream.EventBlockDone {
			return nil
		}
		for _, r := range e.Blocks {
			for i := r.First(); i < r.End(); i++ {
				key := fmt.Sprint(e.Task, e.Generation, i)
				if seen[key] {
					t.Errorf("task %s block %d was told done twice", e.Task, i)
				}
				seen[key] = true
				told[e.Task]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for task, n := range want {
		if told[task] != n {
			t.Errorf("task %s: %d blocks were told done, not %d", task, told[task], n)
		}
	}
}

func total(s stream.Status) (n int64) {
	for _, task := range s.Tasks {
		n += task.Done
	}
	return n
}

// snapshot returns what the files for people of a run say.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all []byte
	for _, name := range []string{"status.json", "events.jsonl"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return string(all)
}

// cut removes a part of a configuration.
func cut(t *testing.T, conf, from, to string) string {
	t.Helper()
	before, rest, ok1 := strings.Cut(conf, from)
	_, after, ok2 := strings.Cut(rest, to)
	if !ok1 || !ok2 {
		t.Fatalf("the configuration has no %s…%s", from, to)
	}
	return before + after
}

// inSync waits until all servers of a cluster have what is kept of a run.
func inSync(t *testing.T, url, run string, servers int) {
	t.Helper()
	js := jetStream(t, url)
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		current := 0
		for _, name := range []string{"KV_volara_state_" + run, "DONE_" + run, "EVENTS_" + run} {
			s, err := js.Stream(t.Context(), name)
			if err != nil || s.CachedInfo().Cluster == nil {
				continue
			}
			for _, r := range s.CachedInfo().Cluster.Replicas {
				if r.Current && !r.Offline {
					current++
				}
			}
		}
		if current == 3*(servers-1) {
			return
		}
	}
	t.Fatal("the servers do not agree again")
}

const slowPair = `tasks:
  - {task_type: noop, name: a, roi: [[0, 0], [30, 30]], block_size: [1, 1], duration: 10ms}
  - {task_type: noop, name: b, roi: [[0, 0], [30, 30]], block_size: [1, 1], context: [1, 1], after: [a]}
`

// begin starts a command whose output goes to the test's.
func begin(t *testing.T, c *exec.Cmd) *exec.Cmd {
	t.Helper()
	c.Stdout, c.Stderr = t.Output(), t.Output()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c
}

// ends demands how a command ends.
func ends(t *testing.T, c *exec.Cmd, status int) {
	t.Helper()
	_ = c.Wait()
	if got := c.ProcessState.ExitCode(); got != status {
		t.Fatalf("%v ended with status %d, not %d", c.Args[1:], got, status)
	}
}

// TestExternalServer demands that runs work on a server that is not their own: up, other processes, drop; and clear
// words about whatever is wrong with it.
func TestExternalServer(t *testing.T) {
	server := natsServers(t, 1)[0]
	url := urls(server)
	here, there := volume(t, 64), volume(t, 64)
	mustRun(t, up(here.Pipeline))
	worker := begin(t, exec.Command(filepath.Join(programs, "stage"), "--nats", url, "--run", "demo", "--workers", "1"))
	mustRun(t, up("--nats", url, "--workers", "1", there.Pipeline))
	ends(t, worker, 0)
	mustEqual(t, here, there)
	runs(t, 0, command("status", there.Pipeline), "demo", "100%")
	runs(t, 0, up("--nats", url, there.Pipeline), "done before")

	// The state directory lacks a store: the run is the external server's.
	runs(t, 0, command("drop", "--nats", url, "--task", "segments-relabel", "--yes", there.Pipeline))
	absent(t, there.Segments)
	runs(t, 0, up("--nats", url, there.Pipeline))
	mustEqual(t, here, there)

	dead := fmt.Sprintf("nats://127.0.0.1:%d", loopbackPorts(t, 1)[0])
	runs(t, 2, up("--nats", dead, there.Pipeline), dead, "cannot be reached")
	out := runs(t, 2, up("--nats", "nats://wrong@"+server.address(), there.Pipeline), "does not let us in", "--creds")
	if strings.Contains(out, "wrong@") {
		t.Errorf("a secret is told: %s", out)
	}
	runs(t, 2, up("--nats", "http://"+server.address(), there.Pipeline), "http://")
	runs(t, 2, up("--nats", url, "--creds", there.Pipeline, there.Pipeline), "--creds", there.Pipeline)
	runs(t, 2, up("--nats", url, "--replicas", "3", there.Pipeline), "too few servers", "--replicas 3")
	runs(t, 2, up("--nats", url, "--listen", "127.0.0.1:0", there.Pipeline), "--listen")
	runs(t, 2, up("--replicas", "3", there.Pipeline), "--nats")
	runs(t, 2, up("--standby", there.Pipeline), "--nats")
	runs(t, 2, exec.Command(filepath.Join(programs, "stage"), "--nats", "nats://wrong@"+server.address(), "--run", "demo"), "does not let us in")

	plain := natsServers(t, 1, func(conf string) string { return cut(t, conf, "jetstream {", "}") })[0]
	runs(t, 2, up("--nats", urls(plain), there.Pipeline), "JetStream is not enabled", "nats.conf")
}

// TestOneLeader demands that a second process does not touch a run that another one leads, whatever state directory it
// has.
func TestOneLeader(t *testing.T) {
	url := urls(natsServers(t, 1)[0])
	dir := t.TempDir()
	file := filepath.Join(dir, "pair.yaml")
	write(t, file, slowPair)
	leader := begin(t, up("--nats", url, "--workers", "2", file))
	done(t, filepath.Join(dir, ".volara"), "pair", 10)
	for _, state := range []string{filepath.Join(dir, ".volara"), filepath.Join(dir, "other")} {
		runs(t, 2, up("--nats", url, "--state", state, file), "another tracker leads", fmt.Sprint(leader.Process.Pid), "--standby")
		runs(t, 2, command("drop", "--nats", url, "--state", state, "--yes", file), "another tracker leads")
	}
	runs(t, 2, up(file), "in use by process") // an embedded server would write to the same folder
	runs(t, 0, status2(file), "running")
	if err := leader.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ends(t, leader, 1)
	runs(t, 0, status2(file), "stopped")
	runs(t, 0, up("--nats", url, "--state", filepath.Join(dir, "other"), file), "all 1,800 blocks done")
	toldOnce(t, url, "pair", map[string]int64{"a": 900, "b": 900})
}

// TestStandbys demands that a standby takes over from a leader that was killed, and another one from a leader that was
// stopped, which steps down when it wakes; with one state directory and with two.
func TestStandbys(t *testing.T) {
	t.Parallel() // it mostly waits
	url := urls(natsServers(t, 1)[0])
	dir := t.TempDir()
	file := filepath.Join(dir, "pair.yaml")
	write(t, file, slowPair)
	shared, own := filepath.Join(dir, "shared"), filepath.Join(dir, "own")
	stand := func(state string) *exec.Cmd {
		return begin(t, up("--nats", url, "--standby", "--workers", "2", "--state", state, file))
	}
	first := stand(shared)
	done(t, shared, "pair", 10)
	second, third := stand(shared), (*exec.Cmd)(nil)
	time.Sleep(time.Second) // it waits

	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	_ = first.Wait()
	n := total(done(t, shared, "pair", 0))
	n = total(done(t, shared, "pair", n+20))
	t.Logf("taken over, and blocks done, after %v", time.Since(killed).Round(time.Millisecond))
	if took := time.Since(killed); took > 20*time.Second {
		t.Errorf("it took %v to take over", took)
	}

	third = stand(own)
	time.Sleep(time.Second)
	if err := second.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, filepath.Join(shared, "runs", "pair"))
	done(t, own, "pair", n+40)
	if err := second.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	ends(t, second, 1)
	if after := snapshot(t, filepath.Join(shared, "runs", "pair")); after != before {
		t.Errorf("a leader that was replaced wrote to its files:\n%s\n%s", before, after)
	}
	ends(t, third, 0)
	toldOnce(t, url, "pair", map[string]int64{"a": 900, "b": 900})
	runs(t, 0, up("--nats", url, "--standby", "--state", own, file), "done before")
}

// TestClusterLosesServers demands that a run on three servers goes on when one of them is killed, the leader of its
// state, and then another, that its outputs are those of any run, and that nothing is told twice.
func TestClusterLosesServers(t *testing.T) {
	t.Parallel() // it mostly waits
	servers := natsServers(t, 3)
	url := urls(servers...)
	here, there := volume(t, 96), volume(t, 96)
	mustRun(t, up(here.Pipeline))
	prolong(t, there.Pipeline)
	state := stateOf(there)
	run := begin(t, up("--nats", url, "--replicas", "3", "--workers", "1", there.Pipeline))
	n := total(done(t, state, "demo", 2))

	victim := leaderOf(t, jetStream(t, url), "KV_volara_state_demo", servers)
	t.Log("killing", victim.name, "after", n, "blocks")
	victim.kill()
	n = total(done(t, state, "demo", n+2))
	victim.start()
	victim.ready()
	inSync(t, url, "demo", 3)

	next := leaderOf(t, jetStream(t, url), "DONE_demo", servers)
	t.Log("killing", next.name, "after", n, "blocks")
	next.kill()
	ends(t, run, 0)
	mustEqual(t, here, there)
	next.start()
	next.ready()
	inSync(t, url, "demo", 3)
	status, err := stream.ReadStatus(filepath.Join(state, "runs", "demo"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{}
	for _, task := range status.Tasks {
		want[task.Name] = task.Total
	}
	toldOnce(t, url, "demo", want)
}

// prolong adds tasks to a pipeline that take a while and make nothing.
func prolong(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, pair, _ := strings.Cut(slowPair, "\n")
	before, after, found := strings.Cut(string(text), "\ntasks:\n")
	if !found {
		t.Fatalf("no tasks in %s", text)
	}
	write(t, file, before+"\ntasks:\n"+pair+after)
}

// TestSQLiteStaysOnItsHost demands that workers on another host leave alone what keeps a graph in a file, do the rest,
// and say so when there is no rest; and that no standby waits there.
func TestSQLiteStaysOnItsHost(t *testing.T) {
	url := urls(natsServers(t, 1)[0])
	files := volume(t, 64)
	state := stateOf(files)
	abroad := func(c *exec.Cmd) *exec.Cmd {
		c.Env = append(c.Environ(), "VOLARA_HOST=abroad")
		return c
	}
	stage := func() *exec.Cmd {
		return exec.Command(filepath.Join(programs, "stage"), "--nats", url, "--run", "demo", "--workers", "1")
	}
	leader := begin(t, up("--nats", url, "--workers", "0", "--target", "graph-aff-agglom", files.Pipeline))
	waitFor(t, filepath.Join(state, "runs", "demo", "status.json"))
	runs(t, 2, abroad(stage()), "SQLite", "PostgreSQL")
	runs(t, 2, abroad(up("--nats", url, "--standby", "--state", t.TempDir(), files.Pipeline)), "SQLite", "stand by there")
	if err := leader.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ends(t, leader, 1)

	leader = begin(t, up("--nats", url, "--workers", "0", files.Pipeline))
	time.Sleep(time.Second)
	guest := begin(t, abroad(stage()))
	time.Sleep(time.Second)
	local := begin(t, stage())
	ends(t, leader, 0)
	ends(t, guest, 0)
	ends(t, local, 0)
}
