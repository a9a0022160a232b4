package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"volara/stream"
)

// ReportOptions says how much a report tells.
type ReportOptions struct {
	MaxFailures int    // failed blocks listed; default 10
	More        string // the command that lists the others; default "volara failed"
}

// Report writes how a run ended: each failed block with its error and log, a table of the tasks with where their time
// went, and one line that sums up.
func Report(w io.Writer, s stream.Status, o ReportOptions) error {
	if o.MaxFailures <= 0 {
		o.MaxFailures = 10
	}
	if o.More == "" {
		o.More = "volara failed"
	}
	var b strings.Builder
	if failures := Failures(s); len(failures) > 0 {
		n := min(len(failures), o.MaxFailures)
		for _, f := range failures[:n] {
			writeFailure(&b, f)
		}
		total := int64(0)
		for _, t := range s.Tasks {
			total += t.Failed
		}
		if more := max(total, int64(len(failures))) - int64(n); more > 0 {
			fmt.Fprintf(&b, "… and %s more: %s\n", Count(more), o.More)
		}
		b.WriteByte('\n')
	}
	_, _ = timesTable(s).WriteTo(&b)
	fmt.Fprintf(&b, "\n%s\n", Summary(s))
	_, err := io.WriteString(w, b.String())
	return err
}

// Failures returns the failed blocks of all tasks, upstream first.
func Failures(s stream.Status) []stream.Failure {
	all := []stream.Failure{}
	for _, t := range s.Tasks {
		all = append(all, t.Failures...)
	}
	return all
}

// writeFailure tells of a block: where it is, how often it was tried, what is wrong, where to read more. An error of
// several lines is indented.
func writeFailure(b *strings.Builder, f stream.Failure) {
	fmt.Fprintf(b, "%s block %d failed after %s: write ROI %v\n", oneLine(f.Task), f.Block, Plural(int64(f.Attempts), "attempt"), f.WriteROI)
	for line := range strings.Lines(strings.TrimSpace(f.Error)) {
		fmt.Fprintf(b, "    %s\n", strings.TrimRight(printable(line), " "))
	}
	if f.Log != "" {
		fmt.Fprintf(b, "    log: %s\n", oneLine(f.Log))
	}
}

// printable is oneLine with leading blanks kept.
func printable(line string) string {
	trimmed := strings.TrimLeft(line, " \t")
	return strings.ReplaceAll(line[:len(line)-len(trimmed)], "\t", "    ") + oneLine(trimmed)
}

// timesTable has a row a task: counts, wall time, and the time its blocks spent reading, computing and writing, summed
// over all of them, so that with several workers it exceeds the wall time.
func timesTable(s stream.Status) *Table {
	t := NewTable("task", ">blocks", ">skipped", ">masked", ">left out", ">failed", ">orphaned", ">left", ">wall", ">reading", ">computing", ">writing", ">voxels/s")
	for _, ts := range s.Tasks {
		wall := wallTime(ts, s.Updated)
		speed := ""
		if processed := ts.Done - ts.Skipped; processed > 0 && wall > 0 && ts.Voxels > 0 {
			speed = SI(float64(ts.Voxels)*float64(processed)/float64(ts.Total)/wall.Seconds(), "vox/s")
		}
		t.Row(ts.Name, Count(ts.Total), countOrBlank(ts.Skipped), countOrBlank(ts.Masked), countOrBlank(ts.LeftOut), countOrBlank(ts.Failed), countOrBlank(ts.Orphaned),
			countOrBlank(max(0, ts.Total-ts.Done-ts.Failed-ts.Orphaned)), durationOrBlank(wall),
			durationOrBlank(ts.Timings.Read), durationOrBlank(ts.Timings.Compute), durationOrBlank(ts.Timings.Write), speed)
	}
	return t
}

// wallTime is the time from a task's first block to its last, or to now while it is in work.
func wallTime(t stream.TaskStatus, now time.Time) time.Duration {
	if t.Started.IsZero() {
		return 0
	}
	end := t.Finished
	if end.IsZero() {
		end = now
	}
	return max(0, end.Sub(t.Started))
}

// Summary says in one line how a run stands or ended.
func Summary(s stream.Status) string {
	var total, done, skipped, masked, leftOut, failed, orphaned int64
	for _, t := range s.Tasks {
		total, done, skipped = total+t.Total, done+t.Done, skipped+t.Skipped
		masked, leftOut = masked+t.Masked, leftOut+t.LeftOut
		failed, orphaned = failed+t.Failed, orphaned+t.Orphaned
	}
	text := fmt.Sprintf("%s: %s of %s done", s.Run, Count(done), Plural(total, "block"))
	if total == done {
		text = fmt.Sprintf("%s: all %s done", s.Run, Plural(total, "block"))
	}
	if skipped > 0 && skipped == total {
		text += " before, nothing was left to do"
	} else if skipped > 0 {
		text += fmt.Sprintf(" (%s before)", Count(skipped))
	}
	if masked > 0 {
		text += fmt.Sprintf(", %s masked", Count(masked))
	}
	if leftOut > 0 {
		text += fmt.Sprintf(", %s left out (skip_mask)", Count(leftOut))
	}
	if failed > 0 {
		text += fmt.Sprintf(", %s failed", Count(failed))
	}
	if orphaned > 0 {
		text += fmt.Sprintf(", %s orphaned", Count(orphaned))
	}
	switch s.State {
	case stream.StatePaused:
		text += ", paused: " + oneLine(s.Reason)
	case stream.StateStopped:
		text += ", stopped before the end"
		if s.Reason != "" {
			text += ": " + oneLine(s.Reason)
		}
	}
	if took := s.Updated.Sub(s.Started); !s.Started.IsZero() && took > 0 {
		text += ", " + Duration(took)
	}
	return text
}

func countOrBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return Count(n)
}

func durationOrBlank(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return Duration(d)
}
