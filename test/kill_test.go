package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"volara/demo"
	"volara/geometry"
)

// outputs are the demo pipeline's outputs that two runs must agree on.
var outputs = []string{"fragments", "segments", "graph.sqlite", "segmentation.npz"}

// volume writes the demo's volume and pipeline into a fresh folder.
func volume(t *testing.T, size int) demo.Files {
	t.Helper()
	files, err := demo.Write(context.Background(), t.TempDir(), demo.DefaultOptions(size, 3))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// up returns the command `volara up`.
func up(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(programs, "volara"), append([]string{"up", "--progress", "off"}, args...)...)
}

func mustRun(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args[1:], err, out)
	}
}

func mustEqual(t *testing.T, a, b demo.Files) {
	t.Helper()
	for _, name := range outputs {
		x, y := filepath.Join(a.Container, name), filepath.Join(b.Container, name)
		if filepath.Ext(name) == ".npz" {
			p, err1 := os.ReadFile(x)
			q, err2 := os.ReadFile(y)
			if err := errors.Join(err1, err2); err != nil || string(p) != string(q) {
				t.Fatalf("%s and %s differ (%v)", x, y, err)
			}
		} else if err := same(x, y); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWorkersAndKills demands identical outputs of a run with one worker, a run with eight, and a run that is killed
// ten times at random and resumed.
func TestWorkersAndKills(t *testing.T) {
	one, eight, killed := volume(t, 96), volume(t, 96), volume(t, 96)
	mustRun(t, up("--workers", "1", one.Pipeline))
	started := time.Now()
	mustRun(t, up("--workers", "8", eight.Pipeline))
	lasted := time.Since(started)
	mustEqual(t, one, eight)

	rng := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for range 10 {
		c := up("--workers", "2", killed.Pipeline)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(lasted)/4) + int64(20*time.Millisecond)))
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if c.Wait() != nil {
			kills++
		}
	}
	if kills == 0 {
		t.Fatal("no run was hit: the kills came too late")
	}
	t.Logf("%d of 10 runs were killed in their work", kills)
	mustRun(t, up("--workers", "2", killed.Pipeline))
	mustEqual(t, one, killed)
}

// TestTrialRegionGrows demands that a run of a small region, followed by the whole, gives what the whole at once gives.
func TestTrialRegionGrows(t *testing.T) {
	whole, grown := volume(t, 96), volume(t, 96)
	mustRun(t, up(whole.Pipeline))
	o := demo.DefaultOptions(96, 3)
	roi := ""
	for d, begin := range o.Offset {
		if d > 0 {
			roi += ","
		}
		roi += strconv.Itoa(begin) + ":" + strconv.Itoa(begin+o.Shape[d]*o.Voxel[d]/3)
	}
	mustRun(t, up("--roi", roi, grown.Pipeline))
	mustRun(t, up(grown.Pipeline))
	mustEqual(t, whole, grown)
}

// TestStageProcesses demands that other processes do the work of `up --workers 0`, also when one of them is killed, with
// the same outputs.
func TestStageProcesses(t *testing.T) {
	here, there := volume(t, 96), volume(t, 96)
	mustRun(t, up(here.Pipeline))
	tracker := up("--workers", "0", there.Pipeline)
	if err := tracker.Start(); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(filepath.Dir(there.Pipeline), ".volara")
	waitFor(t, filepath.Join(state, "runs", "demo", "status.json"))
	stage := func(i int) *exec.Cmd {
		c := exec.Command(filepath.Join(programs, "stage"), "--state", state, "--run", "demo", "--workers", "1", "--name", fmt.Sprint("stage-", i))
		c.Stdout, c.Stderr = t.Output(), t.Output()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	doomed, survivor := stage(0), stage(1)
	time.Sleep(500 * time.Millisecond)
	if err := doomed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if doomed.Wait() == nil {
		t.Log("the first stage process had ended before it was killed")
	}
	if err := tracker.Wait(); err != nil {
		t.Fatalf("up: %v", err)
	}
	if err := survivor.Wait(); err != nil {
		t.Fatalf("stage: %v", err)
	}
	mustEqual(t, here, there)
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 500 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not appear", path)
}

// TestStayingWorkerSeesAnew demands that a worker that outlives a run computes on the next one's data: reached by URL, with
// the token of the state directory, after a drop and with another configuration.
func TestStayingWorkerSeesAnew(t *testing.T) {
	t.Parallel()
	there, here := volume(t, 64), volume(t, 64)
	state := stateOf(there)
	address := freeAddress(t)
	tracker := up("--workers", "0", "--listen", address, there.Pipeline)
	if err := tracker.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(state, "runs", "demo", "status.json"))
	worker := exec.Command(filepath.Join(programs, "volara"), "worker", "--nats", "nats://"+address, "--state", state, "--run", "demo", "--workers", "2", "--stay")
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()
	if err := tracker.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, files := range []demo.Files{there, here} {
		text, err := os.ReadFile(files.Pipeline)
		if err != nil {
			t.Fatal(err)
		}
		write(t, files.Pipeline, strings.Replace(string(text), "bias: [-0.4, ", "bias: [-0.3, ", 1))
	}
	runs(t, 0, exec.Command(filepath.Join(programs, "volara"), "drop", "--yes", there.Pipeline))
	mustRun(t, up("--workers", "0", "--listen", address, there.Pipeline))
	mustRun(t, up(here.Pipeline))
	mustEqual(t, there, here)
}

// TestStayingWorkerSeesRepair demands that a worker that outlives a run reads its inputs anew in the next one: what it
// keeps of them was read before somebody mended them, for blocks that are retried and for tasks that go on.
func TestStayingWorkerSeesRepair(t *testing.T) {
	t.Parallel()
	there, here := volume(t, 64), volume(t, 64)
	mustRun(t, up(here.Pipeline))
	chunk := filepath.Join(there.Affs, "c", "0", "0", "0", "0")
	good := read(t, chunk)
	if err := os.Remove(chunk); err != nil { // reads as fill
		t.Fatal(err)
	}
	address, state := freeAddress(t), stateOf(there)
	worker := exec.Command(filepath.Join(programs, "volara"), "worker", "--nats", "nats://"+address, "--state", state, "--run", "demo", "--workers", "2", "--stay")
	worker.Stderr = t.Output()
	first := up("--workers", "0", "--listen", address, there.Pipeline)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(state, "runs", "demo", "status.json"))
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	if same(there.Fragments, here.Fragments) == nil {
		t.Fatal("the damage changes nothing")
	}
	write(t, chunk, good)
	runs(t, 0, exec.Command(filepath.Join(programs, "volara"), "retry", "--roi", "0:100000,0:100000,0:100000", there.Pipeline))
	mustRun(t, up("--workers", "0", "--listen", address, there.Pipeline))
	mustEqual(t, there, here)
}

// freeAddress returns an address of the loopback interface that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestDisjointTrials demands that what a second trial region leaves in the segments is that region's only.
func TestDisjointTrials(t *testing.T) {
	twice, once := volume(t, 96), volume(t, 96)
	o := demo.DefaultOptions(96, 3)
	begin, end := o.Offset, o.Offset.Add(geometry.Coordinate(o.Shape).Mul(o.Voxel))
	first := fmt.Sprintf("%d:%d,%d:%d,%d:%d", begin[0], begin[0]+10, begin[1], begin[1]+10, begin[2], begin[2]+10)
	second := fmt.Sprintf("%d:%d,%d:%d,%d:%d", end[0]-10, end[0], end[1]-10, end[1], end[2]-10, end[2])
	mustRun(t, up("--roi", first, twice.Pipeline))
	mustRun(t, up("--roi", second, twice.Pipeline))
	mustRun(t, up("--roi", second, once.Pipeline))
	if err := same(twice.Segments, once.Segments); err != nil {
		t.Fatal(err)
	}
}
