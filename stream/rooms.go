package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// rooms are the open processors of a worker: one a task, and another one for its blocks that are processed apart. They stay open from epoch to epoch as long as the run's
// specification and the task's generation are the same.
type rooms struct {
	opener, isolate Opener

	mu   sync.Mutex
	spec json.RawMessage
	all  map[roomKey]*room
	old  []Processor // of earlier generations
}

type roomKey struct {
	task     string
	isolated bool
}

type room struct {
	generation string
	mu         sync.Mutex
	processor  Processor
}

func newRooms(open, isolate Opener) *rooms {
	if isolate == nil {
		isolate = open
	}
	return &rooms{opener: open, isolate: isolate, all: map[roomKey]*room{}}
}

// begin prepares for an epoch; no processor may be in use.
func (rs *rooms) begin(plan Plan) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	same := bytes.Equal(rs.spec, plan.Spec)
	rs.spec = plan.Spec
	for _, t := range plan.Tasks {
		for _, isolated := range []bool{false, true} {
			key := roomKey{t.Name, isolated}
			r := rs.all[key]
			if r != nil && same && r.generation == t.Generation {
				continue
			}
			if r != nil && r.processor != nil {
				rs.old = append(rs.old, r.processor)
			}
			rs.all[key] = &room{generation: t.Generation}
		}
	}
}

// open returns the processor of a task and opens it on first use. A task that could not be opened is tried again with
// the next block.
func (rs *rooms) open(ctx context.Context, t Task, isolated bool) (p Processor, err error) {
	open := rs.opener
	if isolated {
		open = rs.isolate
	}
	rs.mu.Lock()
	r, spec := rs.all[roomKey{t.Name, isolated}], rs.spec
	rs.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.processor != nil {
		return r.processor, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	// A processor outlives the block that it is opened for.
	p, err = open(context.WithoutCancel(ctx), spec, t.Name)
	if err != nil {
		return nil, err
	}
	r.processor = p
	return p, nil
}

// close closes all processors.
func (rs *rooms) close() error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	var errs []error
	for _, p := range rs.old {
		errs = append(errs, p.Close())
	}
	for key, r := range rs.all {
		if r.processor == nil {
			continue
		}
		if err := r.processor.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close task %s: %w", key.task, err))
		}
	}
	rs.all, rs.old = map[roomKey]*room{}, nil
	return errors.Join(errs...)
}
