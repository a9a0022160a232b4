package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/config"
	"volara/geometry"
	"volara/stages"
	"volara/stream"
	"volara/zarr"
)

// An adoption is done marks that a task is to begin with: an array of one voxel a block, in which a block is done when
// its voxel is not 0, as Volara keeps it (the value there is the block's number in daisy, counted from 1).
type adoption struct {
	path  string
	named bool // by the user, not found in a folder
	done  *stream.Bitmap
}

// In place of a generation that is not known yet.
const (
	beginsAnew = "new"
	isAdopted  = "adopted"
)

// What Volara calls the array, and the folder that it lies in.
const (
	doneMarks  = "blocks_done.zarr"
	metaSuffix = "-meta"
)

// setAdoptions finds the done marks that are named, as PATH or TASK=PATH, and checks that they are of the tasks' grids.
func (p *Plan) setAdoptions(ctx context.Context, sources []string) error {
	p.adopt = map[string]*adoption{}
	for _, source := range sources {
		found, err := p.findMarks(source)
		if err != nil {
			return err
		}
		for task, a := range found {
			if other, twice := p.adopt[task]; twice {
				return inputErrorf("--adopt: %s would be adopted twice, from %s and %s", task, other.path, a.path)
			}
			if p.redo[task] {
				return inputErrorf("--adopt %s: the task %s is to begin anew (--redo); do one of both", source, task)
			}
			p.adopt[task] = a
		}
	}
	for _, t := range p.Tasks {
		if a := p.adopt[t.Name]; a != nil {
			if err := t.checkMarks(ctx, a.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// findMarks returns the arrays that a source names, by task.
func (p *Plan) findMarks(source string) (map[string]*adoption, error) {
	task, path, named := strings.Cut(source, "=")
	if _, err := os.Stat(source); err == nil || !named {
		task, path, named = "", source, false
	}
	if path == "" || named && task == "" {
		return nil, inputErrorf("--adopt %s: [TASK=]PATH is meant (the current directory is called .)", source)
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return nil, &InputError{fmt.Errorf("--adopt %s: %w", source, err)}
	}
	if task == "" {
		if found := p.marksIn(path); len(found) > 0 {
			return found, nil
		}
		if task, err = p.markedTask(path); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(p.Tasks, func(t *TaskPlan) bool { return t.Name == task }) {
		return nil, inputErrorf("--adopt %s: no task that is to be done is named %q; %s", source, task, config.Suggest(task, p.names()))
	}
	return map[string]*adoption{task: {path: path, named: true}}, nil
}

// marksIn returns the done marks in a folder of Volara's logs.
func (p *Plan) marksIn(dir string) map[string]*adoption {
	found := map[string]*adoption{}
	for _, t := range p.Tasks {
		path := filepath.Join(dir, t.Name+metaSuffix, doneMarks)
		if _, err := os.Stat(path); err == nil {
			found[t.Name] = &adoption{path: path}
		}
	}
	return found
}

// markedTask says whose done marks an array is: by the folder that Volara would keep it in, or because there is only
// one task.
func (p *Plan) markedTask(path string) (string, error) {
	name, meta := strings.CutSuffix(filepath.Base(filepath.Dir(path)), metaSuffix)
	switch {
	case meta && slices.Contains(p.names(), name):
		return name, nil
	case len(p.Tasks) == 1:
		return p.Tasks[0].Name, nil
	}
	return "", inputErrorf("--adopt %s: it is not said whose done marks these are; write TASK=%s with one of %s, or name a folder with TASK%s/%s in it",
		path, path, strings.Join(p.names(), ", "), metaSuffix, doneMarks)
}

func (p *Plan) names() []string {
	names := make([]string, len(p.Tasks))
	for i, t := range p.Tasks {
		names[i] = t.Name
	}
	return names
}

// checkMarks makes sure that an array has one voxel for each block of the task's grid.
func (t *TaskPlan) checkMarks(ctx context.Context, path string) error {
	array, err := zarr.Open(ctx, path)
	if err != nil {
		return &InputError{fmt.Errorf("the done marks of %s: %w", t.Name, err)}
	}
	defer array.Close()
	spec, err := stages.SpecOf(array, &stages.Dataset{Store: path})
	if err != nil {
		return &InputError{fmt.Errorf("the done marks of %s: %w", t.Name, err)}
	}
	if !spec.DType.IsInteger() {
		return inputErrorf("the done marks of %s in %s are %v; whole numbers are expected, 0 for what is not done", t.Name, path, spec.DType)
	}
	grid := t.Plan.Grid
	region, block := grid.Total(), grid.BlockShape()
	shape := region.Shape.CeilDiv(block) // also blocks that do not fit
	if !slices.Equal(spec.Shape, shape) || !spec.VoxelSize.Equal(block) || !spec.Offset.Equal(region.Offset) {
		return inputErrorf("the done marks in %s are not of the blocks of %s:\n    there: %v blocks of %v world units from %v on\n    here:  %v blocks of %v world units from %v on",
			path, t.Name, spec.Shape, spec.VoxelSize, spec.Offset, shape, block, region.Offset)
	}
	return nil
}

// decideAdopt reads the done marks that a task is to begin with; nil when it has begun already. It refuses what would
// mix outputs of two makers.
func (t *TaskPlan) decideAdopt(ctx context.Context, p *Pipeline, a *adoption, record stream.Generation, generations map[string]string) (*adoption, error) {
	switch {
	case record.ID != "" && (record.Adopted == a.path || !a.named):
		return nil, nil
	case record.ID != "":
		return nil, inputErrorf("--adopt: %s has a record here of what is done; to believe %s instead: volara drop --task %s --keep-outputs %s",
			t.Name, a.path, t.Name, p.File)
	}
	for _, e := range t.Upstream {
		if e.Data && generations[e.Task.Name] == beginsAnew {
			return nil, inputErrorf("--adopt: %s cannot be adopted while %s, which it reads, is computed anew; adopt that too", t.Name, e.Task.Name)
		}
	}
	done, err := readMarks(ctx, a.path, t.Plan.Grid)
	if err != nil {
		return nil, err
	}
	if done.Count() > 0 {
		err = t.checkAdopted(ctx, done)
	}
	return &adoption{path: a.path, named: a.named, done: done}, err
}

// checkAdopted makes sure that the outputs of blocks that are called done are there, and can be gone on with.
func (t *TaskPlan) checkAdopted(ctx context.Context, done *stream.Bitmap) error {
	ours := false
	for _, u := range t.Uses {
		if !u.Write {
			continue
		}
		if u.Resource.Kind != stages.KindArray {
			if _, err := os.Stat(u.Resource.ID); err != nil {
				return inputErrorf("--adopt: %d blocks of %s are to be believed done, but their output is not there: %w", done.Count(), t.Name, err)
			}
			continue
		}
		spec := t.Plan.Arrays[u.Field]
		marker, there, err := stages.OutputMarker(ctx, spec.Place)
		if errors.Is(err, zarr.ErrNotFound) {
			err = &InputError{err}
		}
		if err == nil {
			err = spec.Compatible(there)
		}
		if err != nil {
			return fmt.Errorf("--adopt: %d blocks of %s are to be believed done: %w", done.Count(), t.Name, err)
		}
		ours = marker != nil && marker.Task == t.Name
	}
	if t.writesGraph() && !ours && done.Count() < done.Len() {
		return inputErrorf("--adopt: %d of %d blocks of %s are done, and others would number the rest otherwise: ids and means in the graph would be mixed up; complete the task where it was begun, or compute it here from the start",
			done.Count(), done.Len(), t.Name)
	}
	return nil
}

// readMarks reads the blocks of a grid that an array calls done.
func readMarks(ctx context.Context, path string, grid geometry.Grid) (*stream.Bitmap, error) {
	array, err := zarr.Open(ctx, path)
	if err != nil {
		return nil, &InputError{fmt.Errorf("the done marks: %w", err)}
	}
	defer array.Close()
	shape := array.Metadata().Shape
	inside := make([]int, len(shape)) // blocks that do not fit are not the grid's
	for d := range shape {
		inside[d] = min(shape[d], grid.Counts()[d])
	}
	done := stream.NewBitmap(grid.Len())
	box := geometry.Roi{Offset: geometry.Fill(len(inside), 0), Shape: inside}
	for at, length := range box.Rows() {
		row := geometry.Fill(len(inside), 1)
		row[len(row)-1] = length
		if err := setMarked(ctx, done, grid.Index(at), array, at, row); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// setMarked sets the blocks of a row whose voxel is not 0.
func setMarked(ctx context.Context, done *stream.Bitmap, first int64, array *zarr.Array, at, row []int) error {
	values, err := array.Read(ctx, at, row)
	if err != nil {
		return fmt.Errorf("the done marks: %w", err)
	}
	bytes, size := values.Bytes(), values.DType().Size()
	for i := range values.Len() {
		if slices.ContainsFunc(bytes[i*size:(i+1)*size], func(b byte) bool { return b != 0 }) {
			done.Set(first + int64(i))
		}
	}
	return nil
}

// recordAdoption records what an adopted task begins with, after its outputs were marked.
func (d *decision) recordAdoption(ctx context.Context, state *stream.State, generation string, log *slog.Logger) error {
	if d.adopt == nil {
		return nil
	}
	text, err := json.Marshal(d.print)
	if err != nil {
		return fmt.Errorf("encode the fingerprint of %s: %w", d.task.Name, err)
	}
	if err := state.Adopt(ctx, d.task.Name, generation, d.adopt.path, text, d.adopt.done); err != nil {
		return err
	}
	log.Info("done marks are believed; nothing of the outputs was looked at", "task", d.task.Name,
		"blocks", d.adopt.done.Count(), "of", d.adopt.done.Len(), "from", d.adopt.path)
	return nil
}
