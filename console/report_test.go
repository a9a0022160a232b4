package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"volara/geometry"
	"volara/stream"
)

func failedRun() stream.Status {
	s := stream.Status{Run: "segment", State: stream.StateFailed, Started: start, Updated: start.Add(75 * time.Second)}
	failure := func(block int64) stream.Failure {
		return stream.Failure{Task: "extract-frags", Block: block, Attempts: 3, Worker: "worker-1", Log: "/data/.volara/logs/segment/worker-1.jsonl",
			WriteROI: geometry.NewRoi(geometry.Coordinate{0, -64}, geometry.Coordinate{40, 64}), Error: "read affs: chunk 0/1 is truncated:\n\tgot 5 bytes\x1b[2J\n"}
	}
	s.Tasks = []stream.TaskStatus{
		{Name: "extract-frags", Total: 1000, Done: 988, Skipped: 88, Failed: 12, Voxels: 1000 << 18, Started: start, Finished: start.Add(time.Minute),
			Timings:  stream.Timings{Read: 12 * time.Second, Compute: 100 * time.Second, Write: 800 * time.Millisecond},
			Failures: []stream.Failure{failure(3), failure(17), failure(999)}},
		{Name: "relabel", Total: 1000, Done: 900, Orphaned: 100, Voxels: 1000 << 18, Started: start.Add(30 * time.Second), Finished: start.Add(75 * time.Second)},
		{Name: "noop", Total: 8, Done: 8, Skipped: 8},
	}
	return s
}

func TestReport(t *testing.T) {
	var b strings.Builder
	if err := Report(&b, failedRun(), ReportOptions{MaxFailures: 2, More: "volara failed segment"}); err != nil {
		t.Fatal(err)
	}
	want := `extract-frags block 3 failed after 3 attempts: write ROI [0:40, -64:0]
    read affs: chunk 0/1 is truncated:
        got 5 bytes [2J
    log: /data/.volara/logs/segment/worker-1.jsonl
extract-frags block 17 failed after 3 attempts: write ROI [0:40, -64:0]
    read affs: chunk 0/1 is truncated:
        got 5 bytes [2J
    log: /data/.volara/logs/segment/worker-1.jsonl
… and 10 more: volara failed segment

task           blocks  skipped  failed  orphaned   wall  reading  computing  writing     voxels/s
extract-frags   1,000       88      12            1m00s      12s      1m40s    800ms  3.93 Mvox/s
relabel         1,000                        100    45s                               5.24 Mvox/s
noop                8        8

segment: 1,896 of 2,008 blocks done (96 before), 12 failed, 100 orphaned, 1m15s
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReportOfSuccess(t *testing.T) {
	var b strings.Builder
	s := stream.Status{Run: "segment", State: stream.StateDone, Started: start, Updated: start.Add(1500 * time.Millisecond),
		Tasks: []stream.TaskStatus{{Name: "noop", Total: 1, Done: 1}}}
	if err := Report(&b, s, ReportOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "task  blocks\nnoop       1\n\nsegment: all 1 block done, 1.5s\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
	if err := Report(failing{}, s, ReportOptions{}); err == nil {
		t.Error("a report that cannot be written is no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestSummary(t *testing.T) {
	task := stream.TaskStatus{Name: "a", Total: 10, Done: 10, Skipped: 10}
	for want, s := range map[string]stream.Status{
		"r: all 10 blocks done before, nothing was left to do": {Run: "r", State: stream.StateDone, Tasks: []stream.TaskStatus{task}},
		"r: all 0 blocks done":                                 {Run: "r", State: stream.StateDone},
		"r: 4 of 10 blocks done, stopped before the end: cancelled": {Run: "r", State: stream.StateStopped, Reason: "cancelled",
			Tasks: []stream.TaskStatus{{Total: 10, Done: 4}}},
		"r: 4 of 10 blocks done (1 before), paused: disk full": {Run: "r", State: stream.StatePaused, Reason: "disk full",
			Tasks: []stream.TaskStatus{{Total: 10, Done: 4, Skipped: 1}}},
	} {
		if got := Summary(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	running := stream.Status{Run: "trial", State: stream.StateRunning, Started: start, Updated: start.Add(20 * time.Second), Tasks: []stream.TaskStatus{
		{Name: "a", Total: 100, Done: 50, Running: 2, Voxels: 100e6, Started: start}, {Name: "b", Total: 3}}}
	var b strings.Builder
	if err := WriteStatus(&b, start.Add(80*time.Second), failedRun(), running); err != nil {
		t.Fatal(err)
	}
	want := `segment: 1,896 of 2,008 blocks done (96 before), 12 failed, 100 orphaned, 1m15s (failed, as of 5s ago)

task           state   done  blocks        failed  orphaned   wall     voxels/s
extract-frags  failed   988   1,000   98%      12            1m00s  3.93 Mvox/s
relabel        failed   900   1,000   90%               100    45s  5.24 Mvox/s
noop           done       8       8  100%

trial: 50 of 103 blocks done, 20s (running, as of 1m00s ago)

task  state    done  blocks       in work  wall     voxels/s
a     running    50     100  50%        2   20s  2.50 Mvox/s
b     waiting     0       3   0%
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFailures(t *testing.T) {
	var b bytes.Buffer
	if err := WriteFailures(&b, failedRun()); err != nil || strings.Count(b.String(), "write ROI") != 3 {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	many := failedRun()
	many.Tasks[0].Failed += 12345
	if err := WriteFailures(&b, many); err != nil || !strings.Contains(b.String(), "… and 12,354 more") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	if err := WriteFailures(&b, stream.Status{}); err != nil || b.String() != "no block has failed\n" {
		t.Errorf("%v %q", err, b.String())
	}
	b.Reset()
	if err := WriteJSON(&b, failedRun()); err != nil {
		t.Fatal(err)
	}
	var again stream.Status
	if err := json.Unmarshal(b.Bytes(), &again); err != nil || !reflect.DeepEqual(again, failedRun()) {
		t.Errorf("the JSON variant does not come back: %v\n%s", err, b.String())
	}
}
