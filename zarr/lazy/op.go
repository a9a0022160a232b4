package lazy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"volara/config"
	"volara/nd"
)

// An Op is one operation with its argument, as a file writes it: {clip: [0, 1]}, or bare where it has no argument: invert.
type Op interface {
	// Name is the operation's name in files.
	Name() string
	// Argument is its argument, for JSON; nil where it has none.
	Argument() any
	// Apply returns the array with the operation around it. It reads no voxel, and says what is wrong with the operation on
	// such an array.
	Apply(ctx context.Context, a Array) (Array, error)
}

// Ops are operations in the order in which they are applied.
type Ops []Op

// Apply returns the array with all operations around it. Where one of them is wrong, what others have opened is closed.
func (ops Ops) Apply(ctx context.Context, a Array) (Array, error) {
	opened := len(a.closers)
	for _, op := range ops {
		next, err := op.Apply(ctx, a)
		if err != nil {
			a.closers = a.closers[opened:]
			_ = a.Close()
			return Array{}, fmt.Errorf("%s of %s: %w", op.Name(), a.Path(), err)
		}
		a = next
	}
	return a, nil
}

// MarshalJSON writes operations as DecodeNode reads them.
func (ops Ops) MarshalJSON() ([]byte, error) {
	list := make([]any, len(ops))
	for i, op := range ops {
		list[i] = JSON(op)
	}
	return json.Marshal(list)
}

// JSON returns an operation as it stands in a list of them.
func JSON(op Op) any {
	if arg := op.Argument(); arg != nil {
		return map[string]any{op.Name(): arg}
	}
	return op.Name()
}

// String writes an operation as ParseOp reads it.
func String(op Op) string {
	if arg := op.Argument(); arg != nil {
		text, err := json.Marshal(arg)
		if err != nil {
			return op.Name()
		}
		return fmt.Sprintf("%s: %s", op.Name(), text)
	}
	return op.Name()
}

// DecodeNode reads a list of operations.
func (ops *Ops) DecodeNode(n *config.Node) error {
	if n.Kind() != config.List {
		return n.Errorf("a list of operations is needed, such as [{clip: [0, 1]}, invert], not %v", n.Kind())
	}
	var errs []error
	list := Ops{}
	for _, item := range n.Items() {
		op, err := DecodeOp(item)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, op)
	}
	*ops = list
	return config.Join(errs...)
}

// argumentOf are the names of the operations and how the argument of each is read; a null node stands for none.
func argumentOf(name string) func(*config.Node) (Op, error) {
	switch name {
	case "astype":
		return decodeOf[AsType]
	case "scale_shift":
		return decodeOf[ScaleShift]
	case "ome_norm":
		return decodeOf[OMENorm]
	case "normalize":
		return decodeOf[Normalize]
	case "clip":
		return decodeOf[Clip]
	case "threshold":
		return decodeOf[Threshold]
	case "invert":
		return decodeOf[Invert]
	case "channels":
		return decodeOf[Channels]
	case "crop":
		return decodeOf[Crop]
	case "slice":
		return decodeOf[Slice]
	case "flip":
		return decodeOf[Flip]
	case "stack":
		return decodeOf[Stack]
	case "lut":
		return decodeOf[LUT]
	}
	return nil
}

// names lists of all operations.
func names() []string {
	return []string{"astype", "scale_shift", "ome_norm", "normalize", "clip", "threshold", "invert", "channels", "crop", "slice",
		"flip", "stack", "lut"}
}

// decodable is an operation that reads its argument, null included.
type decodable[T any] interface {
	*T
	Op
	DecodeNode(n *config.Node) error
}

func decodeOf[T any, P decodable[T]](n *config.Node) (Op, error) {
	op := P(new(T))
	if err := op.DecodeNode(n); err != nil {
		return nil, err
	}
	return op, nil
}

// DecodeOp reads one operation: its name, or a mapping of its name to its argument.
func DecodeOp(n *config.Node) (Op, error) {
	name, arg := n.Text(), (*config.Node)(nil)
	switch {
	case n.Kind() == config.Map && n.Len() == 1:
		name = n.Keys()[0]
		arg = n.Get(name)
	case n.Kind() != config.String:
		return nil, n.Errorf("an operation is a name, such as invert, or one name with its argument, such as {clip: [0, 1]}")
	}
	decode := argumentOf(name)
	if decode == nil {
		return nil, n.Errorf("no operation is named %q", name).Hint("%s", config.Suggest(name, names()))
	}
	op, err := decode(arg)
	if err == nil {
		return op, nil
	}
	if arg.IsNull() {
		return nil, n.Errorf("%s: %w", name, err)
	}
	return nil, err
}

// Moves reports whether an operation may show voxels at other places of the world than they lie at, or without one.
func Moves(op Op) bool {
	switch op := op.(type) {
	case *Flip:
		return true
	case *Slice:
		return slices.ContainsFunc(op.items, func(item sliceItem) bool { return item.one || item.step < 0 })
	}
	return false
}

// needReal refuses types that are no numbers on a line.
func needReal(a Array) error {
	if t := a.DType(); t < nd.Bool || t > nd.Float64 {
		return fmt.Errorf("it has no meaning for %v; whole numbers, floats and bool have an order", t)
	}
	return nil
}
