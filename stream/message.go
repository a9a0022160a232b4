package stream

import (
	"encoding/json"
	"fmt"
	"time"
)

// protocolVersion stands in the run record; a worker of another version refuses to join.
const protocolVersion = 2

// A runRecord is what workers join a run by.
type runRecord struct {
	Version int    `json:"version"`
	Epoch   uint64 `json:"epoch"`
	Ended   bool   `json:"ended"` // the epoch is over and none is to come
	// Cancelled says who cancelled the run, in this epoch or while the next one was prepared, and CancelledUnder under
	// which lease: no standby goes on with it. It is written before who asked is answered, and goes when the run has come
	// to its end all the same.
	Cancelled      string        `json:"cancelled,omitempty"`
	CancelledUnder string        `json:"cancelled_under,omitempty"`
	AckWait        time.Duration `json:"ack_wait"`
	Plan           Plan          `json:"plan"`
	Leader         string        `json:"leader"` // the lease under which the epoch began
	Todo           []string      `json:"todo"`   // tasks that have a queue in the epoch
	// Busy tells that workers may have blocks of the epoch in work: it has not ended, or ended with blocks out. Strays
	// tells that workers of earlier epochs may.
	Busy   bool `json:"busy,omitempty"`
	Strays bool `json:"strays,omitempty"`
}

// A work message is a run of blocks of one task for one slot, done in the order given.
type work struct {
	Task       string `json:"task"`
	Generation string `json:"gen"`
	Epoch      uint64 `json:"epoch"`
	Attempt    int    `json:"attempt"` // counted by the tracker; > 1: the only block of its message
	Blocks     Ranges `json:"blocks"`
	// Isolated says that a worker died that had the block: it is to be tried where it takes nothing else with it.
	Isolated bool `json:"isolated,omitempty"`
}

// A completion says what became of blocks of a work message. Several may follow one message; each block is named once.
type completion struct {
	Task       string `json:"task"`
	Generation string `json:"gen"`
	Epoch      uint64 `json:"epoch"`
	Attempt    int    `json:"attempt"`
	Message    int64  `json:"msg"`  // first block of the work message
	Part       int    `json:"part"` // 0 for the first completion of a message, then 1, …
	Worker     string `json:"worker"`
	Done       Ranges `json:"done,omitempty"`
	// Masked blocks are done without anything computed.
	Masked Ranges  `json:"masked,omitempty"`
	Failed []fails `json:"failed,omitempty"`
	// Crashed blocks were delivered to this worker after another one had them and fell silent.
	Crashed Ranges `json:"crashed,omitempty"`
	// Returned blocks were not tried: the worker is leaving, or gave up waiting for its environment (Reason),
	// or an output is not the run's any more (Reason, and Stop).
	Returned Ranges        `json:"returned,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Stop     bool          `json:"stop,omitempty"`
	Timings  Timings       `json:"timings"`           // summed over Done
	Elapsed  time.Duration `json:"elapsed"`           // wall time of Done
	Masking  time.Duration `json:"masking,omitempty"` // wall time of Masked
	Began    time.Time     `json:"began"`
}

// fails is one block's failed attempt.
type fails struct {
	Block     int64  `json:"block"`
	Error     string `json:"error"`
	Permanent bool   `json:"permanent,omitempty"`
	Log       string `json:"log,omitempty"`
	Hung      bool   `json:"hung,omitempty"` // the attempt does not stop and may still read and write
}

// A wake is a hint to workers: there may be work in an epoch, or a newer epoch, or no more work for now.
type wake struct {
	Epoch uint64 `json:"epoch"`
	Stop  bool   `json:"stop,omitempty"` // take nothing more in this epoch
}

// A report is what a worker tells the tracker about itself, every second and when something changes.
type report struct {
	Worker  string         `json:"worker"`
	Epoch   uint64         `json:"epoch"`
	Slots   int            `json:"slots"`
	Running map[string]int `json:"running,omitempty"` // messages in work, by task
	Paused  string         `json:"paused,omitempty"`  // why the worker's environment is at fault
	Leaving bool           `json:"leaving,omitempty"` // the last report
}

// encode is json.Marshal of the types above, which cannot fail.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("stream: encode %T: %v", v, err))
	}
	return data
}
