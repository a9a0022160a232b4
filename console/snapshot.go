package console

import (
	"math"
	"time"

	"volara/stream"
)

// A Snapshot is a stream.Status with what follows from the ones before it. With --progress json each is a line:
//
//	time       when the status was taken
//	run, state, reason   as in status.json; reason only while paused
//	elapsed_s  seconds since the run began
//	tasks      one each, upstream first:
//	  name, total, done, skipped, running, failed, orphaned   blocks; skipped are also in done
//	  masked     blocks that a mask excludes, also in done; left_out: blocks that a skip mask leaves out, not in total
//	  blocks_per_s, voxels_per_s   recent, smoothed; 0 while unknown
//	  eta_s      seconds until the task's last block at that rate; left out while unknown
//
// The line whose state is done, failed or stopped is the last.
type Snapshot struct {
	Time    time.Time      `json:"time"`
	Run     string         `json:"run"`
	State   string         `json:"state"`
	Reason  string         `json:"reason,omitempty"`
	Elapsed float64        `json:"elapsed_s"`
	Tasks   []TaskSnapshot `json:"tasks"`
}

// A TaskSnapshot is a task's line in a Snapshot.
type TaskSnapshot struct {
	Name            string   `json:"name"`
	Total           int64    `json:"total"`
	Done            int64    `json:"done"`
	Skipped         int64    `json:"skipped"`
	Masked          int64    `json:"masked"`
	LeftOut         int64    `json:"left_out,omitempty"`
	Running         int64    `json:"running"`
	Failed          int64    `json:"failed"`
	Orphaned        int64    `json:"orphaned"`
	BlocksPerSecond float64  `json:"blocks_per_s"`
	VoxelsPerSecond float64  `json:"voxels_per_s"`
	ETA             *float64 `json:"eta_s,omitempty"`

	started, finished time.Time
}

// left is the number of blocks that may still be processed.
func (t TaskSnapshot) left() int64 { return t.Total - t.Done - t.Failed - t.Orphaned }

// ended reports whether nothing of the task is left to do.
func (t TaskSnapshot) ended() bool { return t.left() <= 0 && t.Running == 0 }

// ended reports whether the state is one that a run does not leave.
func ended(state string) bool {
	return state == stream.StateDone || state == stream.StateFailed || state == stream.StateStopped
}

// A tracker makes Snapshots from successive statuses.
type tracker struct {
	meters map[string]*meter
	paused bool
}

func (t *tracker) snapshot(s stream.Status, now time.Time) Snapshot {
	if t.meters == nil {
		t.meters = map[string]*meter{}
	}
	if paused := s.State == stream.StatePaused; paused || t.paused {
		for _, m := range t.meters {
			m.reset()
		}
		t.paused = paused
	}
	snap := Snapshot{Time: now, Run: s.Run, State: s.State, Reason: oneLine(s.Reason)}
	if !s.Started.IsZero() {
		snap.Elapsed = max(0, now.Sub(s.Started).Seconds())
	}
	for _, ts := range s.Tasks {
		snap.Tasks = append(snap.Tasks, t.task(ts, now))
	}
	return snap
}

func (t *tracker) task(s stream.TaskStatus, now time.Time) TaskSnapshot {
	m := t.meters[s.Name]
	if m == nil {
		m = &meter{}
		t.meters[s.Name] = m
	}
	row := TaskSnapshot{
		Name: s.Name, Total: s.Total, Done: s.Done, Skipped: s.Skipped, Masked: s.Masked, LeftOut: s.LeftOut,
		Running: s.Running, Failed: s.Failed,
		Orphaned: s.Orphaned, started: s.Started, finished: s.Finished,
	}
	if row.Done == row.Skipped && row.Running == 0 {
		m.reset() // not begun: the wait for upstream does not count
	}
	m.add(now, s.Done)
	row.BlocksPerSecond = m.perSecond()
	if s.Total > 0 {
		row.VoxelsPerSecond = row.BlocksPerSecond * float64(s.Voxels) / float64(s.Total)
	}
	if left := row.left(); row.BlocksPerSecond > 0 && left > 0 {
		eta := math.Ceil(float64(left) / row.BlocksPerSecond)
		row.ETA = &eta
	}
	return row
}
