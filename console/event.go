package console

import (
	"fmt"
	"io"
	"strings"

	"volara/stream"
)

// WriteEvent writes an event as one line for people: time, task, kind, and what the event tells.
func WriteEvent(w io.Writer, e stream.Event) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-13s", e.Time.Local().Format("15:04:05.000"), e.Kind)
	if e.Task != "" {
		fmt.Fprintf(&b, "  %s", e.Task)
	}
	for _, r := range e.Blocks {
		if r.Count() == 1 {
			fmt.Fprintf(&b, " %d", r.First())
		} else {
			fmt.Fprintf(&b, " %d–%d", r.First(), r.End()-1)
		}
	}
	if e.Attempt > 1 {
		fmt.Fprintf(&b, "  attempt %d", e.Attempt)
	}
	if e.Total > 0 {
		fmt.Fprintf(&b, "  %s of %s done", Count(e.Done), Count(e.Total))
	}
	if e.Masked > 0 {
		fmt.Fprintf(&b, ", %s masked", Count(e.Masked))
	}
	if e.Failed > 0 || e.Orphaned > 0 {
		fmt.Fprintf(&b, ", %s failed, %s orphaned", Count(e.Failed), Count(e.Orphaned))
	}
	if e.Elapsed > 0 {
		fmt.Fprintf(&b, "  in %s", Duration(e.Elapsed))
	}
	for _, text := range []string{e.Status, e.Reason, e.Error, e.Worker} {
		if text != "" {
			fmt.Fprintf(&b, "  %s", oneLine(text))
		}
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}
