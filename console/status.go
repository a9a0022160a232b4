package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"volara/stream"
)

// WriteStatus writes what `volara status` prints: the runs' states and their tasks. now tells how old a snapshot is.
// The JSON variant is WriteJSON of the statuses themselves.
func WriteStatus(w io.Writer, now time.Time, runs ...stream.Status) error {
	var b strings.Builder
	for i, s := range runs {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(Summary(s))
		if !s.Updated.IsZero() {
			fmt.Fprintf(&b, " (%s, as of %s ago)", s.State, Duration(max(0, now.Sub(s.Updated)).Truncate(time.Second)))
		}
		b.WriteString("\n\n")
		_, _ = statusTable(s).WriteTo(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func statusTable(s stream.Status) *Table {
	t := NewTable("task", "state", ">done", ">blocks", ">", ">in work", ">masked", ">left out", ">failed", ">orphaned", ">wall", ">voxels/s")
	for _, ts := range s.Tasks {
		wall := wallTime(ts, s.Updated)
		speed := ""
		if processed := ts.Done - ts.Skipped; processed > 0 && wall > 0 && ts.Voxels > 0 {
			speed = SI(float64(ts.Voxels)*float64(processed)/float64(ts.Total)/wall.Seconds(), "vox/s")
		}
		t.Row(ts.Name, taskState(ts, s), Count(ts.Done), Count(ts.Total), percent(ts.Done, ts.Total), countOrBlank(ts.Running),
			countOrBlank(ts.Masked), countOrBlank(ts.LeftOut), countOrBlank(ts.Failed), countOrBlank(ts.Orphaned), durationOrBlank(wall.Truncate(time.Second)), speed)
	}
	return t
}

// taskState names how a task stands.
func taskState(t stream.TaskStatus, s stream.Status) string {
	switch left := t.Total - t.Done - t.Failed - t.Orphaned; {
	case t.Done == t.Total:
		return "done"
	case left <= 0 && t.Running == 0:
		return "failed"
	case s.State == stream.StatePaused:
		return "paused"
	case ended(s.State):
		return "stopped"
	case t.Running > 0 || t.Done > t.Skipped:
		return "running"
	}
	return "waiting"
}

// WriteFailures writes what `volara failed` prints: the failed blocks with their errors, and how many there are beyond
// those that a status lists. The JSON variant is WriteJSON of Failures.
func WriteFailures(w io.Writer, s stream.Status) error {
	var b strings.Builder
	failures := Failures(s)
	for _, f := range failures {
		writeFailure(&b, f)
	}
	total := int64(0)
	for _, t := range s.Tasks {
		total += t.Failed
	}
	if more := total - int64(len(failures)); more > 0 {
		fmt.Fprintf(&b, "… and %s more, whose errors are not kept\n", Count(more))
	}
	if len(failures) == 0 {
		b.WriteString("no block has failed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
