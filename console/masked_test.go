package console

import (
	"strings"
	"testing"
	"time"

	"volara/stream"
)

// maskedRun has a task in work and one at its end, with blocks that masks take out of the work.
func maskedRun() stream.Status {
	return stream.Status{Run: "segment", State: stream.StateRunning, Started: start, Updated: start.Add(10 * time.Second), Tasks: []stream.TaskStatus{
		{Name: "frags", Total: 100, Done: 60, Masked: 30, LeftOut: 7, Running: 2, Started: start},
		{Name: "relabel", Total: 1000, Done: 1000, Masked: 1, Skipped: 1000},
		{Name: "all", Total: 8, Done: 8, Masked: 8},
	}}
}

func TestMaskedBlocksInTheBars(t *testing.T) {
	p := painter{}
	var tr tracker
	snapshot := tr.snapshot(maskedRun(), start)
	want := `frags    [#######-------..........]   60%       60/100  2 in work              30 masked, 7 left out
relabel  [#######################-]  100%  1,000/1,000             was done    1 masked
all      [------------------------]  100%          8/8             done        8 masked`
	if got := strings.Join(p.taskLines(snapshot, 100, 9), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, unicode := range []bool{false, true} {
		p.unicode, p.colour = unicode, true
		lines := p.taskLines(snapshot, 110, 9)
		for i, line := range lines {
			if !strings.Contains(line, styleMasked) {
				t.Errorf("line %d has nothing in the colour of masked blocks: %q", i, line)
			}
		}
		done, masked, left := p.bar(snapshot.Tasks[2], 20)
		if strings.Trim(done, "[") != "" || strings.Trim(left, "]") != "" || masked == "" {
			t.Errorf("a bar of masked blocks only: %q %q %q", done, masked, left)
		}
	}
}

func TestMaskedBlocksInTables(t *testing.T) {
	var report, status strings.Builder
	s := maskedRun()
	if err := Report(&report, s, ReportOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteStatus(&status, start.Add(10*time.Second), s); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"report": report.String(), "status": status.String()} {
		for _, part := range []string{"masked", "left out", "39 masked, 7 left out (skip_mask)"} {
			if !strings.Contains(text, part) {
				t.Errorf("the %s does not say %q:\n%s", name, part, text)
			}
		}
	}
	var line strings.Builder
	e := stream.Event{Time: start, Kind: stream.EventTaskDone, Task: "frags", Total: 9, Done: 9, Masked: 4}
	if err := WriteEvent(&line, e); err != nil || !strings.Contains(line.String(), "9 of 9 done, 4 masked") {
		t.Errorf("%q, %v", line.String(), err)
	}
}
