package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/fault"
	"volara/graph"
	"volara/stages"
	"volara/stream"
	"volara/zarr"
)

// DropOptions say what is dropped.
type DropOptions struct {
	Server      Server
	Tasks       []string // none: all of the run
	KeepOutputs bool     // only the record of what is done goes
	Logger      *slog.Logger
}

// A DropItem is something that a drop removes.
type DropItem struct {
	Task  string
	What  string
	Path  string
	Bytes int64
	Files int64
}

// A Doomed is what a drop is going to do, computed without changing anything.
type Doomed struct {
	Items      []DropItem
	Downstream []string // tasks whose done marks go, but not their outputs
	Lost       []LostInput

	pipeline *Pipeline
	tasks    []*Task
	options  DropOptions
}

// PlanDrop lists what dropping the tasks would remove. It refuses outputs that the pipeline did not make.
func PlanDrop(ctx context.Context, p *Pipeline, o DropOptions) (*Doomed, error) {
	tasks, err := p.targets(Selection{Targets: o.Tasks})
	if err != nil {
		return nil, err
	}
	d := &Doomed{pipeline: p, tasks: tasks, options: o}
	for _, t := range p.Downstream(tasks) {
		if !slices.Contains(tasks, t) {
			d.Downstream = append(d.Downstream, t.Name)
		}
	}
	d.Lost = p.lostInputs(ctx, tasks)
	if o.KeepOutputs {
		return d, nil
	}
	for _, t := range tasks {
		items, err := t.outputs(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		d.Items = append(d.Items, items...)
	}
	return d, nil
}

// outputs lists the task's outputs that exist.
func (t *Task) outputs(ctx context.Context, run string) ([]DropItem, error) {
	var items []DropItem
	for _, u := range t.Uses {
		if !u.Write {
			continue
		}
		item := DropItem{Task: t.Name, What: u.Resource.String(), Path: u.Resource.ID}
		if there, err := exists(ctx, u); err != nil {
			return nil, fmt.Errorf("%s, an output of %s: %w", item.Path, t.Name, err)
		} else if !there {
			continue
		}
		if err := t.checkMaker(ctx, run, u); err != nil {
			return nil, err
		}
		if err := item.measure(ctx, u); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// checkMaker refuses an output that carries no mark of having been made by the task.
func (t *Task) checkMaker(ctx context.Context, run string, u stages.Use) error {
	maker, r := "", u.Resource
	switch r.Kind {
	case stages.KindArray:
		marker, _, err := stages.OutputMarker(ctx, u.Place)
		if errors.Is(err, zarr.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s, an output of %s: %w", r.ID, t.Name, err)
		}
		if marker != nil {
			maker = stages.GraphName(marker.Run, marker.Task)
		}
	case stages.KindLUT:
		marker, err := stages.LUTMarker(r.ID)
		if err != nil {
			return err
		}
		if marker != nil {
			maker = stages.GraphName(marker.Run, marker.Task)
		}
	default:
		generation, err := stages.GraphGeneration(ctx, r.ID, t.Name)
		if err != nil {
			return fmt.Errorf("%s, an output of %s: %w", r.ID, t.Name, err)
		}
		if by, _, ok := strings.Cut(generation, "/"); ok {
			maker = stages.GraphName(by, t.Name)
		}
	}
	switch maker {
	case stages.GraphName(run, t.Name):
		return nil
	case "":
		return inputErrorf("%s carries no marker of this program: %s did not make it, so it is not dropped; remove it by hand, or drop with --keep-outputs", r.ID, t.Name)
	}
	return inputErrorf("%s was made by %s (run/task) and not by %s of run %s, so it is not dropped; drop it there, or remove it by hand", r.ID, maker, t.Name, run)
}

// exists reports whether anything is where a task writes.
func exists(ctx context.Context, u stages.Use) (bool, error) {
	if !u.Place.Remote() {
		_, err := os.Lstat(u.Resource.ID)
		return !errors.Is(err, fs.ErrNotExist), nil
	}
	n, err := u.Place.Node(ctx)
	if err != nil {
		return false, err
	}
	defer n.Close()
	names, err := n.Names(ctx, 1)
	return len(names) > 0, err
}

// measure adds up files and bytes below the item's path; parts of a database cannot be told apart.
func (i *DropItem) measure(ctx context.Context, u stages.Use) error {
	switch {
	case u.Resource.Kind == stages.KindNodes || u.Resource.Kind == stages.KindEdgeAttr:
		return nil
	case u.Place.Remote():
		return i.measureObjects(ctx, u.Place)
	}
	return filepath.WalkDir(i.Path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		i.Files++
		i.Bytes += info.Size()
		return nil
	})
}

// measureObjects is measure on a server.
func (i *DropItem) measureObjects(ctx context.Context, place stages.Place) error {
	n, err := place.Node(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	for e, err := range n.Store.List(ctx, n.Prefix) {
		if err != nil {
			return err
		}
		i.Files++
		i.Bytes += e.Size
	}
	return nil
}

// Drop removes what PlanDrop listed: the record first, so that no output counts as done, then the outputs. It may be
// repeated after a crash.
func (d *Doomed) Drop(ctx context.Context) (err error) {
	if err := d.options.Server.Check(); err != nil {
		return err
	}
	s, err := openSession(ctx, d.options.Server, d.pipeline.Name, sessionOptions{Command: "drop", Logger: d.options.Logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx, stop := s.Context(ctx)
	defer stop()
	if err := d.dropRecords(ctx, s.state); err != nil {
		return err
	}
	fault.Point("drop.forgot")
	if d.options.KeepOutputs {
		return nil
	}
	return d.dropOutputs(ctx)
}

// dropOutputs removes the outputs, downstream tasks first.
func (d *Doomed) dropOutputs(ctx context.Context) (err error) {
	graphs, err := d.graphs()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, graphs.Close()) }()
	for _, t := range slices.Backward(d.tasks) {
		if ctx.Err() != nil {
			return fmt.Errorf("drop the outputs of %s: %w", t.Name, context.Cause(ctx))
		}
		if err := t.Stage.Drop(ctx, &stages.Env{Run: d.pipeline.Name, Task: t.Name, Graphs: graphs, Logger: d.options.Logger}); err != nil {
			return fmt.Errorf("drop the outputs of %s: %w", t.Name, err)
		}
		fault.Point("drop.removed")
	}
	return nil
}

// dropRecords forgets what is done: of the tasks, and of those downstream, whose inputs are void now.
func (d *Doomed) dropRecords(ctx context.Context, state *stream.State) error {
	names, err := d.recorded(ctx, state)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := state.Drop(ctx, name); err != nil {
			return err
		}
	}
	// The status tells of blocks that are done no more.
	dir := RunDir(d.options.Server.StateDir, d.pipeline.Name)
	if err := os.Remove(filepath.Join(dir, "status.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if d.whole() {
		return os.RemoveAll(dir)
	}
	return nil
}

func (d *Doomed) whole() bool { return len(d.tasks) == len(d.pipeline.Tasks) }

// recorded returns the tasks whose record goes: those named and those downstream, or all that the run ever had.
func (d *Doomed) recorded(ctx context.Context, state *stream.State) ([]string, error) {
	if d.whole() {
		records, err := state.Generations(ctx)
		return slices.Sorted(maps.Keys(records)), err
	}
	var names []string
	for _, t := range d.pipeline.Downstream(d.tasks) {
		names = append(names, t.Name)
	}
	return names, nil
}

// graphs holds the databases of the tasks, with the attributes that their configurations declare.
func (d *Doomed) graphs() (*stages.Graphs, error) {
	schemas := map[string]graph.Schema{}
	for _, t := range d.pipeline.Tasks {
		for _, db := range t.dbs {
			schema, err := db.Schema()
			if err != nil {
				return nil, err
			}
			if schemas[db.Path], err = mergeSchemas(schemas[db.Path], schema); err != nil {
				return nil, err
			}
		}
	}
	return stages.NewGraphs(schemas), nil
}
