package pipeline

import (
	"errors"
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

func noHoles(*TaskPlan) (bool, error) { return false, nil }

// Something is consumed only where what has read it will not read it again.
func TestConsumers(t *testing.T) {
	p, writer, global, first, _ := keepPlan(t)
	names, why, err := p.consumers(writer, noHoles)
	if strings.Join(names, " ") != "first second" || why != "" || err != nil {
		t.Errorf("%v, %q, %v", names, why, err)
	}
	stays := func(what string, holes func(*TaskPlan) (bool, error), want string) {
		t.Helper()
		names, why, err := p.consumers(writer, holes)
		if names != nil || !strings.Contains(why, want) || err != nil {
			t.Errorf("%s: %v, %q, %v", what, names, why, err)
		}
	}
	global.Plan.Region = geometry.NewRoi(geometry.Coordinate{10, 10}, geometry.Coordinate{40, 39})
	stays("a global task that covers a part", noHoles, "global covers [10:50, 10:49] of [10:50, 10:50]; when it covers more, second reads all of it again")
	global.Plan.Region = writer.Plan.Grid.Total()
	for _, lacking := range []*TaskPlan{writer, first, global} {
		stays(lacking.Name+" has holes", func(t *TaskPlan) (bool, error) { return t == lacking, nil }, lacking.Name+" has skipped blocks")
	}
	sad := errors.New("the record is gone")
	if _, _, err := p.consumers(writer, func(*TaskPlan) (bool, error) { return false, sad }); !errors.Is(err, sad) {
		t.Errorf("an error is lost: %v", err)
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
	if names, why, err := p.consumers(writer, noHoles); len(names) != 2 || why != "" || err != nil {
		t.Errorf("%v, %q, %v", names, why, err)
	}
}
