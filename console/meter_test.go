package console

import (
	"math"
	"testing"
	"time"

	"volara/stream"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// run feeds a meter ten times a second with a count that grows by rate a second, and returns the last time.
func (m *meter) run(from time.Time, count *float64, rate float64, d time.Duration) time.Time {
	const step = 100 * time.Millisecond
	for range d / step {
		from = from.Add(step)
		*count += rate * step.Seconds()
		m.add(from, int64(*count))
	}
	return from
}

func TestMeter(t *testing.T) {
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance*want {
			t.Errorf("%s: %.3g, want %.3g", what, got, want)
		}
	}
	var m meter
	if m.perSecond() != 0 {
		t.Error("a rate without counts")
	}
	count := 0.0
	m.add(start, 0)
	at := m.run(start, &count, 100, 3*time.Second)
	near("at the beginning", m.perSecond(), 100, 0.02)
	at = m.run(at, &count, 100, time.Minute)
	near("steady", m.perSecond(), 100, 0.02)
	at = m.run(at, &count, 1000, 15*time.Second)
	near("faster", m.perSecond(), 1000, 0.02)
	at = m.run(at, &count, 0.01, 1000*time.Second) // one block in 100 s: looks back to have ten
	if r := m.perSecond(); r <= 0 || r > 20 {
		t.Errorf("almost standing: %.3g", r)
	}
	m.run(at, &count, 0.01, 2000*time.Second)
	near("slow", m.perSecond(), 0.01, 0.2)
	if len(m.past) > 60 {
		t.Errorf("%d samples are kept", len(m.past))
	}
	m.add(at.Add(time.Hour), 0)
	if m.perSecond() != 0 {
		t.Error("a count that falls must begin anew")
	}
}

func TestETA(t *testing.T) {
	var tr tracker
	status := func(second, done int, state string) Snapshot {
		now := start.Add(time.Duration(second) * time.Second)
		return tr.snapshot(stream.Status{Run: "r", State: state, Started: start, Tasks: []stream.TaskStatus{
			{Name: "a", Total: 1000, Done: int64(done), Skipped: 100, Running: 1, Failed: 10, Orphaned: 10, Voxels: 2000},
			{Name: "b", Total: 5},
		}}, now)
	}
	if s := status(0, 100, stream.StateRunning); s.Tasks[0].ETA != nil || s.Tasks[0].BlocksPerSecond != 0 {
		t.Errorf("what is not known yet is claimed: %+v", s.Tasks[0])
	}
	s := status(10, 200, stream.StateRunning)
	if a := s.Tasks[0]; a.BlocksPerSecond != 10 || a.VoxelsPerSecond != 20 || *a.ETA != 78 || s.Elapsed != 10 {
		t.Errorf("10 blocks/s of 2 voxels, 780 left: %+v, ETA %v", a, *a.ETA)
	}
	status(20, 210, stream.StatePaused)
	status(3600, 210, stream.StatePaused)
	status(3601, 210, stream.StateRunning)
	if a := status(3611, 310, stream.StateRunning).Tasks[0]; a.BlocksPerSecond != 10 {
		t.Errorf("the pause counts: %v blocks/s", a.BlocksPerSecond)
	}
	if b := status(3612, 310, stream.StateRunning).Tasks[1]; b.ETA != nil || taskETA(b, Snapshot{State: stream.StateRunning}) != "waiting" {
		t.Errorf("a task that waits has an ETA: %+v", b)
	}
}
