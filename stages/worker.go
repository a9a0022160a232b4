package stages

import (
	"context"
	"errors"
	"time"

	"volara/geometry"
)

// What every task has in common stands around what each one does: these functions are called instead of the methods of
// Stage and Processor.

// Bind declares what a task reads and writes. The mask is an input like any other; the skip mask is read while a run is
// planned, so that no task of the run can write it.
func Bind(s Stage, b *Binder) {
	s.Bind(b)
	c := s.Common()
	b.ReadArray("mask_data", c.MaskData, "")
	if b.resolve("skip_mask", c.SkipMask, "") && c.SkipMask.Keep == KeepUntilConsumed {
		b.fail("skip_mask", "keep: %s is for what a task of this pipeline writes; a skip mask stays", c.SkipMask.Keep)
	}
}

// MakePlan plans a task with its mask.
func MakePlan(ctx context.Context, s Stage, in *Specs) (*Plan, error) {
	p, err := s.Plan(ctx, in)
	if err == nil {
		err = s.Common().checkMask(ctx, in, p)
	}
	return p, err
}

// A Worker does the blocks of one task: those that the task's mask excludes by storing what is made of nothing, the
// others with the task's processor. It is safe for concurrent use on distinct blocks.
type Worker struct {
	processor Processor
	mask      *blockMask
}

// A Result says how a block was done.
type Result struct {
	Timings Timings
	Masked  bool // nothing was computed
}

// Open makes the worker of a task.
func Open(ctx context.Context, s Stage, env *Env) (*Worker, error) {
	p, err := s.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	mask, err := openBlockMask(ctx, s.Common(), env, p)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &Worker{p, mask}, nil
}

// Do does one block; it is safe to repeat.
func (w *Worker) Do(ctx context.Context, b geometry.Block) (Result, error) {
	began := time.Now()
	masked, err := w.mask.excludes(ctx, b)
	if masked || err != nil {
		return Result{Masked: masked}, err
	}
	looked := time.Since(began)
	t, err := w.processor.Process(ctx, b)
	t.Read += looked
	return Result{Timings: t}, err
}

// Close releases what the worker holds.
func (w *Worker) Close() error { return errors.Join(w.processor.Close(), w.mask.Close()) }
