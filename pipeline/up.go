package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"volara/embedded"
	"volara/fault"
	"volara/stages"
	"volara/stream"
)

// DefaultStateDir is the state directory's name beside a pipeline file.
const DefaultStateDir = ".volara"

// StateDir returns the default state directory: beside the pipeline file.
func (p *Pipeline) StateDir() string { return filepath.Join(p.Base, DefaultStateDir) }

// RunDir returns the folder of a run below a state directory: its status, events, specification and logs.
func RunDir(stateDir, run string) string { return filepath.Join(stateDir, "runs", run) }

// UpOptions say how a pipeline is run.
type UpOptions struct {
	Selection
	Types      map[string]stages.Factory
	Server     Server
	Host       stream.Host // of this process; default that which it runs on
	Standby    bool        // wait while another tracker leads the run, and take over when it has ended or died
	Slots      int         // blocks in work at once in this process; 0: none, other processes do the work
	Memory     Memory      // of this process
	CacheBytes int         // decoded chunks kept for neighbouring blocks
	LogPath    string      // where the worker's errors are explained
	Logger     *slog.Logger
	// Started is called once when blocks begin to be processed. It must not block.
	Started func(Run)
	// Ended is called with how the run ended, before Up waits (Stay) or returns.
	Ended func(stream.Status)
	// AckWait is how long a worker may be silent before its blocks are given to another one; 0: the stream's default.
	AckWait time.Duration
	// Stay keeps the server up after the run has ended, until ctx is cancelled.
	Stay bool
}

// A Run is what Started is told.
type Run struct {
	URL       string // of the server, for other processes
	TokenFile string
	Snapshot  func() stream.Status
}

// Up runs a pipeline until every selected block is done, failed or orphaned, or ctx is cancelled (then the run may be
// resumed by another Up). A mistake of the user's is an *InputError: nothing was run.
func Up(ctx context.Context, p *Pipeline, o UpOptions) (status stream.Status, err error) {
	plan, err := p.Plan(ctx, o.Selection)
	if err != nil {
		return status, err
	}
	if err := plan.checkWritable(o.Server.StateDir); err != nil {
		return status, err
	}
	if o.Slots > 0 {
		warnings, err := plan.checkMemory(o.Memory, o.CacheBytes)
		if err != nil {
			return status, err
		}
		for _, w := range warnings {
			o.Logger.Warn(w)
		}
	}
	if err := o.Server.Check(); err != nil {
		return status, err
	}
	if o.Host == "" {
		o.Host = stream.ThisHost()
	}
	standby := &standby{run: p.Name, host: o.Host}
	s, err := openSession(ctx, o.Server, p.Name, sessionOptions{Command: "up", Standby: o.Standby, Logger: o.Logger, Waiting: standby.waits})
	if err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if status, err := standby.cancelled(ctx, s.js); status.State != "" || err != nil {
		if err == nil {
			o.Logger.Warn("the run is not gone on with: it was "+status.Reason, "run", p.Name)
		}
		return status, err
	}
	if err := standby.check(ctx, s.js); err != nil {
		return status, err
	}
	r := &run{UpOptions: o, session: s, pipeline: p, log: o.Logger.With("run", p.Name), cancel: cancel}
	if err := r.listen(ctx, false); err != nil {
		return status, err
	}
	defer func() { r.deaf() }()
	status, err = r.do(ctx)
	if errors.Is(err, stream.ErrLimits) {
		err = s.explain(err)
	}
	if len(status.Tasks) > 0 && o.Ended != nil {
		o.Ended(status)
	}
	if err == nil && o.Stay && ctx.Err() == nil {
		o.Logger.Info("the run has ended; the server stays up until it is interrupted", "url", s.URL())
		<-ctx.Done()
	}
	return status, err
}

// checkListen finds out about a port that is taken before anything is made.
func checkListen(address string) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return inputErrorf("--listen %s: %w", address, err)
	}
	return l.Close()
}

type run struct {
	UpOptions
	*session
	pipeline *Pipeline
	log      *slog.Logger // the stream adds the run's name to its lines itself
	cancel   context.CancelCauseFunc
	deaf     func()  // ends listen
	keeper   *keeper // once the plan is settled
}

// do settles generations and outputs, then runs tracker and worker. It holds the run's folder meanwhile, which shows
// that somebody leads.
func (r *run) do(ctx context.Context) (_ stream.Status, err error) {
	held, err := embedded.ShareDir(RunDir(r.Server.StateDir, r.pipeline.Name))
	if err != nil {
		return stream.Status{}, fmt.Errorf("the run's folder: %w", err)
	}
	defer func() { err = errors.Join(err, held.Unlock()) }()
	leading, stop := r.Context(ctx)
	plan, err := r.settle(leading)
	stop()
	if lost := r.lease.Err(); err != nil && lost != nil {
		err = fmt.Errorf("stopped before the first block: %w", lost)
	}
	if err != nil {
		return stream.Status{}, err
	}
	defer func() { err = errors.Join(err, r.keeper.Close()) }()
	return r.track(ctx, plan)
}

// settle plans, settles the tasks' generations and makes their outputs.
func (r *run) settle(ctx context.Context) (none stream.Plan, err error) {
	if r.Known, err = known(ctx, r.state); err != nil {
		if fault.IsPermanent(err) {
			err = &InputError{err}
		}
		return none, err
	}
	if err := r.warnGone(ctx); err != nil {
		return none, err
	}
	plan, err := r.pipeline.Plan(ctx, r.Selection)
	if err != nil {
		return none, err
	}
	for _, w := range plan.Warnings() {
		r.log.Warn(w)
	}
	generations, err := r.prepare(ctx, plan)
	if err != nil {
		return none, err
	}
	if err := plan.noteLacking(ctx, r.state, generations); err != nil {
		return none, err
	}
	out, err := plan.streamPlan(generations, r.CacheBytes, r.Host)
	if err != nil {
		return none, err
	}
	if r.keeper, err = openKeeper(ctx, plan, generations, r.log); err != nil {
		return none, err
	}
	r.keeper.enter(&out)
	return out, nil
}

// prepare settles generations and makes outputs. It waits for a world at fault, a locked database or a full disk, as
// blocks do.
func (r *run) prepare(ctx context.Context, plan *Plan) (map[string]string, error) {
	const patience, pause = 10 * time.Minute, 500 * time.Millisecond
	deadline := time.Now().Add(patience)
	for told := false; ; told = true {
		generations, err := r.tryPrepare(ctx, plan)
		if err == nil {
			return generations, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("interrupted before the first block (%w): %w", context.Cause(ctx), err)
		case !fault.IsEnvironment(err) && !IsInput(err):
			return nil, &InputError{err}
		case !fault.IsEnvironment(err):
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("given up after %v: %w", patience, err)
		}
		if !told {
			r.log.Warn("paused before the first block; the run goes on when this is over", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// tryPrepare closes the databases again: the worker opens its own.
func (r *run) tryPrepare(ctx context.Context, plan *Plan) (map[string]string, error) {
	graphs := plan.newGraphs()
	last, statusErr := stream.ReadStatus(RunDir(r.Server.StateDir, r.pipeline.Name))
	crashed := statusErr == nil && (last.State == stream.StateRunning || last.State == stream.StatePaused)
	if r.Server.External() { // the status may lie in another state directory
		var err error
		if crashed, err = stream.Unended(ctx, r.js, r.pipeline.Name); err != nil {
			return nil, errors.Join(err, graphs.Close())
		}
	}
	generations, err := plan.prepare(ctx, r.state, graphs, crashed, r.log)
	return generations, errors.Join(err, graphs.Close())
}

// track runs the tracker and, unless others do all the work, a worker of this process.
func (r *run) track(ctx context.Context, plan stream.Plan) (_ stream.Status, err error) {
	dir := RunDir(r.Server.StateDir, plan.Run)
	journals := journalDir(r.Server, plan.Run)
	tracker, err := stream.NewTracker(r.nc, plan, stream.TrackerOptions{Dir: dir, JournalDir: journals, Lease: r.lease,
		AckWait:  r.AckWait,
		Replicas: r.Server.Replicas, Consumed: r.keeper.consumed, Logger: r.Logger})
	if err != nil {
		return stream.Status{}, err
	}
	r.deaf()
	if ctx.Err() != nil { // an epoch would hide that the run was cancelled
		return stream.Status{}, fmt.Errorf("interrupted before the first block: %w", context.Cause(ctx))
	}
	if r.Started != nil {
		r.Started(Run{URL: r.URL(), TokenFile: r.TokenFile(), Snapshot: tracker.Snapshot})
	}
	trackerCtx, stopTracker := context.WithCancel(ctx)
	defer stopTracker()
	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	worked := make(chan error, 1)
	go func() {
		err := r.work(workerCtx, plan.Run, journals)
		if err != nil {
			stopTracker() // nobody would do what it gives out
		}
		worked <- err
	}()
	status, err := tracker.Run(trackerCtx)
	r.keeper.tell()
	stopWorker()
	cancelled, abandoned := tracker.Cancelled()
	if cancelled {
		r.cancel(errors.New(status.Reason))
	}
	if !abandoned { // else the blocks in work end with the process
		err = errors.Join(err, <-worked)
	}
	err = errors.Join(err, r.listen(ctx, err == nil && status.State != stream.StateStopped))
	// Other processes must hear that the run has ended before the server goes.
	if flushErr := r.nc.FlushTimeout(2 * time.Second); flushErr != nil {
		r.log.Warn("other workers may not have heard that the run has ended", "error", flushErr)
	}
	return status, err
}

// journalDir returns the folder of the journals of those workers of a run whose death can be seen here.
func journalDir(server Server, run string) string {
	if server.External() {
		return filepath.Join(RunDir(server.StateDir, run), "journal-"+stream.ThisHost().Name())
	}
	return filepath.Join(RunDir(server.StateDir, run), "journal")
}

// work runs the worker of this process until ctx ends.
func (r *run) work(ctx context.Context, name, journals string) (err error) {
	if r.Slots == 0 {
		return nil
	}
	nc, err := r.Conn("volara up worker")
	if err != nil {
		return fmt.Errorf("connect the worker: %w", err)
	}
	defer nc.Close()
	return Work(ctx, nc, name, WorkOptions{Types: r.Types, Host: r.Host, Slots: r.Slots, Memory: r.Memory, CacheBytes: r.CacheBytes, JournalDir: journals,
		LogPath: r.LogPath, Logger: r.Logger})
}
