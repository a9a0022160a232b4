package ngff

import (
	"encoding/json"
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

// UnmarshalJSON reads what belongs to the type; anything else may be anything.
func (t *Transform) UnmarshalJSON(raw []byte) error {
	var f struct {
		Type                     string
		Path, Scale, Translation json.RawMessage
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	t.Type, t.Path = f.Type, textOf(f.Path)
	var err error
	switch {
	case t.Type == "scale" && f.Scale != nil:
		err = json.Unmarshal(f.Scale, &t.Scale)
	case t.Type == "translation" && f.Translation != nil:
		err = json.Unmarshal(f.Translation, &t.Translation)
	}
	return err
}

// apply adds a transformation after those before it.
func (l *Level) apply(t Transform) error {
	switch {
	case t.Path != "" && t.Scale == nil && t.Translation == nil:
		return fmt.Errorf("a transformation in a file, %q, is not supported", t.Path)
	case t.Type == "identity":
		return nil
	case t.Type == "scale" && t.Scale == nil, t.Type == "translation" && t.Translation == nil:
		return fmt.Errorf("a %s without its numbers", t.Type)
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
