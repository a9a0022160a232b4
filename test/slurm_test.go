package test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"volara/demo"
)

// A slurm is a Slurm cluster of one node on the loopback of this host, made for a test.
type slurm struct {
	t    *testing.T
	conf string
}

// startSlurm starts munged, slurmctld and slurmd, which end with the test.
func startSlurm(t *testing.T, cpus int) *slurm {
	t.Helper()
	if _, err := exec.LookPath("slurmctld"); err != nil {
		if os.Getuid() == 0 {
			t.Fatal("Slurm is missing: sh scripts/deps.sh test installs it")
		}
		t.Skip("Slurm is missing: apt-get install slurm-wlm munge")
	}
	dir, err := os.MkdirTemp("", "slurm-") // short: the path of a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "cluster.log"))
	if err != nil {
		t.Fatal(err)
	}
	cluster := exec.Command("slurm/cluster.sh", dir, fmt.Sprint(cpus), fmt.Sprint(freePorts(t)))
	cluster.Stdout, cluster.Stderr = log, log
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cluster.Process.Signal(syscall.SIGTERM)
		cluster.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s", text)
		}
		log.Close()
		os.RemoveAll(dir)
	})
	s := &slurm{t, filepath.Join(dir, "slurm.conf")}
	s.eventually("Slurm comes up", func() bool { _, err := os.Stat(filepath.Join(dir, "ready")); return err == nil })
	return s
}

// run runs one of Slurm's commands and returns what it prints.
func (s *slurm) run(name string, args ...string) string {
	s.t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "SLURM_CONF="+s.conf,
		"VOLARA_STAGE="+filepath.Join(programs, "stage"), "VOLARA_UP="+filepath.Join(programs, "volara"))
	out, err := c.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// submit hands in a script of scripts/slurm and returns the job's number. logs takes what its elements print.
func (s *slurm) submit(logs string, args ...string) string {
	s.t.Helper()
	return s.run("sbatch", append([]string{"--parsable", "--output", filepath.Join(logs, "%x-%j.log")}, args...)...)
}

// running returns how many elements of a job run.
func (s *slurm) running(job string) int {
	return len(strings.Fields(s.run("squeue", "-h", "-r", "-j", job, "-t", "R", "-o", "%i")))
}

// ended waits until nothing of a job is left, and demands that its last run succeeded.
func (s *slurm) ended(job string) {
	s.t.Helper()
	s.eventually("job "+job+" ends", func() bool { return s.run("squeue", "-h", "-r", "-j", job, "-o", "%i") == "" })
}

func (s *slurm) exitCode(job string) string {
	s.t.Helper()
	for field := range strings.FieldsSeq(s.run("scontrol", "show", "job", job)) {
		if code, ok := strings.CutPrefix(field, "ExitCode="); ok {
			return code
		}
	}
	s.t.Fatalf("job %s has no exit code", job)
	return ""
}

func (s *slurm) eventually(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within two minutes", what)
		}
	}
}

// TestSlurm demands that a job array of stage consumers does the work of a run: elements that start before it, one that
// is cancelled, one that is preempted, and a tracker that is a job itself and is preempted, too.
func TestSlurm(t *testing.T) {
	s := startSlurm(t, 6)
	here, there := volume(t, 96), volume(t, 96)
	mustRun(t, up(here.Pipeline))
	state, logs := stateOf(there), t.TempDir()

	stages := s.submit(logs, "--array=0-2", "../scripts/slurm/stages.sbatch", "demo", state)
	s.eventually("the array starts", func() bool { return s.running(stages) == 3 })
	tracker := s.submit(logs, "../scripts/slurm/up.sbatch", there.Pipeline, "--workers", "0")
	s.eventually("blocks are done", func() bool { return eventCount(t, there, "block_done") > 3 })
	s.run("scancel", stages+"_0")
	s.run("scontrol", "requeue", stages+"_1")
	s.run("scontrol", "requeue", tracker)
	s.ended(tracker)
	if code := s.exitCode(tracker); code != "0:0" {
		t.Errorf("volara up ended with %s", code)
	}
	s.ended(stages)
	mustEqual(t, here, there)
	if t.Failed() {
		paths, _ := filepath.Glob(filepath.Join(logs, "*"))
		for _, p := range paths {
			text, _ := os.ReadFile(p)
			t.Logf("%s:\n%s", filepath.Base(p), text)
		}
	}
}

// TestStagesMemory demands that an element tells its stage what Slurm grants it, unless its options say something else.
func TestStagesMemory(t *testing.T) {
	for _, c := range []struct {
		granted []string
		option  string
		says    string // empty: nothing of memory
	}{
		{[]string{"SLURM_MEM_PER_NODE=1000"}, "--stay", "--memory 900MiB --stay"},
		{[]string{"SLURM_MEM_PER_CPU=1000", "SLURM_CPUS_PER_TASK=4"}, "--stay", "--memory 3600MiB --stay"},
		{[]string{"SLURM_MEM_PER_NODE=1000"}, "--memory=5GiB", "--memory=5GiB"},
		{[]string{"SLURM_MEM_PER_NODE=0"}, "--stay", ""},
		{nil, "--stay", ""},
	} {
		script := exec.Command("bash", "../scripts/slurm/stages.sbatch", "run", "state", c.option)
		script.Env = append([]string{"PATH=" + os.Getenv("PATH"), "SLURM_JOB_ID=1", "VOLARA_STAGE=echo"}, c.granted...)
		out, err := script.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", c.granted, err, out)
		}
		if c.says == "" && strings.Contains(string(out), "--memory") || !strings.Contains(string(out), c.says) ||
			strings.Count(string(out), "--memory") > 1 {
			t.Errorf("%v with %s: the stage gets %s", c.granted, c.option, out)
		}
	}
}

// eventCount returns how many events of a kind a run has told so far.
func eventCount(t *testing.T, files demo.Files, kind string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stateOf(files), "runs", "demo", "events.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(text), `"kind":"`+kind+`"`)
}

// freePorts returns a port that is free together with the one after it.
func freePorts(t *testing.T) int {
	t.Helper()
	for {
		a, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := a.Addr().(*net.TCPAddr).Port
		b, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		a.Close()
		if err == nil {
			b.Close()
			return port
		}
	}
}
