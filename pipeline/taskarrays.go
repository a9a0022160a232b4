package pipeline

import (
	"maps"
	"slices"

	"volara/stages"
)

// Arrays describes the arrays that the task reads and, after them, those that it makes.
func (t *TaskPlan) Arrays() []stages.ArraySpec {
	all := slices.Clone(t.Inputs)
	for _, field := range slices.Sorted(maps.Keys(t.Plan.Arrays)) {
		all = append(all, t.Plan.Arrays[field])
	}
	return all
}
