package console

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"volara/stream"
)

// A film is a run as a sequence of statuses, one a second of a fake clock.
type film struct {
	now    time.Time
	frames []stream.Status
}

func (f *film) clock() time.Time { return f.now }

// twoTasks is a run of ten seconds: frags at 10 blocks/s with one failure, relabel behind it; a pause from 4 to 6.
func twoTasks() *film {
	f := &film{now: start}
	frags, relabel := int64(0), int64(0)
	for second := range 15 {
		s := stream.Status{Run: "segment", State: stream.StateRunning, Started: start, Updated: start.Add(time.Duration(second) * time.Second)}
		if second >= 4 && second < 7 {
			s.State, s.Reason = stream.StatePaused, "the disk of /data\nis full"
		} else {
			relabel = min(90, max(0, frags-5))
			frags = min(99, frags+10)
		}
		a := stream.TaskStatus{Name: "frags", Total: 100, Done: frags, Voxels: 100 << 20, Started: start, Running: min(2, 99-frags)}
		b := stream.TaskStatus{Name: "relabel", Total: 100, Done: relabel, Voxels: 100 << 20, Running: min(1, 90-relabel)}
		if relabel > 0 {
			b.Started = start.Add(2 * time.Second)
		}
		if frags == 99 {
			a.Failed, b.Orphaned, a.Finished = 1, 10, start.Add(13*time.Second)
		}
		if relabel == 90 {
			s.State, b.Finished = stream.StateFailed, start.Add(14*time.Second)
		}
		s.Tasks = []stream.TaskStatus{a, b}
		f.frames = append(f.frames, s)
		if ended(s.State) {
			break
		}
	}
	return f
}

func (f *film) play(p *Progress) {
	for i, s := range f.frames {
		f.now = start.Add(time.Duration(i) * time.Second)
		p.Update(s)
	}
	p.Close()
	p.Close()
	p.Update(f.frames[0])
}

func TestPlain(t *testing.T) {
	var out bytes.Buffer
	f := twoTasks()
	f.play(NewProgress(ProgressOptions{Mode: ModeAuto, Out: &out, Now: f.clock}))
	want := `segment: paused: the disk of /data is full
frags: 40/100 blocks (40%), 2 in work, paused
relabel: 25/100 blocks (25%), 1 in work, paused
segment: goes on
frags: 80/100 blocks (80%), 2 in work, 10.0 blocks/s, 10.5 Mvox/s, ETA 2s
relabel: 65/100 blocks (65%), 1 in work, 10.0 blocks/s, 10.5 Mvox/s, ETA 4s
frags: 99/100 blocks (99%), 1 failed, ended in 13s
relabel: 90/100 blocks (90%), 10 orphaned, ended in 12s
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	f := twoTasks()
	f.play(NewProgress(ProgressOptions{Mode: ModeJSON, Out: &out, Now: f.clock, Every: 3 * time.Second}))
	var states []string
	var last Snapshot
	for line := range strings.Lines(out.String()) {
		last = Snapshot{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		states = append(states, last.State)
	}
	if got := strings.Join(states, " "); got != "running running paused running running failed" {
		t.Errorf("lines: %s", got)
	}
	if last.Elapsed < 10 || len(last.Tasks) != 2 || last.Tasks[0].Failed != 1 || last.Tasks[1].Orphaned != 10 || last.Run != "segment" {
		t.Errorf("the last line is no full snapshot: %+v", last)
	}
}

func TestOff(t *testing.T) {
	var out, log bytes.Buffer
	f := twoTasks()
	p := NewProgress(ProgressOptions{Mode: ModeOff, Out: &out, Log: &log, Now: f.clock})
	_, _ = p.LogWriter().Write([]byte("a line\n"))
	f.play(p)
	if out.Len() != 0 || log.String() != "a line\n" {
		t.Errorf("out %q, log %q", out.String(), log.String())
	}
}

// Follow ends with the run, or with its context; in both cases it shows the last status.
func TestFollow(t *testing.T) {
	var out bytes.Buffer
	f := twoTasks()
	i := 0
	p := NewProgress(ProgressOptions{Mode: ModeJSON, Out: &out, Poll: time.Millisecond, Every: time.Nanosecond, Now: f.clock})
	p.Follow(t.Context(), func() stream.Status {
		i++
		f.now = f.now.Add(time.Second)
		return f.frames[i-1]
	})
	if !ended(f.frames[i-1].State) || strings.Count(out.String(), "\n") != i {
		t.Errorf("%d statuses of %d: %s", i, len(f.frames), out.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	p = NewProgress(ProgressOptions{Mode: ModeOff, Poll: time.Hour})
	p.Follow(ctx, func() stream.Status {
		asked++
		cancel()
		return stream.Status{State: stream.StateRunning}
	})
	if asked != 2 {
		t.Errorf("asked %d times, once more after the end of the context is right", asked)
	}
}

// Whatever the run and the terminal, no line is wider and there are not more of them than asked for.
func TestLinesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(0, 1e12)
		s := Snapshot{Run: rapid.String().Draw(t, "run"), State: rapid.SampledFrom([]string{"running", "paused", "done", "failed"}).Draw(t, "state"),
			Reason: rapid.StringN(0, 300, -1).Draw(t, "reason"), Elapsed: rapid.Float64Range(0, 1e300).Draw(t, "elapsed")}
		for range rapid.IntRange(0, 12).Draw(t, "tasks") {
			ts := TaskSnapshot{Name: rapid.StringN(1, 60, -1).Draw(t, "name"), Total: count.Draw(t, "total"), Done: count.Draw(t, "done"),
				Running: count.Draw(t, "running"), Failed: count.Draw(t, "failed"), Orphaned: count.Draw(t, "orphaned"),
				BlocksPerSecond: rapid.Float64Range(0, 1e9).Draw(t, "rate"), VoxelsPerSecond: rapid.Float64Range(0, 1e15).Draw(t, "voxels")}
			if rapid.Bool().Draw(t, "eta") {
				eta := rapid.Float64Min(0).Draw(t, "seconds")
				ts.ETA = &eta
			}
			s.Tasks = append(s.Tasks, ts)
		}
		p := painter{unicode: rapid.Bool().Draw(t, "unicode")}
		width, height := rapid.IntRange(1, 250).Draw(t, "width"), rapid.IntRange(1, 12).Draw(t, "height")
		lines := p.taskLines(s, width, height)
		if len(lines) > height {
			t.Fatalf("%d lines, %d fit", len(lines), height)
		}
		for _, l := range append(lines, p.footer(s, width)) {
			if runewidth.StringWidth(l) > width && width > 1 || strings.ContainsAny(l, "\n\r\x1b") {
				t.Fatalf("%q is not one line of %d", l, width)
			}
		}
	})
}

func TestLines(t *testing.T) {
	f := twoTasks()
	var tr tracker
	var s Snapshot
	for i, frame := range f.frames[:4] {
		s = tr.snapshot(frame, start.Add(time.Duration(i)*time.Second))
	}
	s.Tasks = append(s.Tasks, TaskSnapshot{Name: "graph-mws", Total: 1}, TaskSnapshot{Name: "old", Total: 1234, Done: 1234, Skipped: 1234})
	check := func(p painter, width, height int, want string) {
		t.Helper()
		got := strings.Join(append(p.taskLines(s, width, height), p.footer(s, width)), "\n") + "\n"
		if got != strings.TrimPrefix(want, "\n") {
			t.Errorf("at %d by %d:\n%s\nwant%s", width, height, got, want)
		}
	}
	check(painter{unicode: true}, 100, 10, `
frags      ██████████▍░░░░░░░░░░░░░░░   40%       40/100  2 in work  10.0/s  10.5 Mvox/s  ETA 6s
relabel    ██████▌░░░░░░░░░░░░░░░░░░░   25%       25/100  1 in work  8.33/s  8.74 Mvox/s  ETA 9s
graph-mws  ░░░░░░░░░░░░░░░░░░░░░░░░░░    0%          0/1                                  waiting
old        ██████████████████████████  100%  1,234/1,234                                  was done
segment: running, 3s
`)
	check(painter{}, 60, 3, `
frags    [#####..........]   40%  40/100  10.0/s  ETA 6s
relabel  [###............]   25%  25/100  8.33/s  ETA 9s
… and 2 tasks
segment: running, 3s
`)
}

// Updates, log lines and the end may come from anywhere at once.
func TestConcurrentUse(t *testing.T) {
	for _, mode := range []Mode{ModeTTY, ModePlain, ModeJSON, ModeOff} {
		var out, log lockedBuffer
		p := NewProgress(ProgressOptions{Mode: mode, Out: &out, Log: &log})
		f := twoTasks()
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 50 {
					if w == 0 {
						p.Update(f.frames[i%len(f.frames)])
					} else {
						_, _ = p.LogWriter().Write([]byte("line\n"))
					}
					if w == 3 && i == 40 {
						p.Close()
					}
				}
			})
		}
		wg.Wait()
		p.Close()
		if n := strings.Count(out.String(), "line\n") + strings.Count(log.String(), "line\n"); n != 150 {
			t.Errorf("%s: %d of 150 lines were written", mode, n)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
