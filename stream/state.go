package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	"volara/fault"
)

// ErrNoGeneration says that a task has no generation yet, or that it was dropped.
var ErrNoGeneration = errors.New("the task has no generation")

// ErrLeaseHeld says that another tracker leads the run.
var ErrLeaseHeld = errors.New("another tracker leads the run")

// ErrLeaseLost says that the lease is not held any more: another tracker leads the run, or may.
var ErrLeaseLost = errors.New("the lead of the run is lost")

// ErrConflict says that somebody else changed the state in between: the caller's view of it is out of date.
var ErrConflict = errors.New("the state of the run was changed by somebody else")

// A Generation is one life of one task's outputs. Done blocks, messages and events belong to a generation; those of
// another one count for nothing.
type Generation struct {
	ID          string          `json:"generation"`  // a ULID
	Fingerprint json.RawMessage `json:"fingerprint"` // whatever determines the bytes of the outputs; opaque here
	Created     time.Time       `json:"created"`
	// VoidUntil is the last epoch whose completions count for nothing: blocks were reopened after it. 0: none.
	VoidUntil uint64 `json:"void_until,omitempty"`
	// Adopted says where the done marks came from that the generation began with; "": it began with none.
	Adopted string `json:"adopted,omitempty"`
}

// State is the durable record of one run, a key-value bucket: generations, done blocks, attempts, failures. Whoever
// changes it (Begin, Drop, Delete, a Tracker) must be the only one, which a Lease makes sure of; reading is free. Methods are safe for concurrent use.
type State struct {
	run string
	js  jetstream.JetStream
	kv  jetstream.KeyValue
}

// OpenState opens the state of a run and creates it when there is none.
func OpenState(ctx context.Context, js jetstream.JetStream, run string) (*State, error) {
	return openState(ctx, js, run, 0)
}

// openState is OpenState, with the number of replicas; 0: as they are, or one.
func openState(ctx context.Context, js jetstream.JetStream, run string, replicas int) (*State, error) {
	if run == "" {
		return nil, errors.New("a run needs a name")
	}
	bucket := stateBucket(run)
	kv, err := js.KeyValue(ctx, bucket)
	switch {
	case err == nil && replicas > 0:
		err = replicate(ctx, js, "KV_"+bucket, replicas)
	case errors.Is(err, jetstream.ErrBucketNotFound):
		kv, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket:      bucket,
			Description: "volara: what is done of run " + run,
			Storage:     jetstream.FileStorage,
			Replicas:    max(replicas, 1),
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open the state of run %s: %w", run, jetStreamError(err))
	}
	return &State{run: run, js: js, kv: kv}, nil
}

// Run returns the name of the run.
func (s *State) Run() string { return s.run }

// Generation returns the current generation of a task; ErrNoGeneration when there is none.
func (s *State) Generation(ctx context.Context, task string) (Generation, error) {
	g, _, err := s.generation(ctx, task)
	return g, err
}

// generation also returns the revision of the record, 0 when there is none.
func (s *State) generation(ctx context.Context, task string) (Generation, uint64, error) {
	entry, err := s.kv.Get(ctx, keyGeneration(task))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Generation{}, 0, fmt.Errorf("task %s: %w", task, ErrNoGeneration)
	}
	if err != nil {
		return Generation{}, 0, fmt.Errorf("read the generation of task %s: %w", task, jetStreamError(err))
	}
	var g Generation
	if err := json.Unmarshal(entry.Value(), &g); err != nil {
		return Generation{}, 0, s.corrupt(entry.Key(), err)
	}
	return g, entry.Revision(), nil
}

// Generations returns the current generation of every task that has one, by the task's name.
func (s *State) Generations(ctx context.Context) (map[string]Generation, error) {
	all := map[string]Generation{}
	err := s.each(ctx, []string{"task.*"}, func(entry jetstream.KeyValueEntry) error {
		task, err := untoken(entry.Key()[len("task."):])
		if err != nil {
			return s.corrupt(entry.Key(), err)
		}
		var g Generation
		if err := json.Unmarshal(entry.Value(), &g); err != nil {
			return s.corrupt(entry.Key(), err)
		}
		all[task] = g
		return nil
	})
	return all, err
}

// Begin starts a new generation of a task and forgets what was done in earlier ones. The new record is written first:
// should the program die in between, the old generation is already void.
func (s *State) Begin(ctx context.Context, task string, fingerprint json.RawMessage) (Generation, error) {
	_, revision, err := s.generation(ctx, task)
	if err != nil && !errors.Is(err, ErrNoGeneration) {
		return Generation{}, err
	}
	g := Generation{ID: ulid.Make().String(), Fingerprint: fingerprint, Created: time.Now().UTC()}
	data, err := json.Marshal(g)
	if err != nil {
		return Generation{}, fmt.Errorf("encode the generation of task %s: %w", task, err)
	}
	if revision == 0 {
		_, err = s.kv.Create(ctx, keyGeneration(task), data)
	} else {
		_, err = s.kv.Update(ctx, keyGeneration(task), data, revision)
	}
	if err != nil {
		return Generation{}, fmt.Errorf("begin a generation of task %s: %w", task, jetStreamError(err))
	}
	fault.Point("state.begun")
	return g, s.forget(ctx, task)
}

// Drop forgets a task: its generation and all that was done in it. A task without a generation is no error.
func (s *State) Drop(ctx context.Context, task string) error {
	if err := s.kv.Purge(ctx, keyGeneration(task)); err != nil {
		return fmt.Errorf("drop the generation of task %s: %w", task, jetStreamError(err))
	}
	return s.forget(ctx, task)
}

// forget removes the pages of all generations of a task.
func (s *State) forget(ctx context.Context, task string) error {
	stream, err := s.js.Stream(ctx, "KV_"+s.kv.Bucket())
	if err != nil {
		return fmt.Errorf("clear task %s: %w", task, jetStreamError(err))
	}
	for _, kind := range []string{"done", "masked", "trouble", "holes", "owed"} {
		subject := fmt.Sprintf("$KV.%s.%s.%s.>", s.kv.Bucket(), kind, token(task))
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return fmt.Errorf("clear task %s: %w", task, jetStreamError(err))
		}
	}
	return nil
}

// Done returns the done blocks of a task's generation; blocks is the number of blocks of its grid. What workers have
// reported since the last Tracker stopped is not yet part of it.
func (s *State) Done(ctx context.Context, task, generation string, blocks int64) (*Bitmap, error) {
	done := NewBitmap(blocks)
	_, err := s.loadPages(ctx, keyDone(task, generation, -1), func(at int, data []byte, _ uint64) error {
		return done.DecodePage(at, data)
	})
	if err != nil {
		return nil, fmt.Errorf("load the done blocks of task %s: %w", task, err)
	}
	return done, nil
}

// Masked returns those of the done blocks of a task's generation that are done because a mask excludes them; see Done.
func (s *State) Masked(ctx context.Context, task, generation string, blocks int64) (*Bitmap, error) {
	masked := NewBitmap(blocks)
	_, err := s.loadPages(ctx, keyMasked(task, generation, -1), func(at int, data []byte, _ uint64) error {
		return masked.DecodePage(at, data)
	})
	if err != nil {
		return nil, fmt.Errorf("load the masked blocks of task %s: %w", task, err)
	}
	return masked, nil
}

// Runs returns the names of the runs that JetStream holds a state of.
func Runs(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	var runs []string
	lister := js.StreamNames(ctx)
	prefix := "KV_" + stateBucket("")
	for name := range lister.Name() {
		if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
			continue
		}
		run, err := untoken(name[len(prefix):])
		if err != nil {
			continue // not one of ours
		}
		runs = append(runs, run)
	}
	if err := lister.Err(); err != nil {
		return nil, fmt.Errorf("list runs: %w", jetStreamError(err))
	}
	return runs, nil
}

// corrupt says that a key cannot be understood and how to go on.
func (s *State) corrupt(key string, err error) error {
	return fault.Permanent(fmt.Errorf("the state of run %s is damaged at %s (%w); drop the task and run it again",
		s.run, key, err))
}
