package lazy

import (
	"context"
	"fmt"

	"volara/config"
)

// Channels selects entries of the leading axes, as Volara does: c is arr[c], which drops the axis; a list is applied one
// item after the other, each to what is then the first axis: [0, 1] is arr[0][1], [[0, 1]] is arr[[0, 1]], which keeps the
// axis and the order written, and [[0, 1], 0] is the first of those two. A string is a slice: "0:3" is arr[0:3]. Negative
// entries count from the end. Lists belong to channels; along an axis of space or time a slice is needed.
type Channels struct{ items []channelItem }

// A channelItem is one index; of its fields one is set.
type channelItem struct {
	one   *int64
	list  []int64
	slice *sliceItem
}

// Name is the operation's name in files.
func (Channels) Name() string { return "channels" }

// Argument is what was written.
func (op Channels) Argument() any {
	if len(op.items) == 1 && op.items[0].list == nil {
		return op.items[0].argument()
	}
	list := make([]any, len(op.items))
	for i, item := range op.items {
		list[i] = item.argument()
	}
	return list
}

func (item channelItem) argument() any {
	switch {
	case item.one != nil:
		return *item.one
	case item.slice != nil:
		return item.slice.text
	}
	return item.list
}

// DecodeNode reads an index, a slice, or a list of indices, slices and lists.
func (op *Channels) DecodeNode(n *config.Node) error {
	op.items = nil
	if n.Kind() != config.List {
		item, err := decodeChannel(n)
		op.items = []channelItem{item}
		return err
	}
	var errs []error
	for _, child := range n.Items() {
		item, err := decodeChannel(child)
		op.items, errs = append(op.items, item), append(errs, err)
	}
	if n.Len() == 0 {
		return n.Errorf("an empty list selects nothing; leave it out to mean all channels")
	}
	return config.Join(errs...)
}

func decodeChannel(n *config.Node) (item channelItem, err error) {
	switch n.Kind() {
	case config.Int:
		item.one = new(int64)
		return item, n.Decode(item.one)
	case config.String:
		s, err := parseSlice(n.Text())
		if err == nil && (s.one || s.rest) {
			err = fmt.Errorf("%q is no slice, such as 0:3", n.Text())
		}
		if err != nil {
			return item, n.Errorf("%w", err)
		}
		item.slice = &s
		return item, nil
	case config.List:
		if n.Len() == 0 {
			return item, n.Errorf("an empty list selects no channel")
		}
		return item, n.Decode(&item.list)
	}
	return item, n.Errorf("channels are an index, a list of them or a slice such as \"0:3\", not %v", n.Kind())
}

// Apply selects.
func (op Channels) Apply(_ context.Context, a Array) (Array, error) {
	for _, item := range op.items {
		if len(a.Shape()) == 0 {
			return a, fmt.Errorf("the array has no axis left to select from")
		}
		p, err := item.pick(a)
		if err != nil {
			return a, err
		}
		picks := wholePicks(a.Shape())
		picks[0] = p
		a = a.selected(picks)
	}
	return a, nil
}

func wholePicks(shape []int) []pick {
	picks := make([]pick, len(shape))
	for d, n := range shape {
		picks[d] = all(n)
	}
	return picks
}

// pick resolves the item along the first axis.
func (item channelItem) pick(a Array) (pick, error) {
	n := a.Shape()[0]
	switch {
	case item.slice != nil:
		return item.slice.pick(n)
	case item.one != nil:
		i, err := entry(*item.one, n)
		if err != nil {
			return pick{}, fmt.Errorf("%w (shape %v)", err, a.Shape())
		}
		return pick{drop: true, start: i, step: 1, n: 1}, nil
	}
	p := pick{step: 1, n: len(item.list), list: make([]int, len(item.list))}
	for k, v := range item.list {
		i, err := entry(v, n)
		if err != nil {
			return p, fmt.Errorf("%w (shape %v)", err, a.Shape())
		}
		p.list[k] = i
	}
	if axesOf(a.Spatial)[0].physical {
		return p, fmt.Errorf("the first axis, %s, is one of %s and no channel: a list of entries along it has no place in the world; use an index or a slice",
			a.Spatial.AxisNames[0], a.Spatial.Types[0])
	}
	return p, nil
}

// entry resolves an index along an axis of n entries, which counts from the end where it is negative.
func entry(i int64, n int) (int, error) {
	switch {
	case i >= 0 && i < int64(n):
		return int(i), nil
	case i < 0 && i >= -int64(n):
		return int(i) + n, nil
	}
	return 0, fmt.Errorf("there is no entry %d along an axis of %d", i, n)
}
