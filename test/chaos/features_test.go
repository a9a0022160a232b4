package chaos

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"volara/demo"
	"volara/geometry"
	"volara/nd"
	"volara/stream"
	"volara/zarr"
)

// mixed is a chain of no-ops of which the first has blocks that conflict, the first and the last have blocks in child
// processes and a cap, and all share a budget in which two of their blocks have room.
func mixed() workload {
	const text = `name: mixed
tasks:
  - {task_type: noop, name: a, roi: [[0, 0], [10, 10]], block_size: [1, 1], context: [1, 1], duration: 1ms, max_retries: 30,
     read_write_conflict: true, num_workers: 3, worker_config: {worker_type: process}}
  - {task_type: noop, name: b, roi: [[0, 0], [10, 10]], block_size: [1, 1], context: [1, 1], duration: 1ms, max_retries: 30, after: [a],
     fail_rate: 0.02, bytes: 30000000}
  - {task_type: noop, name: c, roi: [[0, 0], [10, 10]], block_size: [1, 1], context: [1, 1], duration: 1ms, max_retries: 30, after: [b],
     num_workers: 1, worker_config: {worker_type: process}}
`
	return workload{run: "mixed", text: text, totals: map[string]int64{"a": 100, "b": 100, "c": 100},
		flags: []string{"--cache", "1", "--memory", "104MiB"}}
}

// conflicts is the grid of the blocks of mixed that conflict.
func conflicts() (geometry.Grid, error) {
	return geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{10, 10}), geometry.Fill(2, 1), geometry.Fill(2, 1),
		geometry.Fill(2, 1), geometry.FitShrink)
}

// masked is the segmentation with a coarse mask that excludes blocks and parts of blocks, with fragments that go once they
// are consumed, with a task whose blocks are in child processes, and with a budget in which two of these have room.
func masked(apart string) workload {
	w := segmentation(biasOfFile)
	w.run, w.masked, w.apart = "masked", true, apart
	w.flags = []string{"--cache", "32", "--memory", "160MiB"}
	return w
}

var maskedReference = sync.OnceValues(func() (string, error) { return masked("").undisturbed("-masked") })

// addFeatures writes the mask and returns the pipeline's text with what masked says. A reference, which has no task apart,
// keeps its fragments.
func (w workload) addFeatures(dir string, text []byte) ([]byte, error) {
	if err := writeMask(filepath.Join(demo.In(dir).Container, "mask")); err != nil {
		return nil, err
	}
	lines := []string{"name: demo\n", "name: masked\n"}
	for _, task := range []string{"extract-frags", "aff-agglom", "relabel"} {
		line := "task_type: " + task + "\n"
		more := line + "    mask_data: {store: volume.zarr/mask}\n    max_retries: 30\n"
		if task == w.apart {
			more += "    worker_config: {worker_type: process}\n"
		}
		lines = append(lines, line, more)
	}
	if w.apart != "" {
		line := "store: volume.zarr/fragments\n"
		lines = append(lines, line, line+"    keep: until_consumed\n")
	}
	for i := 0; i < len(lines); i += 2 {
		if strings.Count(string(text), lines[i]) != 1 {
			return nil, fmt.Errorf("the pipeline has no %q, or several", lines[i])
		}
	}
	return []byte(strings.NewReplacer(lines...).Replace(string(text))), nil
}

// writeMask writes a mask whose voxels are larger than a block along two axes and do not agree with blocks, unless it is there.
func writeMask(path string) error {
	if exists(path) {
		return nil
	}
	ctx := context.Background()
	shape := []int{3, 3, 3}
	array, err := zarr.Create(ctx, path, zarr.Spec{Shape: shape, Chunks: shape, DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": []int{480, 400, 400}, "offset": []int{8000, 4800, 1920}}})
	if err != nil {
		return err
	}
	values := slices.Repeat([]uint8{1}, 27)
	for _, i := range []int{0, 1, 3, 4, 9, 10, 26, 25, 17} {
		values[i] = 0
	}
	if err := array.Write(ctx, make([]int, 3), nd.From(values, shape...)); err != nil {
		return err
	}
	return array.Close()
}

// chunks returns the chunks of an array that are there.
func chunks(path string) (found []string) {
	_ = filepath.WalkDir(filepath.Join(path, "c"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			found = append(found, name)
		}
		return nil // what is not there, or was just removed, is not found
	})
	return found
}

// An order demands of the events of mixed that no block is told done before those of lower levels that it conflicts with.
type order struct {
	grid geometry.Grid
	done map[int64]bool
}

func (o *order) take(e stream.Event) error {
	if e.Task != "a" || e.Kind != stream.EventBlockDone {
		return nil
	}
	for _, r := range e.Blocks {
		for i := r.First(); i < r.End(); i++ {
			o.done[i] = true
			b := o.grid.At(i)
			for j := range o.grid.Len() {
				other := o.grid.At(j)
				meets := b.ReadROI.Meets(other.WriteROI) || other.ReadROI.Meets(b.WriteROI)
				if meets && !o.done[j] && o.grid.Level(other.Position) < o.grid.Level(b.Position) {
					return fmt.Errorf("block %d was done before block %d, of a lower level", i, j)
				}
			}
		}
	}
	return nil
}

// checkOrder looks at the order of blocks that conflict, where the workload has some.
func (r *round) checkOrder() {
	r.Helper()
	if r.work.run != "mixed" {
		return
	}
	grid, err := conflicts()
	if err != nil {
		r.Fatal(err)
	}
	o := &order{grid, map[int64]bool{}}
	if err := stream.ReadEvents(context.Background(), filepath.Join(r.state(), "runs", r.work.run), false, o.take); err != nil {
		r.Error(err)
	}
}

// childrenKilled kills children of an `up` and the `up` itself, now and then, and lets blocks of mixed be done again.
func childrenKilled(w workload) scenario {
	return scenario{"children of an up of " + w.run + " are killed, it is too, and blocks are reopened", func(r *round) {
		r.prepare(w)
		again := func() *process { return r.solo(points(slowly)...) }
		up := again()
		for range 3 + r.rng.IntN(4) {
			r.sleep(100*time.Millisecond, 900*time.Millisecond)
			if r.rng.IntN(3) > 0 {
				r.killChild(up)
				continue
			}
			up.kill()
			if w.run == "mixed" {
				r.reopen()
			}
			up = again()
		}
		r.resume(up, again)
		if w.run == "mixed" {
			r.reopen() // of a run that is complete
			up = again()
			r.sleep(100*time.Millisecond, 700*time.Millisecond)
			up.kill()
			r.resume(again(), again)
		}
		r.verdict()
	}}
}

// killChild kills a child of a process, if it has one.
func (r *round) killChild(of *process) {
	children := slices.DeleteFunc(r.alive(), func(pid int) bool { return pid == of.cmd.Process.Pid })
	if len(children) == 0 {
		return
	}
	pid := pick(r, children...)
	r.note("child %d is killed", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL) // it may have just ended
}

// reopen has blocks of the second task of mixed, and those behind them, done again.
func (r *round) reopen() {
	z, y := r.rng.IntN(8), r.rng.IntN(8)
	p := r.start("retry", nil, "volara", "retry", "--task", "b", "--roi", fmt.Sprintf("%d:%d,%d:%d", z, z+4, y, y+3), r.pipeline())
	status := p.ends(upLimit)
	if status != 0 && !strings.Contains(p.said(), "no run mixed in") { // it was killed before there was one
		r.Errorf("%s ended with status %d\n%s", p.name, status, p.said())
	}
}

// features are rounds with workloads that combine what tasks can be told: few of each kind, or one at every point.
func features(all bool) []scenario {
	frags, many := masked("extract-frags"), mixed()
	rounds := []scenario{
		childrenKilled(many),
		childrenKilled(frags),
		killAt(many, 2, "tracker.told", "worker.noted", "worker.told"),
		killAt(frags, 1, "array.written", "graph.committed", "worker.told"),
		storm(many, false),
	}
	if !all {
		return rounds
	}
	for _, w := range []workload{many, frags, masked("relabel"), masked("aff-agglom")} {
		for _, p := range workerPoints {
			rounds = append(rounds, workerKilledAt(w, 2, p), sleeperAt(w, p, true), sleeperAt(w, p, false))
		}
		rounds = append(rounds, childrenKilled(w), leaderKilledAt(w, 2, "tracker.queue", "tracker.folded", "tracker.marked"),
			killAt(w, 1, trackerPoints...), leaderSleeps(w), serversKilled(w, 1), leaderReplaced(w, false), storm(w, false), storm(w, true),
			networkFails(w, network{cut: true}, 2*ackWait, true))
	}
	for _, p := range commitPoints {
		rounds = append(rounds, killAt(frags, 3, p), killAt(masked("relabel"), 3, p), killAt(masked("aff-agglom"), 3, p))
	}
	return rounds
}
