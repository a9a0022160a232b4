package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"volara/geometry"
	"volara/stream"
)

// A run of blocks that conflict is killed again and again and resumed, at once: its workers die with it. The events
// tell every block once, and none before its neighbours of lower levels.
func TestConflictsAndKills(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := `name: c
tasks:
  - task_type: noop
    name: smooth
    roi: [[-7, 3], [59, 41]]
    block_size: [2, 3]
    context: [3, 2]
    read_write_conflict: true
    duration: 2ms
    fail_rate: 0.02
    max_retries: 9
`
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	total := geometry.NewRoi(geometry.Coordinate{-7, 3}, geometry.Coordinate{59, 41})
	context := geometry.Coordinate{3, 2}
	g, err := geometry.NewGrid(total, geometry.Coordinate{2, 3}, context, context, geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(filepath.Dir(file), ".volara")
	for range 3 {
		c := up("--workers", "4", file)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(400 * time.Millisecond)
		c.Process.Kill()
		c.Wait()
	}
	if out := runs(t, 0, up("--workers", "4", file)); strings.Contains(out, "wait until no worker") {
		t.Errorf("the dead are waited for:\n%s", out)
	}
	done := map[int64]bool{}
	err = stream.ReadEvents(t.Context(), filepath.Join(state, "runs", "c"), false, func(e stream.Event) error {
		if e.Kind != stream.EventBlockDone {
			return nil
		}
		for _, r := range e.Blocks {
			for i := r.First(); i < r.End(); i++ {
				if done[i] {
					return fmt.Errorf("block %d was told done twice", i)
				}
				done[i] = true
				if j, waits := waitsFor(g, i, done); waits {
					return fmt.Errorf("block %d was done before block %d, of a lower level", i, j)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(done)) != g.Len() {
		t.Errorf("%d of %d blocks were told done", len(done), g.Len())
	}
}

// waitsFor returns a block of lower level that meets a block and is not done.
func waitsFor(g geometry.Grid, index int64, done map[int64]bool) (int64, bool) {
	b := g.At(index)
	for j := range g.Len() {
		o := g.At(j)
		meets := b.ReadROI.Meets(o.WriteROI) || o.ReadROI.Meets(b.WriteROI)
		if meets && !done[j] && g.Level(o.Position) < g.Level(b.Position) {
			return j, true
		}
	}
	return 0, false
}
