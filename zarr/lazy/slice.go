package lazy

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"volara/config"
)

// Slice takes a box of voxels, or every n-th one, by numpy's basic indexing of all axes in the array's order: "0:10, :,
// ::2". An index drops its axis, "..." stands for the axes between, missing axes at the end are whole, negative numbers
// count from the end, and negative steps turn an axis round. A step makes voxels as much larger, and what lies in the world
// stays where it is, but for axes that are turned round.
type Slice struct {
	text  string
	items []sliceItem
}

// A sliceItem is what one axis is indexed with.
type sliceItem struct {
	text  string
	one   bool // an index, start, that drops the axis
	rest  bool // "..."
	start *int64
	stop  *int64
	step  int64
}

// Name is the operation's name in files.
func (Slice) Name() string { return "slice" }

// Argument is the text between numpy's brackets.
func (op Slice) Argument() any { return op.text }

// DecodeNode reads the text between numpy's brackets, or a list with an item for each axis.
func (op *Slice) DecodeNode(n *config.Node) error {
	var texts []string
	switch n.Kind() {
	case config.String, config.Int:
		texts = strings.Split(n.Text(), ",")
	case config.List:
		for _, item := range n.Items() {
			if k := item.Kind(); k != config.String && k != config.Int && k != config.Null {
				return item.Errorf("an axis is indexed with a slice such as \"0:10\", an index, or null for all of it")
			}
			if item.IsNull() {
				texts = append(texts, ":")
				continue
			}
			texts = append(texts, item.Text())
		}
	default:
		return n.Errorf("numpy's indices are needed in quotes: {slice: \"0:10, :, ::2\"}")
	}
	op.items = nil
	for _, text := range texts {
		item, err := parseSlice(text)
		if err != nil {
			return n.Errorf("%w", err)
		}
		op.items = append(op.items, item)
	}
	op.text = joined(op.items)
	return nil
}

func joined(items []sliceItem) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.text
	}
	return strings.Join(texts, ", ")
}

// parseSlice reads start:stop:step, each part of which may be missing, an index, or "...".
func parseSlice(text string) (item sliceItem, err error) {
	item = sliceItem{text: strings.Join(strings.Fields(text), ""), step: 1}
	if item.text == "..." {
		item.rest = true
		return item, nil
	}
	parts := strings.Split(item.text, ":")
	bad := fmt.Errorf("%q is no index and no slice; 3, 0:10 and ::2 are", strings.TrimSpace(text))
	if len(parts) > 3 {
		return item, bad
	}
	numbers := [3]*int64{}
	for i, part := range parts {
		if part == "" && len(parts) > 1 {
			continue
		}
		v, err := strconv.ParseInt(part, 10, 32)
		if err != nil {
			return item, bad
		}
		numbers[i] = &v
	}
	item.one, item.start, item.stop = len(parts) == 1, numbers[0], numbers[1]
	if numbers[2] != nil {
		item.step = *numbers[2]
	}
	if item.step == 0 {
		return item, fmt.Errorf("%q has step 0", item.text)
	}
	return item, nil
}

// pick resolves the item along an axis of n entries, as Python's slice.indices.
func (item sliceItem) pick(n int) (pick, error) {
	if item.one {
		i, err := entry(*item.start, n)
		return pick{drop: true, start: i, step: 1, n: 1}, err
	}
	low, high := 0, n // where start and stop may lie
	if item.step < 0 {
		low, high = -1, n-1
	}
	within := func(v *int64, missing int) int {
		if v == nil {
			return missing
		}
		i := int(*v)
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	start, stop := within(item.start, low), within(item.stop, high)
	if item.step < 0 {
		start, stop = within(item.start, high), within(item.stop, low)
	}
	step := int(item.step)
	count := 0
	switch {
	case step > 0 && start < stop:
		count = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		count = (start-stop-1)/-step + 1
	}
	if count == 0 {
		return pick{}, fmt.Errorf("%s takes nothing of an axis of %d", item.text, n)
	}
	return pick{start: start, step: step, n: count}, nil
}

// Apply indexes.
func (op Slice) Apply(_ context.Context, a Array) (Array, error) {
	shape := a.Shape()
	items, err := op.along(len(shape))
	if err != nil {
		return a, err
	}
	picks := make([]pick, len(shape))
	for d, item := range items {
		if picks[d], err = item.pick(shape[d]); err != nil {
			return a, fmt.Errorf("axis %d: %w", d, err)
		}
	}
	return a.selected(picks), nil
}

// along returns one item for each of n axes.
func (op Slice) along(n int) ([]sliceItem, error) {
	whole := sliceItem{text: ":", step: 1}
	var items []sliceItem
	open := false
	for _, item := range op.items {
		if !item.rest {
			items = append(items, item)
			continue
		}
		if open {
			return nil, fmt.Errorf("%q: ... may stand once", op.text)
		}
		open = true
		for range n - (len(op.items) - 1) {
			items = append(items, whole)
		}
	}
	if len(items) > n {
		return nil, fmt.Errorf("%q has %d indices, the array %d axes", op.text, len(items), n)
	}
	for len(items) < n {
		items = append(items, whole)
	}
	return items, nil
}
