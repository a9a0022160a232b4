package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"volara/stream"
)

// plainView writes lines for a file or a terminal without cursor control: one per task when its counts changed, at most
// every few seconds, at once when it ends; and one when the run pauses or goes on.
type plainView struct {
	out   io.Writer
	every time.Duration

	state, reason string
	seen          map[string]*plainTask
	last          Snapshot
}

type plainTask struct {
	at   time.Time
	text string
	done bool
}

func (v *plainView) show(s Snapshot) {
	v.last = s
	v.announce(s)
	if v.seen == nil {
		v.seen = map[string]*plainTask{}
	}
	for _, t := range s.Tasks {
		seen := v.seen[t.Name]
		if seen == nil {
			seen = &plainTask{at: s.Time, text: counts(t)}
			v.seen[t.Name] = seen
		}
		text := counts(t)
		due := s.Time.Sub(seen.at) >= v.every && text != seen.text
		if due || t.ended() && !seen.done {
			seen.at, seen.text, seen.done = s.Time, text, t.ended()
			v.task(t, s)
		}
	}
}

// announce tells of pauses and their end.
func (v *plainView) announce(s Snapshot) {
	if s.State == v.state && s.Reason == v.reason {
		return
	}
	switch {
	case s.State == stream.StatePaused:
		fmt.Fprintf(v.out, "%s: paused: %s\n", oneLine(s.Run), s.Reason)
	case v.state == stream.StatePaused && s.State == stream.StateRunning:
		fmt.Fprintf(v.out, "%s: goes on\n", oneLine(s.Run))
	}
	v.state, v.reason = s.State, s.Reason
}

// close repeats the tasks whose last line was overtaken.
func (v *plainView) close() {
	for _, t := range v.last.Tasks {
		if seen := v.seen[t.Name]; seen != nil && seen.text != counts(t) {
			v.task(t, v.last)
		}
	}
}

// counts is what decides whether a task's line would say something new.
func counts(t TaskSnapshot) string {
	return fmt.Sprint(t.Done, t.Masked, t.Failed, t.Orphaned)
}

func (v *plainView) task(t TaskSnapshot, s Snapshot) {
	c := taskCells(t, s)
	text := fmt.Sprintf("%s: %s blocks (%s)", c[colName], c[colBlocks], c[colPercent])
	for _, extra := range []string{c[colRunning], c[colMasked], c[colFaults], blocksWord(c[colRate]), c[colVoxels], c[colETA]} {
		if extra != "" {
			text += ", " + extra
		}
	}
	fmt.Fprintln(v.out, text)
}

// blocksWord turns 12.3/s into 12.3 blocks/s.
func blocksWord(rate string) string { return strings.Replace(rate, "/", " blocks/", 1) }
