package pipeline

import (
	"context"
	"fmt"

	"volara/config"
	"volara/stages"
	"volara/stream"
)

// loadSkips reads the skip masks of the plan's tasks.
func (p *Plan) loadSkips(ctx context.Context) error {
	var errs []error
	for _, t := range p.Tasks {
		cells := t.Stage.Common().SkipMask
		if cells == nil {
			continue
		}
		t.Skip = stream.NewBitmap(t.Plan.Grid.Len())
		if err := stages.ReadCells(ctx, cells, t.Plan.Grid, func(i int64) { t.Skip.Set(i) }); err != nil {
			errs = append(errs, t.located(&stages.FieldError{Field: "skip_mask", Err: err}))
		}
	}
	return config.Join(errs...)
}

// streamTask returns what of a task determines its blocks and their order.
func (t *TaskPlan) streamTask() stream.Task {
	return stream.Task{Name: t.Name, Grid: t.Plan.Grid, Select: t.Select, Skip: t.Skip}
}

// noteHoles records the tasks that skip blocks.
func (p *Plan) noteHoles(ctx context.Context, state *stream.State, generations map[string]string) error {
	for _, t := range p.Tasks {
		if t.Skip != nil && t.Skip.Count() > 0 {
			if err := state.NoteHoles(ctx, t.Name, generations[t.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// filled reports which upstream task is about to make blocks that it had skipped when blocks of t read them, "" for none:
// these blocks of t, which are done, are out of date then. generations are those that go on; generation is t's.
func (p *Plan) filled(ctx context.Context, state *stream.State, t *TaskPlan, generation string, generations map[string]string) (string, error) {
	for _, e := range t.Upstream {
		if !e.Data {
			continue
		}
		id := generations[e.Task.Name]
		had, err := state.HadHoles(ctx, e.Task.Name, id)
		if err != nil {
			return "", err
		}
		if !had {
			continue
		}
		up := p.task(e.Task)
		upDone, err := state.Done(ctx, up.Name, id, up.Plan.Grid.Len())
		if err != nil {
			return "", err
		}
		done, err := state.Done(ctx, t.Name, generation, t.Plan.Grid.Len())
		if err != nil {
			return "", err
		}
		if stream.ReadsUndone(up.streamTask(), t.streamTask(), upDone, done, e.All) {
			return up.Name, nil
		}
	}
	return "", nil
}

// task returns the plan of a task that is planned.
func (p *Plan) task(t *Task) *TaskPlan {
	for _, tp := range p.Tasks {
		if tp.Task == t {
			return tp
		}
	}
	panic(fmt.Sprintf("pipeline: task %s is not planned", t.Name))
}

// mayLack returns the arrays that a task reads and whose writers have skipped blocks, or may have where that is not known
// yet. It goes by the same record as consumers does: a chunk that is missing is fill or was consumed, and where one
// may be either, blocks would be done on fill.
func (p *Plan) mayLack(t *Task) map[string]bool {
	lacking := map[string]bool{}
	for _, e := range t.Upstream {
		may := p.holes[e.Task.Name]
		if p.holes == nil {
			may = e.Task.Stage.Common().SkipMask != nil
		}
		if !may {
			continue
		}
		for _, u := range e.Task.Uses {
			if u.Write && u.Resource.Kind == stages.KindArray {
				lacking[u.Resource.ID] = true
			}
		}
	}
	return lacking
}
