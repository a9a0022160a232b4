package pipeline

import (
	"context"
	"errors"
	"fmt"

	"volara/fault"
	"volara/stages"
	"volara/zarr"
)

// checkOutputs makes sure that the outputs of done blocks are still those that the generation made.
func (t *TaskPlan) checkOutputs(ctx context.Context, p *Pipeline, generation string) error {
	check := func(path string, err error) error {
		if err == nil || fault.IsEnvironment(err) {
			return err
		}
		return fmt.Errorf("%s was altered since blocks of %s were recorded done: %w\nrestore it, or compute the task again: volara drop --task %s %s",
			path, t.Name, err, t.Name, p.File)
	}
	for _, u := range t.Uses {
		if !u.Write {
			continue
		}
		var err error
		switch u.Resource.Kind {
		case stages.KindArray:
			err = checkArray(ctx, t.Plan.Arrays[u.Field], generation)
		case stages.KindLUT:
			err = checkLUT(u.Resource.ID, generation)
		default:
			err = checkGraph(ctx, u.Resource.ID, p.Name, t.Name, generation)
		}
		if err := check(u.Resource.ID, err); err != nil {
			return err
		}
	}
	return nil
}

func checkArray(ctx context.Context, spec stages.ArraySpec, generation string) error {
	marker, there, err := stages.OutputMarker(ctx, spec.Place)
	switch {
	case errors.Is(err, zarr.ErrNotFound):
		return errors.New("it is gone")
	case err != nil:
		return err
	case marker == nil:
		return errors.New("its marker (attribute volara) is gone")
	case marker.Generation != generation:
		return otherGeneration(marker.Generation, generation)
	}
	return spec.Compatible(there)
}

func checkLUT(path, generation string) error {
	marker, err := stages.LUTMarker(path)
	switch {
	case err != nil:
		return err
	case marker == nil:
		return errors.New("its marker (the file beside it, .volara.json) is gone")
	case marker.Generation != generation:
		return otherGeneration(marker.Generation, generation)
	}
	return marker.Check(path)
}

func checkGraph(ctx context.Context, path, run, task, generation string) error {
	id, err := stages.GraphGeneration(ctx, path, task)
	if err != nil {
		return err
	}
	if recorded := stages.GraphName(run, generation); id != recorded {
		return otherGeneration(id, recorded)
	}
	return nil
}

func otherGeneration(is, recorded string) error {
	return fmt.Errorf("it belongs to generation %q, the record to %s", is, recorded)
}

// sharesGraph reports whether upstream tasks write the same graph, so that it is there already.
func (t *Task) sharesGraph() bool {
	for _, e := range t.Upstream {
		if graphPath(e.Task) == graphPath(t) && e.Task.writesGraph() {
			return true
		}
	}
	return false
}

func (t *Task) writesGraph() bool {
	for _, u := range t.Uses {
		if u.Write && (u.Resource.Kind == stages.KindNodes || u.Resource.Kind == stages.KindEdgeAttr) {
			return true
		}
	}
	return false
}
