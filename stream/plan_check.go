package stream

import (
	"errors"
	"fmt"
	"slices"

	"volara/geometry"
)

// Validate reports what is wrong with a plan.
func (p Plan) Validate() error {
	if p.Run == "" {
		return errors.New("the run has no name")
	}
	before := map[string]Task{}
	for _, t := range p.Tasks {
		if err := t.validate(before); err != nil {
			return fmt.Errorf("task %q: %w", t.Name, err)
		}
		before[t.Name] = t
	}
	for _, t := range p.Tasks {
		for _, name := range t.Consumers {
			if !slices.ContainsFunc(before[name].Upstream, func(d Dependency) bool { return d.Task == t.Name }) {
				return fmt.Errorf("task %q: what it writes is consumed by %q, which does not wait for it", t.Name, name)
			}
		}
	}
	return nil
}

func (t Task) validate(before map[string]Task) error {
	if _, twice := before[t.Name]; twice || t.Name == "" {
		return errors.New("its name is empty or not unique")
	}
	if token(t.Generation) != t.Generation || t.Generation == "" {
		return fmt.Errorf("its generation is %q", t.Generation)
	}
	if t.Grid.Dims() == 0 {
		return errors.New("it has no grid")
	}
	if t.Select.Dims() != t.Grid.Dims() || len(t.Select.Shape) != t.Grid.Dims() {
		return fmt.Errorf("it selects %v of a grid with %d dimensions", t.Select, t.Grid.Dims())
	}
	if !t.Grid.All().Contains(t.Select) {
		return fmt.Errorf("it selects %v of the blocks %v", t.Select, t.Grid.All())
	}
	if t.Skip != nil && t.Skip.Len() != t.Grid.Len() {
		return fmt.Errorf("it skips some of %d blocks, but has %d", t.Skip.Len(), t.Grid.Len())
	}
	if t.MaxWorkers < 0 || t.MaxRetries < 0 || t.Timeout < 0 || t.Memory < 0 {
		return errors.New("max_workers, max_retries, timeout and memory must not be negative")
	}
	if len(t.Tile) > 0 && (len(t.Tile) != t.Grid.Dims() || !t.Tile.All(func(n int) bool { return n > 0 })) {
		return fmt.Errorf("its blocks go in tiles of %v, its grid has %d dimensions", t.Tile, t.Grid.Dims())
	}
	for _, d := range t.Upstream {
		up, known := before[d.Task]
		if !known {
			return fmt.Errorf("it waits for %q, which is not before it in the plan", d.Task)
		}
		if !d.All && !sameDims(up.Grid, t.Grid) {
			return fmt.Errorf("it waits for blocks of %q, whose grid has %d dimensions, not %d", d.Task, up.Grid.Dims(), t.Grid.Dims())
		}
	}
	return nil
}

func sameDims(a, b geometry.Grid) bool { return a.Dims() == b.Dims() }
