package stream

import (
	"context"
	"log/slog"
	"time"
)

// TrackerOptions are the knobs of a Tracker. The zero value of every field is a sensible choice.
type TrackerOptions struct {
	// Dir is the directory of the run's snapshot: status.json and events.jsonl, for readers without a server. Empty:
	// none is written.
	Dir string
	// JournalDir holds what workers of this host leave behind when they are killed; see WorkerOptions.JournalDir.
	JournalDir string
	// Lease is the right to lead the run, taken by the caller, who gives it back. Nil: Run takes one, as Exclusive,
	// Standby, Holder and LeaseTTL say (see LeaseOptions), and gives it back.
	Lease *Lease
	// Exclusive says that the caller holds the lock of the server's state directory, so that no other tracker can be
	// alive: a lease left behind is taken over instead of waited for.
	Exclusive bool
	// Standby says to wait for the lease while another tracker leads, instead of returning ErrLeaseHeld.
	Standby bool
	// KeepFailures leaves blocks failed that had failed before; else they are given all their attempts again.
	KeepFailures bool
	// Consumed takes what is consumed (see Task.Consumers) of a task: nobody needs the outputs of these blocks any more.
	// It is called beside the tracker's work, one call at a time, perhaps again for the same blocks; after an error it is
	// called again, and in the end by the next tracker. Nil: nothing is consumed.
	Consumed func(ctx context.Context, task string, blocks Ranges) error
	// Holder names this tracker in the lease, for people; default host and process id.
	Holder string

	// Replicas of the queue, on a cluster; as many as the servers that are up allow. 0: one.
	Replicas int

	AckWait     time.Duration   // after which a silent worker's blocks are given to another one; default 10 s
	LeaseTTL    time.Duration   // after which a silent tracker is replaced; at least 1 s, default 6 s
	RetryDelays []time.Duration // before the second, third, … attempt; the last one repeats; jittered; default 100 ms, 1 s, 5 s
	MaxCrashes  int             // a block whose worker died more often is failed; default 10
	MaxBatch    int             // blocks in a message at most; default 64
	PauseLimit  time.Duration   // how long an environment at fault is waited for; default 10 min

	EventBytes  int64  // of events kept in JetStream, about; the oldest go first; default 64 MiB
	MinFree     int64  // bytes to be free under DiskPath for blocks to be dispatched; default 256 MiB, negative: unchecked
	DiskPath    string // on the file system to watch; default Dir; empty: unchecked
	BallastSize int64  // bytes reserved beside the snapshot, given back when the disk is full; default 8 MiB, negative: none

	Logger *slog.Logger // default slog.Default()
}

// WorkerOptions are the knobs of a Worker. Open is needed, all others have sensible zero values.
type WorkerOptions struct {
	Name  string // unique among the workers of a run; default host and process id
	Slots int    // blocks in work at once; default runtime.GOMAXPROCS(0)
	Open  Opener
	// Isolate opens a task so that its processor survives a block that kills its process: for blocks whose worker has
	// died before. Default: Open.
	Isolate Opener
	// Host is where the worker runs; default ThisHost. It leaves alone what is bound to another one.
	Host Host
	// Memory is how much memory in bytes the blocks in work may need together, as Task.Memory predicts it; 0: no limit.
	// A block that needs more is left to other workers or, with Oversize, taken when no other one is in work.
	Memory   int64
	Oversize bool
	// JournalDir is where the worker notes what it has in work, so that a tracker that starts on the same host after a
	// crash knows at once which blocks were hit. Empty: none.
	JournalDir string
	// LogPath is told to people as the place where this worker's errors are explained.
	LogPath string
	// UntilDone makes Run return when the run has ended; else it waits for the run to be started again.
	UntilDone bool
	// JoinLimit is how long a worker waits for a run that nobody has begun or leads, before Run fails with ErrNoRun; 0: for
	// ever.
	JoinLimit time.Duration

	PauseLimit time.Duration // how long a block waits for its environment before it is given up; default 10 min
	PauseDelay time.Duration // before the first new try then; doubles up to 64 times as long; default 250 ms

	Logger *slog.Logger // default slog.Default()
}
