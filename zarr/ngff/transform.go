package ngff

import (
	"fmt"
	"slices"
)

// A Transform is one step from voxels to the world.
type Transform struct {
	Type        string    `json:"type"` // "scale", "translation" or "identity"
	Path        string    `json:"path,omitempty"`
	Scale       []float64 `json:"scale,omitempty"`
	Translation []float64 `json:"translation,omitempty"`
}

// apply adds a transformation after those before it.
func (l *Level) apply(t Transform) error {
	switch {
	case t.Path != "":
		return fmt.Errorf("a transformation in a file, %q, is not supported", t.Path)
	case t.Type == "identity":
		return nil
	case t.Type == "scale":
		if l.Scale != nil && len(l.Scale) != len(t.Scale) {
			return fmt.Errorf("scales of %d and %d axes", len(l.Scale), len(t.Scale))
		}
		l.Scale = combine(l.Scale, t.Scale, func(a, b float64) float64 { return a * b })
		if l.Translation != nil {
			if len(l.Translation) != len(t.Scale) {
				return fmt.Errorf("a translation of %d axes and a scale of %d", len(l.Translation), len(t.Scale))
			}
			l.Translation = combine(l.Translation, t.Scale, func(a, b float64) float64 { return a * b })
		}
		return nil
	case t.Type == "translation":
		if l.Translation != nil && len(l.Translation) != len(t.Translation) {
			return fmt.Errorf("translations of %d and %d axes", len(l.Translation), len(t.Translation))
		}
		l.Translation = combine(l.Translation, t.Translation, func(a, b float64) float64 { return a + b })
		return nil
	}
	return fmt.Errorf("type %q is not supported; scale, translation and identity are", t.Type)
}

// combine joins two vectors; a nil one stands for whatever leaves the other as it is.
func combine(a, b []float64, join func(a, b float64) float64) []float64 {
	r := slices.Clone(b)
	for i := range a {
		r[i] = join(a[i], b[i])
	}
	return r
}
