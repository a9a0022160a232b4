package stream

import (
	"time"

	"volara/geometry"
)

// The states of a run.
const (
	StateRunning = "running"
	StatePaused  = "paused"  // the environment is at fault; Status.Reason says how
	StateDone    = "done"    // every selected block is done
	StateFailed  = "failed"  // ended with failed or orphaned blocks
	StateStopped = "stopped" // ended before everything was tried; may be resumed
)

// Status is a snapshot of a run: what `volara status` prints and status.json holds.
type Status struct {
	Run     string       `json:"run"`
	State   string       `json:"state"`
	Reason  string       `json:"reason,omitempty"`
	Epoch   uint64       `json:"epoch"`   // 0: nothing was left to do
	Workers int          `json:"workers"` // that reported lately
	Slots   int          `json:"slots"`   // of these workers
	Started time.Time    `json:"started"`
	Updated time.Time    `json:"updated"`
	Tasks   []TaskStatus `json:"tasks"`
}

// TaskStatus counts the selected blocks of a task. Total = Done + Running + Failed + Orphaned + those that wait.
type TaskStatus struct {
	Name     string    `json:"name"`
	Total    int64     `json:"total"`
	Done     int64     `json:"done"`               // Skipped included
	Skipped  int64     `json:"skipped"`            // were done before this run began
	Masked   int64     `json:"masked,omitempty"`   // of Done: a mask excludes them
	LeftOut  int64     `json:"left_out,omitempty"` // not in Total: this run skips them
	Running  int64     `json:"running"`
	Failed   int64     `json:"failed"`
	Orphaned int64     `json:"orphaned"` // wait for a failed block
	Voxels   int64     `json:"voxels,omitempty"`
	Started  time.Time `json:"started,omitzero"`  // first block delivered
	Finished time.Time `json:"finished,omitzero"` // last block ended
	Timings  Timings   `json:"timings"`           // summed over the blocks done in this run
	Failures []Failure `json:"failures,omitempty"`
}

// A Failure is a block that has spent its attempts.
type Failure struct {
	Task     string       `json:"task"`
	Block    int64        `json:"block"`
	WriteROI geometry.Roi `json:"write_roi"`
	Attempts int          `json:"attempts"`
	Error    string       `json:"error"`
	Worker   string       `json:"worker"`
	Log      string       `json:"log,omitempty"` // path of the worker's log
	Time     time.Time    `json:"time"`
}
