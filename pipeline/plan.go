package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"volara/config"
	"volara/geometry"
	"volara/graph"
	"volara/stages"
	"volara/stream"
)

// A Selection says which part of a pipeline is wanted.
type Selection struct {
	ROI     *geometry.Roi           // world units, snapped outward to whole blocks; nil: all
	Targets []string                // tasks, with what they need; none: all
	Redo    []string                // tasks that begin anew, with all that wait for them
	Adopt   []string                // done marks to take over: [TASK=]PATH of blocks_done.zarr, or a folder of Volara's logs
	Known   map[string]geometry.Roi // regions that global tasks have already covered
}

// A Plan is what a run will do, computed without writing anything.
type Plan struct {
	Pipeline *Pipeline
	Tasks    []*TaskPlan // upstream before downstream, only what the selection needs
	Schemas  map[string]graph.Schema

	redo  map[string]bool      // tasks that begin anew whatever their record says
	adopt map[string]*adoption // done marks to be taken over, by task
	holes map[string]bool      // tasks that have skipped blocks which are not made yet; nil: not known yet
}

// A TaskPlan is one task's part of a plan.
type TaskPlan struct {
	*Task
	Plan   *stages.Plan
	Select geometry.Roi       // box of block positions to be done
	Skip   *stream.Bitmap     // blocks of these that a skip mask leaves out; nil: none
	Inputs []stages.ArraySpec // arrays read
	wanted bool               // for itself, and not only by downstream tasks
}

// Blocks returns the number of blocks to be done.
func (t *TaskPlan) Blocks() int64 { return t.streamTask().Wanted() }

// Plan plans every task that the selection needs. Errors in the configuration point into the file (config.Errors).
func (p *Pipeline) Plan(ctx context.Context, sel Selection) (*Plan, error) {
	plan, err := p.outline(ctx, sel)
	if err != nil {
		return nil, err
	}
	if err := plan.loadSkips(ctx); err != nil {
		return nil, err
	}
	if err := plan.setAdoptions(ctx, sel.Adopt); err != nil {
		return nil, err
	}
	return plan, nil
}

// outline is Plan but for the skip masks, which workers need not know.
func (p *Pipeline) outline(ctx context.Context, sel Selection) (*Plan, error) {
	targets, err := p.targets(sel)
	if err != nil {
		return nil, err
	}
	needed := upstreamOf(targets)
	redo, err := p.redone(sel.Redo, needed)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Pipeline: p, Schemas: map[string]graph.Schema{}, redo: redo}
	specs := stages.NewSpecs()
	var errs []error
	failed := map[*Task]bool{}
	for _, t := range p.Tasks {
		if !needed[t] {
			continue
		}
		if dependsOnFailed(t, failed) {
			failed[t] = true
			continue
		}
		tp, err := t.plan(ctx, specs, sel, redo[t.Name])
		if err != nil {
			errs = append(errs, err)
			failed[t] = true
			continue
		}
		for _, target := range targets {
			tp.wanted = tp.wanted || target == t
		}
		plan.Tasks = append(plan.Tasks, tp)
		errs = append(errs, plan.addOutputs(specs, tp))
	}
	if err := config.Join(errs...); err != nil {
		return nil, err
	}
	return plan, plan.selectBlocks()
}

func dependsOnFailed(t *Task, failed map[*Task]bool) bool {
	for _, e := range t.Upstream {
		if failed[e.Task] {
			return true
		}
	}
	return false
}

func (p *Pipeline) targets(sel Selection) ([]*Task, error) {
	if len(sel.Targets) == 0 {
		return p.Tasks, nil
	}
	var targets []*Task
	for _, name := range sel.Targets {
		t, ok := p.Task(name)
		if ok && slices.Contains(targets, t) {
			continue
		}
		if !ok {
			return nil, inputErrorf("no task is named %q; %s", name, config.Suggest(name, p.Names()))
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// plan plans one task: narrowed to the selection's region, or, unless it begins anew, widened to what a global task has
// covered before.
func (t *Task) plan(ctx context.Context, specs *stages.Specs, sel Selection, redo bool) (*TaskPlan, error) {
	shared := t.Stage.Common()
	if sel.ROI != nil && shared.Grid == stages.GridROI {
		return nil, t.node.Errorf("%s has grid: roi, where the roi is part of its outputs; a region (--roi) needs grid: data", t.Name)
	}
	shared.Within = sel.ROI
	plan, err := stages.MakePlan(ctx, t.Stage, specs)
	if err != nil {
		return nil, t.located(err)
	}
	if known, ok := sel.Known[t.Name]; ok && !redo && plan.Global && known.Dims() == plan.Region.Dims() && known.Contains(plan.Region) {
		zero := geometry.Fill(known.Dims(), 0)
		if plan.Grid, err = geometry.NewGrid(known, known.Shape, zero, zero, geometry.FitShrink); err != nil {
			return nil, t.located(err)
		}
		plan.Region = known
	}
	tp := &TaskPlan{Task: t, Plan: plan}
	for _, u := range t.Uses {
		if spec, ok := specs.Input(u.Resource.ID); ok && !u.Write && u.Resource.Kind == stages.KindArray {
			tp.Inputs = append(tp.Inputs, spec)
		}
	}
	return tp, nil
}

// addOutputs records what a task makes, for the tasks downstream.
func (p *Plan) addOutputs(specs *stages.Specs, t *TaskPlan) error {
	for _, spec := range t.Plan.Arrays {
		specs.AddArray(spec)
	}
	for _, u := range t.consumed() {
		if t.Plan.Arrays[u.Field].Shared {
			return t.node.At(u.Field).Errorf("%s of %s: keep: %s, but blocks share files of %s (write: locked), which are nobody's to delete; leave keep out",
				u.Field, t.Name, u.Keep, u.Resource.ID)
		}
	}
	for _, u := range t.Uses {
		if u.Write && u.Resource.Kind == stages.KindLUT {
			specs.AddLUT(u.Resource.ID)
		}
	}
	path := graphPath(t.Task)
	if path == "" {
		return nil
	}
	for _, spec := range t.Plan.Graphs {
		merged, err := mergeSchemas(p.Schemas[path], spec.Schema)
		if err != nil {
			return t.node.At("db").Errorf("%s: %w", t.Name, err)
		}
		p.Schemas[path] = merged
		specs.AddGraph(path, spec)
	}
	return nil
}

// graphPath returns the path of the graph that a task uses, "" when it uses none.
func graphPath(t *Task) string {
	for _, u := range t.Uses {
		if u.Resource.Kind == stages.KindNodes {
			return u.Resource.ID
		}
	}
	return ""
}

// mergeSchemas returns a schema with the attributes of both; an attribute of two types is an error.
func mergeSchemas(a, b graph.Schema) (graph.Schema, error) {
	if a.Dims == 0 {
		return b, nil
	}
	if a.Dims != b.Dims {
		return a, fmt.Errorf("the graph has ndim %d in one task and %d in another", a.Dims, b.Dims)
	}
	var err error
	if a.NodeAttrs, err = mergeAttrs(a.NodeAttrs, b.NodeAttrs); err != nil {
		return a, err
	}
	a.EdgeAttrs, err = mergeAttrs(a.EdgeAttrs, b.EdgeAttrs)
	return a, err
}

func mergeAttrs(a, b []graph.Attr) ([]graph.Attr, error) {
	types := map[string]graph.Type{}
	for _, attr := range a {
		types[attr.Name] = attr.Type
	}
	merged := a[:len(a):len(a)]
	for _, attr := range b {
		t, known := types[attr.Name]
		if known && t != attr.Type {
			return nil, fmt.Errorf("attribute %s of the graph is %v in one task and %v in another", attr.Name, t, attr.Type)
		}
		if !known {
			merged = append(merged, attr)
		}
	}
	return merged, nil
}

// selectBlocks fixes which blocks of each task are to be done: those in its region where it is wanted for itself, and
// those that the selected blocks of downstream tasks read from.
func (p *Plan) selectBlocks() error {
	byTask := map[*Task]*TaskPlan{}
	for _, t := range p.Tasks {
		byTask[t.Task] = t
		t.Select = geometry.Roi{}
		if t.wanted {
			t.Select = t.Plan.Grid.Writers(t.Plan.Region)
		}
	}
	for i := len(p.Tasks) - 1; i >= 0; i-- {
		t := p.Tasks[i]
		read := t.Plan.Grid.ReadBy(t.Select)
		for _, e := range t.Upstream {
			up := byTask[e.Task]
			if up.Plan.Grid.Dims() != t.Plan.Grid.Dims() {
				return t.node.Errorf("%s has %d dimensions and its upstream task %s %d; block by block they cannot follow each other",
					t.Name, t.Plan.Grid.Dims(), e.Task.Name, up.Plan.Grid.Dims())
			}
			demand := up.Plan.Grid.Writers(read)
			if e.All {
				demand = demand.Union(up.Plan.Grid.Writers(up.Plan.Region))
			}
			up.Select = up.Select.Union(demand)
		}
	}
	for _, t := range p.Tasks {
		if t.Select.Empty() {
			return t.nothingToDo()
		}
	}
	return nil
}

// nothingToDo says why a task has no block.
func (t *TaskPlan) nothingToDo() error {
	asked, why := t.Plan.Region, ""
	shared := t.Stage.Common()
	if shared.Within != nil {
		asked = *shared.Within
	}
	if shared.Fit == geometry.FitValid {
		why = fmt.Sprintf(": fit: valid leaves out the rest at the upper faces that fills no block of %v", t.Plan.Grid.BlockShape())
	}
	return t.node.Errorf("%s has no block to process in %v%s", t.Name, asked, why)
}

// Warnings returns what the user should know, by task.
func (p *Plan) Warnings() []string {
	var all []string
	for _, t := range p.Tasks {
		for _, w := range t.Plan.Warnings {
			all = append(all, t.Name+": "+w)
		}
	}
	return all
}

// Regions returns the regions of the global tasks.
func (p *Plan) Regions() map[string]geometry.Roi {
	regions := map[string]geometry.Roi{}
	for _, t := range p.Tasks {
		if t.Plan.Global {
			regions[t.Name] = t.Plan.Region
		}
	}
	return regions
}

// env returns what a task's stage needs at run time.
func (p *Plan) env(t *TaskPlan, graphs *stages.Graphs) *stages.Env {
	return &stages.Env{Run: p.Pipeline.Name, Task: t.Name, Plan: t.Plan, Graphs: graphs, MayLack: p.mayLack(t.Task), Shared: p.shared()}
}

// shared returns the arrays whose files several blocks write.
func (p *Plan) shared() map[string]bool {
	shared := map[string]bool{}
	for _, t := range p.Tasks {
		for _, spec := range t.Plan.Arrays {
			if spec.Shared {
				shared[spec.Path] = true
			}
		}
	}
	return shared
}

func (p *Plan) newGraphs() *stages.Graphs { return stages.NewGraphs(maps.Clone(p.Schemas)) }
