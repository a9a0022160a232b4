package pipeline

import (
	"strings"
	"testing"

	"volara/geometry"
	"volara/stages"
)

// keepPlan is a pipeline of a writer, a reader, and another reader that waits for a global task which follows the writer.
func keepPlan(t *testing.T) (p *Plan, writer, global, first, second *TaskPlan) {
	t.Helper()
	total := geometry.NewRoi(geometry.Coordinate{10, 10}, geometry.Coordinate{40, 40})
	grid, err := geometry.NewGrid(total, geometry.Coordinate{10, 10}, geometry.Coordinate{0, 0}, geometry.Coordinate{0, 0}, geometry.FitShrink)
	if err != nil {
		t.Fatal(err)
	}
	array := stages.Resource{Kind: stages.KindArray, ID: "/a"}
	task := func(name string, use stages.Use, upstream ...*TaskPlan) *TaskPlan {
		task := &TaskPlan{Task: &Task{Name: name}, Plan: &stages.Plan{Grid: grid, Region: total}}
		if use.Resource.ID != "" {
			task.Uses = []stages.Use{use}
		}
		for _, up := range upstream {
			task.Upstream = append(task.Upstream, Edge{Task: up.Task, Data: true})
		}
		return task
	}
	writer = task("writer", stages.Use{Resource: array, Write: true, Keep: stages.KeepUntilConsumed})
	first = task("first", stages.Use{Resource: array}, writer)
	global = task("global", stages.Use{}, first)
	global.Plan.Global = true
	second = task("second", stages.Use{Resource: array}, writer, global)
	p = &Plan{Pipeline: &Pipeline{}, Tasks: []*TaskPlan{writer, first, global, second}}
	for _, t := range p.Tasks {
		p.Pipeline.Tasks = append(p.Pipeline.Tasks, t.Task)
	}
	return p, writer, global, first, second
}

func noHoles(*TaskPlan) bool { return false }

// Something is consumed only where what has read it will not read it again.
func TestConsumers(t *testing.T) {
	p, writer, global, first, _ := keepPlan(t)
	names, why := p.consumers(writer, noHoles)
	if strings.Join(names, " ") != "first second" || why != "" {
		t.Errorf("%v, %q", names, why)
	}
	stays := func(what string, holes func(*TaskPlan) bool, want string) {
		t.Helper()
		names, why := p.consumers(writer, holes)
		if names != nil || !strings.Contains(why, want) {
			t.Errorf("%s: %v, %q", what, names, why)
		}
	}
	global.Plan.Region = geometry.NewRoi(geometry.Coordinate{10, 10}, geometry.Coordinate{40, 39})
	stays("a global task that covers a part", noHoles, "global covers [10:50, 10:49] of [10:50, 10:50]; when it covers more, second reads all of it again")
	global.Plan.Region = writer.Plan.Grid.Total()
	for _, lacking := range []*TaskPlan{writer, first, global} {
		stays(lacking.Name+" has holes", func(t *TaskPlan) bool { return t == lacking }, lacking.Name+" has skipped blocks")
	}
	p.Tasks = p.Tasks[:3]
	stays("a reader that is left out", noHoles, "second, which reads it, is no part of this run")
}

// What lies above the writer concerns it alone: when it begins anew, so does the writer.
func TestConsumersAboveTheWriter(t *testing.T) {
	p, writer, _, _, _ := keepPlan(t)
	above := &TaskPlan{Task: &Task{Name: "above"}, Plan: &stages.Plan{Grid: writer.Plan.Grid, Global: true}}
	writer.Upstream = []Edge{{Task: above.Task, Data: true}}
	p.Tasks = append([]*TaskPlan{above}, p.Tasks...)
	if names, why := p.consumers(writer, noHoles); len(names) != 2 || why != "" {
		t.Errorf("%v, %q", names, why)
	}
}

// Where an output may be deleted, nobody takes a missing chunk for fill; where it may lack chunks, it stays. A skip mask
// that leaves out nothing, or nothing any more, does not matter.
func TestLackingIsNotConsumed(t *testing.T) {
	p, writer, _, first, second := keepPlan(t)
	for _, task := range p.Tasks {
		task.Stage = &stages.Noop{}
		task.Stage.Common().SkipMask = &stages.Dataset{}
	}
	p.holes = map[string]bool{}
	for _, reader := range []*TaskPlan{first, second} {
		if lacking := p.mayLack(reader.Task); len(lacking) != 0 {
			t.Errorf("no block is missing, but %s takes %v for fill", reader.Name, lacking)
		}
	}
	if names, why := p.consumers(writer, p.lacks); len(names) != 2 || why != "" {
		t.Errorf("nothing is consumed: %q", why)
	}
	p.holes[writer.Name] = true
	for _, reader := range []*TaskPlan{first, second} {
		if lacking := p.mayLack(reader.Task); !lacking["/a"] {
			t.Errorf("blocks are missing, but %s does not know", reader.Name)
		}
	}
	if names, why := p.consumers(writer, p.lacks); len(names) != 0 || why == "" {
		t.Errorf("%v consume what lacks blocks", names)
	}
	p.holes = nil
	if !p.mayLack(first.Task)["/a"] {
		t.Error("before it is known a skip mask may have left out blocks")
	}
}

// A task that reads what it writes itself does not let go of it.
func TestKeepOfOnesOwn(t *testing.T) {
	array := stages.Resource{Kind: stages.KindArray, ID: "/a"}
	own := &Task{Name: "own", Uses: []stages.Use{
		{Field: "out", Resource: array, Write: true, Keep: stages.KeepUntilConsumed},
		{Field: "in", Resource: array, Keep: stages.KeepUntilConsumed},
	}}
	p := &Pipeline{Tasks: []*Task{own}}
	if err := p.checkKeep(map[stages.Resource]*Task{array: own}); err == nil || !strings.Contains(err.Error(), "own reads /a itself") {
		t.Errorf("%v", err)
	}
}
