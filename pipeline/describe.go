package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"volara/stages"
)

// A TaskSummary is what `volara plan` tells of a task.
type TaskSummary struct {
	Name        string   `json:"name"`
	Type        string   `json:"task_type"`
	After       []string `json:"after,omitempty"`
	Blocks      int64    `json:"blocks"`
	AllBlocks   int64    `json:"blocks_of_grid"`
	LeftOut     int64    `json:"left_out,omitempty"` // selected blocks that a skip mask leaves out
	BlockVoxels []int    `json:"block_shape,omitempty"`
	Region      string   `json:"region"`
	BlockMemory int64    `json:"block_memory"` // predicted peak, bytes
	Outputs     []Output `json:"outputs,omitempty"`
}

// An Output is something that a task is going to write.
type Output struct {
	Path  string `json:"path"`
	What  string `json:"what"`
	Shape []int  `json:"shape,omitempty"`
	Bytes int64  `json:"bytes,omitempty"` // before compression
	Files int64  `json:"files,omitempty"`
	Keep  string `json:"keep,omitempty"` // until_consumed, and why this run deletes nothing of it
}

// Summaries describes a plan task by task.
func (p *Plan) Summaries() []TaskSummary {
	var all []TaskSummary
	for _, t := range p.Tasks {
		s := TaskSummary{Name: t.Name, Type: t.Stage.Common().TaskType, Blocks: t.Blocks(), AllBlocks: t.Plan.Grid.Len(),
			Region: t.Plan.Grid.WrittenBy(t.Select).String(), BlockMemory: t.Plan.BlockMemory, Outputs: p.outputs(t)}
		s.LeftOut = t.Select.Size() - s.Blocks
		if !t.Plan.Global {
			s.BlockVoxels = t.Plan.Grid.BlockShape().Div(t.Plan.VoxelSize)
		}
		for _, e := range t.Upstream {
			name := e.Task.Name
			if e.All {
				name += " (all)"
			}
			s.After = append(s.After, name)
		}
		all = append(all, s)
	}
	return all
}

// outputs predicts the task's outputs and how long they stay.
func (p *Plan) outputs(t *TaskPlan) []Output {
	outputs := t.outputPlan()
	for _, u := range t.consumed() {
		keep := string(u.Keep)
		if _, why := p.consumers(t, skipping); why != "" {
			keep += "; not in this run: " + why
		}
		i := slices.IndexFunc(outputs, func(o Output) bool { return o.Path == u.Resource.ID })
		outputs[i].Keep = keep
	}
	return outputs
}

// outputPlan predicts the task's outputs: for arrays the selected blocks' share.
func (t *TaskPlan) outputPlan() []Output {
	var outputs []Output
	var attrs []string
	for _, u := range t.Uses {
		if !u.Write {
			continue
		}
		switch u.Resource.Kind {
		case stages.KindArray:
			spec := t.Plan.Arrays[u.Field]
			voxels, files := t.voxels(), int64(1)
			written := t.Plan.Grid.WrittenBy(t.Select).Shape.Div(t.Plan.VoxelSize)
			for d, n := range written {
				files *= int64((n + spec.Chunks[d] - 1) / spec.Chunks[d])
			}
			outputs = append(outputs, Output{Path: spec.Path, What: fmt.Sprintf("array of %v, chunks %v", spec.DType, spec.Chunks),
				Shape: spec.Shape, Bytes: voxels * int64(spec.DType.Size()), Files: files})
		case stages.KindEdgeAttr:
			attrs = append(attrs, u.Resource.Attr)
		default:
			outputs = append(outputs, Output{Path: u.Resource.ID, What: string(u.Resource.Kind)})
		}
	}
	if len(attrs) > 0 {
		slices.Sort(attrs)
		outputs = append(outputs, Output{Path: graphPath(t.Task), What: "edge attributes " + strings.Join(attrs, ", ")})
	}
	return outputs
}

// PeakMemory predicts the peak of a run with so many slots: the largest blocks at once, and the cache.
func (p *Plan) PeakMemory(slots, cacheBytes int) int64 {
	largest := int64(0)
	for _, t := range p.Tasks {
		largest = max(largest, t.Plan.BlockMemory)
	}
	return int64(slots)*largest + int64(cacheBytes)
}
