package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"volara/config"
	"volara/geometry"
	"volara/stages"
	"volara/stream"
	"volara/zarr"
)

// checkKeep refuses keep: until_consumed where there is nothing to keep or nobody to consume it.
func (p *Pipeline) checkKeep(writers map[stages.Resource]*Task) error {
	var errs []error
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			if u.Keep == "" {
				continue
			}
			w, written := writers[u.Resource]
			node := t.node.At(u.Field)
			switch until := u.Keep == stages.KeepUntilConsumed; {
			case until && !written:
				errs = append(errs, node.Errorf("%s of %s: keep: %s is for what a task of this pipeline writes; %s is an input, and stays", u.Field, t.Name, u.Keep, u.Resource.ID))
			case until && u.Write && len(p.readers(u.Resource)) == 0:
				errs = append(errs, node.Errorf("%s of %s: keep: %s, but no task of this pipeline reads %s: it would never be consumed; leave keep out", u.Field, t.Name, u.Keep, u.Resource.ID))
			case until && u.Write && t.reads(u.Resource):
				errs = append(errs, node.Errorf("%s of %s: keep: %s, but %s reads %s itself: its own blocks are not known to need it no more; leave keep out", u.Field, t.Name, u.Keep, t.Name, u.Resource.ID))
			case !u.Write && written && w.keeps(u.Resource) != u.Keep && (until || w.keeps(u.Resource) != ""):
				errs = append(errs, node.Errorf("%s of %s: keep: %s, but %s, which writes %s, does not say so; say the same in both, or name the dataset in datasets:", u.Field, t.Name, u.Keep, w.Name, u.Resource.ID))
			}
		}
	}
	return config.Join(errs...)
}

// keeps returns what the writer of a resource says of keeping it.
func (t *Task) keeps(r stages.Resource) stages.Keep {
	i := slices.IndexFunc(t.Uses, func(u stages.Use) bool { return u.Write && u.Resource == r })
	return t.Uses[i].Keep
}

// readers returns the tasks that read a resource.
func (p *Pipeline) readers(r stages.Resource) []*Task {
	var readers []*Task
	for _, t := range p.Tasks {
		if t.reads(r) {
			readers = append(readers, t)
		}
	}
	return readers
}

// consumed returns the arrays of a task that are kept until they are consumed.
func (t *TaskPlan) consumed() []stages.Use {
	var uses []stages.Use
	for _, u := range t.Uses {
		if u.Write && u.Keep == stages.KeepUntilConsumed {
			uses = append(uses, u)
		}
	}
	return uses
}

// consumers returns the tasks whose done blocks say that what t writes has been read for good. None: it stays for now,
// and why. holes tells of a task whether blocks that it skipped are still to be made.
func (p *Plan) consumers(t *TaskPlan, holes func(*TaskPlan) bool) (names []string, why string) {
	before := upstreamOf([]*Task{t.Task})
	delete(before, t.Task)
	for _, u := range t.consumed() {
		for _, r := range p.Pipeline.readers(u.Resource) {
			if !slices.ContainsFunc(p.Tasks, func(o *TaskPlan) bool { return o.Task == r }) {
				return nil, fmt.Sprintf("%s, which reads it, is no part of this run", r.Name)
			}
			if !slices.Contains(names, r.Name) {
				names = append(names, r.Name)
			}
			for _, above := range p.Tasks {
				if above.Task != r && upstreamOf([]*Task{r})[above.Task] && !before[above.Task] || above.Task == r && above.Plan.Global {
					if why := p.unsettled(above, t, r, holes); why != "" {
						return nil, why
					}
				}
			}
		}
	}
	return names, ""
}

// unsettled says why done blocks of a reader may be done once more when the pipeline goes on: a task above it covers only
// a part of the data, or lacks blocks.
func (p *Plan) unsettled(above, writer *TaskPlan, reader *Task, holes func(*TaskPlan) bool) string {
	total := writer.Plan.Grid.Total()
	if above.Plan.Global && (above.Plan.Region.Dims() != total.Dims() || !above.Plan.Region.Contains(total)) {
		return fmt.Sprintf("%s covers %v of %v; when it covers more, %s reads all of it again", above.Name, above.Plan.Region, total, reader.Name)
	}
	if holes(above) {
		return fmt.Sprintf("%s has skipped blocks; when they are made, %s reads what is around them again", above.Name, reader.Name)
	}
	return ""
}

// skipping is what a plan knows of holes before there is a record.
func skipping(t *TaskPlan) bool { return t.Skip != nil && t.Skip.Count() > 0 }

// noteLacking finds out from the record of a run which tasks have skipped blocks that are still to be made.
func (p *Plan) noteLacking(ctx context.Context, state *stream.State, generations map[string]string) error {
	p.holes = map[string]bool{}
	for _, t := range p.Tasks {
		had, err := state.HadHoles(ctx, t.Name, generations[t.Name])
		if err != nil {
			return err
		}
		if !had {
			continue
		}
		done, err := state.Done(ctx, t.Name, generations[t.Name], t.Plan.Grid.Len())
		if err != nil {
			return err
		}
		if done.Count() < done.Len() {
			p.holes[t.Name] = true
		}
	}
	return nil
}

// lacks reports what noteLacking has found out.
func (p *Plan) lacks(t *TaskPlan) bool { return p.holes[t.Name] }

// A keeper deletes what is consumed in a run.
type keeper struct {
	tasks map[string]*consumedTask
	log   *slog.Logger
}

// consumedTask is a task some of whose arrays are deleted.
type consumedTask struct {
	plan      *TaskPlan
	consumers []string
	arrays    []*stages.Consumed

	mu     sync.Mutex
	blocks int64
	erased zarr.Erased
}

// openKeeper opens what may be consumed in this run; every output is made by then, and what is lacking is noted.
func openKeeper(ctx context.Context, p *Plan, generations map[string]string, log *slog.Logger) (*keeper, error) {
	k := &keeper{tasks: map[string]*consumedTask{}, log: log}
	for _, t := range p.Tasks {
		uses := t.consumed()
		if len(uses) == 0 {
			continue
		}
		names, why := p.consumers(t, p.lacks)
		if why != "" {
			log.Info("keep: until_consumed: nothing is deleted in this run: "+why, "output", uses[0].Resource.ID, "task", t.Name)
			continue
		}
		c := &consumedTask{plan: t, consumers: names}
		k.tasks[t.Name] = c
		for _, u := range uses {
			a, err := stages.OpenConsumed(ctx, t.Plan.Arrays[u.Field], generations[t.Name])
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s of %s: %w", u.Field, t.Name, err), k.Close())
			}
			c.arrays = append(c.arrays, a)
		}
	}
	return k, nil
}

// enter tells the stream who consumes what.
func (k *keeper) enter(p *stream.Plan) {
	for i := range p.Tasks {
		if c := k.tasks[p.Tasks[i].Name]; c != nil {
			p.Tasks[i].Consumers = c.consumers
		}
	}
}

// eraseAtOnce is how many blocks' chunks are deleted at once: on a network file system, each file takes a while.
const eraseAtOnce = 8

// consumed is a stream.TrackerOptions.Consumed: it deletes the chunks of a task's blocks.
func (k *keeper) consumed(ctx context.Context, task string, blocks stream.Ranges) error {
	t := k.tasks[task]
	for _, a := range t.arrays {
		if err := a.Begin(ctx); err != nil {
			return fmt.Errorf("note on %s that it is consumed: %w", a.Path(), err)
		}
	}
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(eraseAtOnce)
	for _, r := range blocks {
		for i := r.First(); i < r.End() && working.Err() == nil; i++ {
			group.Go(func() error { return t.erase(working, i) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (t *consumedTask) erase(ctx context.Context, block int64) error {
	var all zarr.Erased
	for _, a := range t.arrays {
		one, err := a.Erase(ctx, t.plan.Plan.Grid.At(block).WriteROI)
		all = all.Add(one)
		if err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erased = t.erased.Add(all)
	if all.Objects > 0 {
		t.blocks++
	}
	return nil
}

// tell logs what was deleted.
func (k *keeper) tell() {
	for _, t := range k.tasks {
		t.mu.Lock()
		for _, a := range t.arrays {
			if t.erased.Objects == 0 {
				continue
			}
			k.log.Info("deleted what is consumed", "output", a.Path(), "blocks", t.blocks, "files", t.erased.Objects, "bytes", t.erased.Bytes)
		}
		t.mu.Unlock()
	}
}

// Close releases the arrays.
func (k *keeper) Close() error {
	var errs []error
	for _, t := range k.tasks {
		for _, a := range t.arrays {
			errs = append(errs, a.Close())
		}
	}
	return errors.Join(errs...)
}

// checkConsumed refuses that a task which begins anew reads an array whose chunks may have been deleted.
func (p *Plan) checkConsumed(ctx context.Context, decisions []*decision, records map[string]stream.Generation) error {
	kept := map[string]*decision{}
	var errs []error
	for _, d := range decisions {
		if d.keep {
			kept[d.task.Name] = d
			continue
		}
		for _, e := range d.task.Upstream {
			if kept[e.Task.Name] == nil {
				continue
			}
			gone, err := consumedInput(ctx, d.task.Task, e.Task, records[e.Task.Name].ID)
			if err != nil {
				return err
			}
			if gone != "" {
				errs = append(errs, fmt.Errorf("%s has to read %s again (%s), but chunks of it were deleted after they were consumed (keep: until_consumed)\nmake it again as well: volara up --redo %s %s",
					d.task.Name, gone, d.because(), e.Task.Name, p.Pipeline.File))
			}
		}
	}
	return errors.Join(errs...)
}

// because says why a task begins anew.
func (d *decision) because() string {
	if d.reason != "" {
		return d.reason
	}
	return "nothing is recorded of it"
}

func (t *Task) reads(r stages.Resource) bool {
	return slices.ContainsFunc(t.Uses, func(u stages.Use) bool { return !u.Write && u.Resource == r })
}

func (t *Task) writes(r stages.Resource) bool {
	return slices.ContainsFunc(t.Uses, func(u stages.Use) bool { return u.Write && u.Resource == r })
}

// checkReopened refuses that blocks are done again whose input may have been deleted and is not made again with them.
func (p *Plan) checkReopened(ctx context.Context, records map[string]stream.Generation, boxes map[string]geometry.Roi) error {
	var errs []error
	for _, t := range p.Tasks {
		box, reopened := boxes[t.Name]
		if !reopened {
			continue
		}
		for _, e := range t.Upstream {
			up := p.task(e.Task)
			need := up.Plan.Grid.Writers(t.Plan.Grid.ReadBy(box))
			if e.All {
				need = up.Plan.Grid.All()
			}
			if again, ok := boxes[up.Name]; need.Empty() || ok && again.Contains(need) {
				continue
			}
			gone, err := consumedInput(ctx, t.Task, e.Task, records[up.Name].ID)
			if err != nil {
				return err
			}
			if gone != "" {
				errs = append(errs, inputErrorf("blocks of %s that are to be done again read %s, chunks of which were deleted after they were consumed (keep: until_consumed)\nmake it again as well: volara up --redo %s %s",
					t.Name, gone, up.Name, p.Pipeline.File))
			}
		}
	}
	return errors.Join(errs...)
}

// consumedInput returns the path of an array that a reader reads from a writer and chunks of which may have been deleted
// in the writer's generation; "" when there is none.
func consumedInput(ctx context.Context, reader, writer *Task, generation string) (string, error) {
	return consumedBy(ctx, reader, writer, func(m *stages.Marker) bool { return m.Generation == generation })
}

// consumedBy is consumedInput for the arrays whose marker is as wanted.
func consumedBy(ctx context.Context, reader, writer *Task, wanted func(*stages.Marker) bool) (string, error) {
	for _, u := range reader.Uses {
		if u.Write || u.Resource.Kind != stages.KindArray || !writer.writes(u.Resource) {
			continue
		}
		m, err := stages.ConsumedMarker(ctx, u.Place)
		if err != nil || m != nil && wanted(m) {
			return u.Resource.ID, err
		}
	}
	return "", nil
}
