package pipeline

import (
	"context"
	"encoding/json"

	"volara/geometry"
	"volara/stream"
)

// redone returns the tasks that begin anew where those of the given names do: they, and all that wait for them. What
// is not needed now, and reads what they write, begins anew when it next is needed; a name that is not needed is an error.
func (p *Pipeline) redone(names []string, needed map[*Task]bool) (map[string]bool, error) {
	redo := map[string]bool{}
	if len(names) == 0 {
		return redo, nil
	}
	tasks, err := p.targets(Selection{Targets: names})
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if !needed[t] {
			return nil, inputErrorf("%s is to be redone, but not among what the targets need", t.Name)
		}
	}
	for _, t := range p.Downstream(tasks) {
		redo[t.Name] = true
	}
	return redo, nil
}

// decideRedo settles that a recorded task begins anew, whatever its configuration was. What is done outside of the
// selected region would be lost with it and not be computed again: that is refused.
func (t *TaskPlan) decideRedo(ctx context.Context, d *decision, p *Pipeline, state *stream.State, record stream.Generation) error {
	d.recorded, d.reason = true, "--redo asks for it"
	var recorded fingerprint
	if json.Unmarshal(record.Fingerprint, &recorded) != nil {
		return nil
	}
	lost, err := t.doneOutside(ctx, state, record.ID, recorded)
	if err != nil || lost == 0 {
		return err
	}
	return inputErrorf("--redo: %d blocks of %s are done outside of the region asked for, and would be lost\nto do only the region again: volara retry --roi …; to begin anew with it: volara drop --task %s %s",
		lost, t.Name, t.Name, p.File)
}

// doneOutside counts the done blocks of a generation that the task's selection does not hold.
func (t *TaskPlan) doneOutside(ctx context.Context, state *stream.State, generation string, recorded fingerprint) (int64, error) {
	grid := t.Plan.Grid
	if recorded.Grid != nil {
		grid = *recorded.Grid
	}
	region := t.Plan.Grid.WrittenBy(t.Select)
	if t.Plan.Global && recorded.Region != nil {
		if region.Dims() == recorded.Region.Dims() && region.Contains(*recorded.Region) {
			return 0, nil
		}
		region = geometry.Roi{}
	}
	done, err := state.Done(ctx, t.Name, generation, grid.Len())
	if err != nil {
		return 0, err
	}
	if recorded.Grid != nil && region.Dims() != grid.Dims() {
		return done.Count(), nil
	}
	inside := int64(0)
	if recorded.Grid != nil {
		inside = countInside(done, grid, grid.Writers(region))
	}
	return done.Count() - inside, nil
}

// countInside counts the done blocks at the positions of a box.
func countInside(done *stream.Bitmap, grid geometry.Grid, box geometry.Roi) int64 {
	n := int64(0)
	for first, length := range grid.Rows(box) {
		n += done.CountRange(first, int64(length))
	}
	return n
}
