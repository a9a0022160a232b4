package lazy

import (
	"context"
	"fmt"

	"volara/config"
)

// Flip turns axes round, given by name or number: numpy.flip. The extent in the world stays; the voxels in it move.
// Affinities' offsets change their sign along the axes.
type Flip struct{ axes []any }

// Name is the operation's name in files.
func (Flip) Name() string { return "flip" }

// Argument lists the axes.
func (op Flip) Argument() any { return op.axes }

// DecodeNode reads an axis or a list of them.
func (op *Flip) DecodeNode(n *config.Node) error {
	op.axes = nil
	add := func(n *config.Node) error {
		if k := n.Kind(); k != config.String && k != config.Int {
			return n.Errorf("axes are needed by name or number: {flip: [z]}")
		}
		op.axes = append(op.axes, n.Value())
		return nil
	}
	if n.Kind() != config.List {
		return add(n)
	}
	if n.Len() == 0 {
		return n.Errorf("axes are needed by name or number: {flip: [z]}")
	}
	for _, item := range n.Items() {
		if err := add(item); err != nil {
			return err
		}
	}
	return nil
}

// Apply turns the axes round.
func (op Flip) Apply(_ context.Context, a Array) (Array, error) {
	picks := wholePicks(a.Shape())
	for _, ref := range op.axes {
		d, err := axisNamed(a.Spatial, ref)
		if err != nil {
			return a, err
		}
		if picks[d].step < 0 {
			return a, fmt.Errorf("axis %v is named twice", ref)
		}
		if n := a.Shape()[d]; n > 0 {
			picks[d] = pick{start: n - 1, step: -1, n: n}
		}
	}
	return a.selected(picks), nil
}
