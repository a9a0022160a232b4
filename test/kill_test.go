package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"volara/demo"
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
