package lazy

import (
	"context"

	"volara/config"
	"volara/nd"
)

// AsType changes the type of the elements: x.astype(type).
type AsType struct{ To nd.DType }

// Name is the operation's name in files.
func (AsType) Name() string { return "astype" }

// Argument is the type's name.
func (op AsType) Argument() any { return op.To.String() }

// DecodeNode reads the type's name.
func (op *AsType) DecodeNode(n *config.Node) error {
	var name string
	if n.IsNull() {
		return n.Errorf("a type is needed: {astype: float32}")
	}
	if err := n.Decode(&name); err != nil {
		return err
	}
	t, err := nd.ParseDType(name)
	if err != nil || t > nd.Float64 {
		return n.Errorf("no type of numbers is named %q", name).Hint("%s", config.Suggest(name, realTypes()))
	}
	op.To = t
	return nil
}

func realTypes() []string {
	var names []string
	for t := nd.Bool; t <= nd.Float64; t++ {
		names = append(names, t.String())
	}
	return names
}

// Apply changes the type.
func (op AsType) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	return a.mapped(cast(a.DType(), op.To)...), nil
}
