package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/embedded"
	"volara/stream"
)

// verdict says that all is well: everything is done, was told once, and is what an undisturbed run makes of it; a
// further `up` finds nothing to do and changes nothing.
func (r *round) verdict() {
	r.Helper()
	for _, p := range r.processes {
		if !p.server {
			p.leaves()
		}
	}
	if pids := r.orphans(); len(pids) > 0 {
		r.Errorf("processes are left: %v", pids)
	}
	r.checkStatus(stream.StateDone)
	r.checkOutputs()
	r.checkRecord()
	r.checkOrder()
	last := r.solo()
	if status := last.ends(upLimit); status != 0 {
		r.Errorf("an `up` with nothing to do ended with status %d\n%s", status, last.said())
	}
	if said := last.said(); !strings.Contains(said, "nothing was left to do") {
		r.Errorf("an `up` with nothing to do said\n%s", said)
	}
	r.checkStatus(stream.StateDone)
	r.checkOutputs()
	if r.work.bias != "" {
		r.note("temporary files left: %v", r.leftovers())
	}
	if pids := r.orphans(); len(pids) > 0 {
		r.Errorf("processes are left: %v", pids)
	}
}

// checkOutputs compares the outputs and looks for what should not be there.
func (r *round) checkOutputs() {
	r.Helper()
	if err := r.work.compare(r.dir); err != nil {
		r.Errorf("outputs: %v", err)
	}
}

// leftovers returns the temporary files in the round's outputs.
func (r *round) leftovers() []string {
	var found []string
	err := filepath.WalkDir(filepath.Join(r.dir, "volume.zarr"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".partial") || strings.HasSuffix(path, ".tmp")) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		r.Log(err)
	}
	return found
}

// status returns what `volara status` says.
func (r *round) status() stream.Status {
	r.Helper()
	out, err := exec.Command(filepath.Join(programs, "volara"), "status", "--json", r.pipeline()).Output()
	var all []stream.Status
	if err == nil {
		err = json.Unmarshal(out, &all)
	}
	if err != nil || len(all) != 1 {
		r.Fatalf("volara status --json: %v\n%s", err, out)
	}
	return all[0]
}

// checkStatus demands that the status holds every task with all its blocks done.
func (r *round) checkStatus(state string) {
	r.Helper()
	s := r.status()
	if s.State != state || len(s.Tasks) != len(r.work.totals) {
		r.Errorf("the status is %s (%s) of %d tasks", s.State, s.Reason, len(s.Tasks))
	}
	for _, t := range s.Tasks {
		if t.Done != r.work.totals[t.Name] || t.Total != t.Done || t.Failed+t.Orphaned+t.Running != 0 {
			r.Errorf("the status of %s: %+v", t.Name, t)
		}
	}
}

// A tally counts how often each block was told done, or masked, and not reopened after, by generation.
type tally map[string]map[int64]int

func (c tally) take(e stream.Event) error {
	step := 1
	switch e.Kind {
	case stream.EventBlockDone, stream.EventBlockMasked:
	case stream.EventBlockReopened:
		step = -1
	default:
		return nil
	}
	key := e.Task + " " + e.Generation
	if c[key] == nil {
		c[key] = map[int64]int{}
	}
	for _, blocks := range e.Blocks {
		for i := blocks.First(); i < blocks.End(); i++ {
			c[key][i] += step
		}
	}
	return nil
}

// checkRecord looks into the store and the files of the run: every block is recorded as done, and was told so once.
func (r *round) checkRecord() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	nc, leave := r.connect(ctx)
	defer leave()
	js, err := jetstream.New(nc)
	if err != nil {
		r.Fatal(err)
	}
	state, err := stream.OpenState(ctx, js, r.work.run)
	if err != nil {
		r.Fatal(err)
	}
	generations, err := state.Generations(ctx)
	if err != nil {
		r.Fatal(err)
	}
	stored, filed := tally{}, tally{}
	if err := stream.Events(ctx, js, r.work.run, false, stored.take); err != nil {
		r.Fatal(err)
	}
	if err := stream.ReadEvents(ctx, filepath.Join(r.state(), "runs", r.work.run), false, filed.take); err != nil {
		r.Fatal(err)
	}
	for task, total := range r.work.totals {
		g := generations[task].ID
		done, err := state.Done(ctx, task, g, total)
		if err != nil || done.Count() != total {
			r.Errorf("%d of %d blocks of %s are recorded: %v", done.Count(), total, task, err)
		}
		r.checkTold("JetStream", stored[task+" "+g], task, total)
		r.checkTold("events.jsonl", filed[task+" "+g], task, total)
	}
	for key, blocks := range stored { // also of generations that are void
		for block, n := range blocks {
			if n != 1 {
				r.Errorf("JetStream tells block %d of %s done %d times", block, key, n)
			}
		}
	}
}

// checkTold demands that each block was told once.
func (r *round) checkTold(where string, told map[int64]int, task string, total int64) {
	r.Helper()
	for i := range total {
		if told[i] != 1 {
			r.Errorf("%s tells block %d of %s done %d times", where, i, task, told[i])
		}
	}
	if int64(len(told)) != total {
		r.Errorf("%s tells %d of %d blocks of %s done", where, len(told), total, task)
	}
}

// connect reaches the round's server, which it starts when it is the embedded one.
func (r *round) connect(ctx context.Context) (nc *nats.Conn, leave func()) {
	r.Helper()
	if r.server != "" {
		nc, err := nats.Connect(r.server)
		if err != nil {
			r.Fatal(err)
		}
		return nc, nc.Close
	}
	lock, err := embedded.LockDir(r.state())
	if err != nil {
		r.Fatal(err)
	}
	server, err := embedded.Start(ctx, embedded.Options{Dir: filepath.Join(r.state(), "nats"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.Fatal(err)
	}
	if nc, err = server.Conn("oracle"); err != nil {
		r.Fatal(err)
	}
	return nc, func() {
		nc.Close()
		if err := errors.Join(server.Close(), lock.Unlock()); err != nil {
			r.Error(err)
		}
	}
}
