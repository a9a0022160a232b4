package ngff

import (
	"encoding/json"
	"slices"
)

// An Axis is one dimension of an image's arrays.
type Axis struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // "time", "channel", "space" or a word of one's own; "" when it is not given
	Unit string `json:"unit,omitempty"`
}

// UnmarshalJSON also takes a bare name, as version 0.3 has it.
func (a *Axis) UnmarshalJSON(raw []byte) error {
	type plain Axis
	if json.Unmarshal(raw, &a.Name) != nil {
		return json.Unmarshal(raw, (*plain)(a))
	}
	return nil
}

// Kind returns the axis's type; an axis without one goes by its name.
func (a Axis) Kind() string {
	switch {
	case a.Type != "":
		return a.Type
	case slices.Contains([]string{"z", "y", "x"}, a.Name):
		return "space"
	case a.Name == "t":
		return "time"
	}
	return "channel"
}

// Physical reports whether positions along the axis are in the world: its type is space or time.
func (a Axis) Physical() bool { return a.Kind() == "space" || a.Kind() == "time" }

// oldAxes returns the axes of images before version 0.3, which do not name them.
func oldAxes() []Axis {
	return []Axis{{Name: "t"}, {Name: "c"}, {Name: "z"}, {Name: "y"}, {Name: "x"}}
}
