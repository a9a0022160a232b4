package lazy

import (
	"context"

	"volara/config"
	"volara/nd"
)

// Invert turns dark into bright, as skimage.util.invert: bool becomes its opposite, whole numbers ~x (max − x where
// they are unsigned, −1 − x where they are signed), floats, whose range is meant to be 0 to 1, 1 − x.
type Invert struct{}

// Name is the operation's name in files.
func (Invert) Name() string { return "invert" }

// Argument is nil.
func (Invert) Argument() any { return nil }

// DecodeNode takes no argument but true.
func (Invert) DecodeNode(n *config.Node) error {
	if n.IsNull() || n.Kind() == config.Bool && n.Value() == true {
		return nil
	}
	return n.Errorf("invert has no argument")
}

// Apply inverts; the type stays.
func (Invert) Apply(_ context.Context, a Array) (Array, error) {
	if err := needReal(a); err != nil {
		return a, err
	}
	switch t := a.DType(); t {
	case nd.Bool:
		return a.mapped(plain(t, func(dst, src []byte) {
			dst = dst[:len(src)]
			for i, v := range src {
				dst[i] = truth(v == 0)
			}
		})), nil
	case nd.Float16:
		return a.mapped(throughFloat32(inPlace(nd.Float32, fromOne[float32]))...), nil
	case nd.Float32:
		return a.mapped(inPlace(t, fromOne[float32])), nil
	case nd.Float64:
		return a.mapped(inPlace(t, fromOne[float64])), nil
	default:
		return a.mapped(plain(t, complement)), nil
	}
}

func fromOne[T nd.Float](x []T) {
	for i, v := range x {
		x[i] = 1 - v
	}
}

func complement(dst, src []byte) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = ^v
	}
}
