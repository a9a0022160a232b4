package test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"volara/nd"
	"volara/pipeline"
	"volara/stream"
	"volara/zarr"
)

// cmdMask writes an array of uint8 that is 1 in boxes and 0 elsewhere: mask PATH SHAPE VOXELSIZE OFFSET BOX…, with numbers as
// in 4,4,4 and boxes as in 0:2,0:4,0:4.
func cmdMask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: mask PATH SHAPE VOXELSIZE OFFSET BOX…")
	}
	numbers := func(text string) (list []float64) {
		for n := range strings.SplitSeq(text, ",") {
			v, err := strconv.ParseFloat(n, 64)
			ts.Check(err)
			list = append(list, v)
		}
		return list
	}
	var shape []int
	for _, n := range numbers(args[1]) {
		shape = append(shape, int(n))
	}
	a := nd.New(nd.Uint8, shape...)
	for _, text := range args[4:] {
		lo, hi := make([]int, len(shape)), make([]int, len(shape))
		for d, axis := range strings.Split(text, ",") {
			from, to, _ := strings.Cut(axis, ":")
			var err error
			lo[d], err = strconv.Atoi(from)
			ts.Check(err)
			hi[d], err = strconv.Atoi(to)
			ts.Check(err)
		}
		paint(a, lo, hi)
	}
	array, err := zarr.Create(context.Background(), ts.MkAbs(args[0]), zarr.Spec{Shape: shape, Chunks: shape, DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": numbers(args[2]), "offset": numbers(args[3])}})
	ts.Check(err)
	ts.Check(array.Write(context.Background(), make([]int, len(shape)), a))
	ts.Check(array.Close())
}

// paint sets a box of voxels to 1.
func paint(a *nd.Array, lo, hi []int) {
	values, shape := nd.Values[uint8](a), a.Shape()
	for i := range values {
		inside, rest := true, i
		for d := len(shape) - 1; d >= 0; d-- {
			at := rest % shape[d]
			rest /= shape[d]
			inside = inside && lo[d] <= at && at < hi[d]
		}
		if inside {
			values[i] = 1
		}
	}
}

// writeMask writes an array of uint8 in one chunk.
func writeMask(t *testing.T, path string, a *nd.Array, voxelSize, offset []float64) {
	t.Helper()
	ctx := context.Background()
	array, err := zarr.Create(ctx, path, zarr.Spec{Shape: a.Shape(), Chunks: a.Shape(), DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": voxelSize, "offset": offset}})
	if err == nil {
		err = array.Write(ctx, make([]int, len(a.Shape())), a)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSkippedBlocksComeLater leaves blocks of the first task out, and one of the last; tasks that read them do without.
// Without the skip masks the rest is done, and what was done without is done anew: the outputs are those of a run that
// never left anything out.
func TestSkippedBlocksComeLater(t *testing.T) {
	whole, skipping := volume(t, 64), volume(t, 64)
	mustRun(t, up(whole.Pipeline))
	cells := nd.New(nd.Uint8, 4, 4, 4)
	paint(cells, []int{1, 1, 0}, []int{2, 3, 4})
	dir := filepath.Dir(skipping.Pipeline)
	writeMask(t, filepath.Join(dir, "cells"), cells, []float64{1, 1, 1}, []float64{0, 0, 0})
	text := read(t, skipping.Pipeline)
	for _, task := range []string{"extract-frags", "relabel"} {
		text = strings.Replace(text, "task_type: "+task, "task_type: "+task+"\n    skip_mask: {store: cells}", 1)
	}
	good := read(t, skipping.Pipeline)
	write(t, skipping.Pipeline, text)
	runs(t, 0, up(skipping.Pipeline), "16 left out (skip_mask)")
	runs(t, 0, up(skipping.Pipeline), "nothing was left to do")
	if same(whole.Segments, skipping.Segments) == nil {
		t.Fatal("nothing was left out")
	}
	write(t, skipping.Pipeline, good)
	runs(t, 0, up(skipping.Pipeline), "blocks of fragments-extract-frags that a skip mask had left out are made now", "(56 before)")
	mustEqual(t, whole, skipping)
	runs(t, 0, up(skipping.Pipeline), "nothing was left to do")
}

// TestMaskedBlocksSurviveKills kills a run with a mask in its work, twice: in the end every block is told done once, and
// the masked ones are known.
func TestMaskedBlocksSurviveKills(t *testing.T) {
	dir := t.TempDir()
	mask := nd.New(nd.Uint8, 30)
	for i := 0; i < 30; i += 3 {
		paint(mask, []int{i}, []int{i + 1})
	}
	writeMask(t, filepath.Join(dir, "mask"), mask, []float64{100}, []float64{0})
	file := filepath.Join(dir, "p.yaml")
	write(t, file, `tasks:
  - {task_type: noop, name: a, roi: [[0], [3000]], block_size: [10], duration: 5ms, mask_data: {store: mask}}
  - {task_type: noop, name: b, roi: [[0], [3000]], block_size: [10], after: [a], duration: 1ms, mask_data: {store: mask}}
`)
	run := pipeline.RunDir(filepath.Join(dir, pipeline.DefaultStateDir), "p")
	for _, share := range []int64{60, 200} {
		c := up("--workers", "2", file)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		waitMasked(t, run, share)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
	}
	runs(t, 0, up("--workers", "2", file), "all 600 blocks done", "400 masked")
	out, err := exec.Command(filepath.Join(programs, "volara"), "events", "--json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int64{}
	for line := range bytes.Lines(out) {
		var e stream.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		told[e.Kind] += e.Blocks.Count()
	}
	if told[stream.EventBlockMasked] != 400 || told[stream.EventBlockDone] != 200 {
		t.Errorf("blocks told: %v", told)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// waitMasked waits until a run's status tells of so many masked blocks.
func waitMasked(t *testing.T, run string, n int64) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(5 * time.Millisecond) {
		s, err := stream.ReadStatus(run)
		if err != nil {
			continue
		}
		masked := int64(0)
		for _, task := range s.Tasks {
			masked += task.Masked
		}
		if masked >= n {
			return
		}
	}
	t.Fatalf("%d masked blocks did not appear", n)
}
