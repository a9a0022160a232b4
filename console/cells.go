package console

import (
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"volara/stream"
)

// choose returns the tasks to show, in their order, and how many are left out.
func choose(tasks []TaskSnapshot, height int) ([]TaskSnapshot, int) {
	if len(tasks) <= height {
		return tasks, 0
	}
	rank := func(t TaskSnapshot) int {
		switch {
		case t.Running > 0:
			return 0
		case t.Failed > 0:
			return 1
		case !t.ended():
			return 2
		}
		return 3
	}
	order := make([]int, len(tasks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(tasks[a]) - rank(tasks[b]) })
	order = order[:max(0, height-1)]
	slices.Sort(order)
	var chosen []TaskSnapshot
	for _, i := range order {
		chosen = append(chosen, tasks[i])
	}
	return chosen, len(tasks) - len(chosen)
}

func taskCells(t TaskSnapshot, s Snapshot) (c [columns]string) {
	c[colName] = runewidth.Truncate(oneLine(t.Name), longName, "…")
	c[colPercent] = percent(t.Done, t.Total)
	c[colBlocks] = Count(t.Done) + "/" + Count(t.Total)
	if t.Running > 0 {
		c[colRunning] = Count(t.Running) + " in work"
	}
	if !t.ended() {
		c[colRate] = BlockRate(t.BlocksPerSecond)
		if t.VoxelsPerSecond > 0 {
			c[colVoxels] = SI(t.VoxelsPerSecond, "vox/s")
		}
	}
	c[colETA] = taskETA(t, s)
	c[colMasked] = maskedCell(t)
	var faults []string
	if t.Failed > 0 {
		faults = append(faults, Count(t.Failed)+" failed")
	}
	if t.Orphaned > 0 {
		faults = append(faults, Count(t.Orphaned)+" orphaned")
	}
	c[colFaults] = strings.Join(faults, ", ")
	return c
}

// maskedCell tells of the blocks that masks take out of the work.
func maskedCell(t TaskSnapshot) string {
	var texts []string
	if t.Masked > 0 {
		texts = append(texts, Count(t.Masked)+" masked")
	}
	if t.LeftOut > 0 {
		texts = append(texts, Count(t.LeftOut)+" left out")
	}
	return strings.Join(texts, ", ")
}

// taskETA says when the task will be through, or why that is not known.
func taskETA(t TaskSnapshot, s Snapshot) string {
	switch {
	case t.Total > 0 && t.Skipped == t.Total:
		return "was done"
	case t.ended():
		word := "done"
		if t.Done < t.Total {
			word = "ended"
		}
		if t.started.IsZero() || t.finished.IsZero() {
			return word
		}
		return word + " in " + Duration(t.finished.Sub(t.started).Round(100*time.Millisecond))
	case s.State == stream.StatePaused:
		return "paused"
	case ended(s.State):
		return "stopped"
	case t.ETA != nil:
		return "ETA " + Duration(seconds(*t.ETA))
	case t.Running == 0 && t.Done == t.Skipped:
		return "waiting"
	}
	return ""
}
