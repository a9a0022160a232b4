package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"volara/config"
	"volara/fault"
	"volara/geometry"
	"volara/stream"
)

// CheckTasks reports which of the names is no task of a run, as an *InputError.
func CheckTasks(s stream.Status, names []string) error {
	all := make([]string, len(s.Tasks))
	for i, t := range s.Tasks {
		all[i] = t.Name
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return inputErrorf("no task is named %q; %s", name, config.Suggest(name, all))
		}
	}
	return nil
}

// FailedOf counts the failed blocks of a run that a request names. What the run does not have, or what has not failed,
// is an *InputError.
func FailedOf(s stream.Status, r stream.RetryRequest) (int64, error) {
	if err := CheckTasks(s, r.Tasks); err != nil {
		return 0, err
	}
	var tasks []stream.TaskStatus
	for _, t := range s.Tasks {
		if len(r.Tasks) == 0 || slices.Contains(r.Tasks, t.Name) {
			tasks = append(tasks, t)
		}
	}
	if len(r.Blocks) > 0 {
		return failedBlocks(tasks, r.Blocks)
	}
	failed := int64(0)
	for _, t := range tasks {
		failed += t.Failed
	}
	return failed, nil
}

func failedBlocks(tasks []stream.TaskStatus, blocks []int64) (int64, error) {
	if len(tasks) != 1 {
		return 0, inputErrorf("blocks are those of one task; name it with --task")
	}
	t := tasks[0]
	complete := int64(len(t.Failures)) == t.Failed // else the status lists only some
	for _, i := range blocks {
		if complete && !slices.ContainsFunc(t.Failures, func(f stream.Failure) bool { return f.Block == i }) {
			return 0, inputErrorf("block %d of task %s has not failed", i, t.Name)
		}
	}
	return int64(len(blocks)), nil
}

// RetryOptions say which blocks of a run are to be done again.
type RetryOptions struct {
	Server Server
	ROI    geometry.Roi // world units, snapped outward to whole blocks
	Tasks  []string     // none: all
	Logger *slog.Logger
}

// RetryRegion makes the blocks that write into a region count as not done, with those downstream that wait for them,
// so that the next Up does them again, and returns how many of them were done, by task. A run that is being worked on,
// a region that holds no block and a task whose blocks read each other's outputs are *InputErrors.
func RetryRegion(ctx context.Context, p *Pipeline, o RetryOptions) (blocks map[string]int64, err error) {
	if _, err := p.targets(Selection{Targets: o.Tasks}); err != nil {
		return nil, err
	}
	if err := o.Server.Check(); err != nil {
		return nil, err
	}
	s, err := openSession(ctx, o.Server, p.Name, sessionOptions{Command: "retry", Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, stop := s.Context(ctx)
	defer stop()
	regions, err := known(ctx, s.state)
	if err != nil {
		return nil, err
	}
	plan, err := p.Plan(ctx, Selection{Known: regions})
	if err != nil {
		return nil, err
	}
	boxes, err := plan.blocksToRedo(o.ROI, o.Tasks)
	if err != nil {
		return nil, err
	}
	recorded, err := plan.recorded(ctx, s.state, boxes)
	if err != nil {
		return nil, err
	}
	records, err := s.state.Generations(ctx)
	if err != nil {
		return nil, err
	}
	if err := plan.checkReopened(ctx, records, boxes); err != nil {
		return nil, err
	}
	tracker, err := stream.NewTracker(s.nc, recorded, stream.TrackerOptions{Dir: RunDir(o.Server.StateDir, p.Name), Lease: s.lease,
		JournalDir: journalDir(o.Server, p.Name), KeepFailures: true, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return tracker.Reopen(ctx, boxes)
}

// blocksToRedo returns the blocks that write into a region, as boxes of positions, and those that wait for them.
func (p *Plan) blocksToRedo(roi geometry.Roi, tasks []string) (map[string]geometry.Roi, error) {
	boxes := map[string]geometry.Roi{}
	for _, t := range p.Tasks {
		box := geometry.Roi{}
		if len(tasks) == 0 || slices.Contains(tasks, t.Name) {
			if roi.Dims() != t.Plan.Grid.Dims() {
				return nil, inputErrorf("the region %v has %d dimensions, the blocks of %s have %d", roi, roi.Dims(), t.Name, t.Plan.Grid.Dims())
			}
			box = t.Plan.Grid.Writers(roi)
		}
		for _, e := range t.Upstream {
			switch up, ok := boxes[e.Task.Name]; {
			case !ok:
			case e.All:
				box = t.Plan.Grid.All()
			default:
				box = box.Union(t.Plan.Grid.Readers(p.task(e.Task).Plan.Grid.WrittenBy(up)))
			}
		}
		if box.Empty() {
			continue
		}
		if t.Stage.Common().Conflict() {
			return nil, inputErrorf("the blocks of %s read what each other write (read_write_conflict), so that a part of them cannot be done again; begin the task anew: volara up --redo %s %s",
				t.Name, t.Name, p.Pipeline.File)
		}
		boxes[t.Name] = box
	}
	if len(boxes) == 0 {
		return nil, inputErrorf("no block writes into the region %v", roi)
	}
	return boxes, nil
}

// recorded returns the plan of all tasks that the run has a record of, in their recorded generations, and leaves out
// of boxes what is going to begin anew by itself.
func (p *Plan) recorded(ctx context.Context, state *stream.State, boxes map[string]geometry.Roi) (stream.Plan, error) {
	decisions, err := p.decide(ctx, state)
	if err != nil && !fault.IsEnvironment(err) {
		err = &InputError{err}
	}
	if err != nil {
		return stream.Plan{}, err
	}
	records, err := state.Generations(ctx)
	if err != nil {
		return stream.Plan{}, err
	}
	plan := stream.Plan{Run: p.Pipeline.Name}
	for _, d := range decisions {
		if !d.keep {
			delete(boxes, d.task.Name)
		}
		if d.recorded {
			task := d.task.streamTask()
			task.Generation, task.Voxels = records[d.task.Name].ID, d.task.voxels()
			plan.Tasks = append(plan.Tasks, task)
		}
	}
	if len(boxes) == 0 {
		return plan, inputErrorf("nothing of the region is recorded as done; volara up does it")
	}
	return plan, nil
}
