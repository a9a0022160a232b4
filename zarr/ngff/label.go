package ngff

import (
	"encoding/json"
	"fmt"
)

// An ImageLabel says what the values of a label image mean.
type ImageLabel struct {
	Version    string                       `json:"version,omitempty"` // up to 0.4
	Colors     []LabelColor                 `json:"colors,omitempty"`
	Properties []map[string]json.RawMessage `json:"properties,omitempty"` // each with a "label-value"
	Source     *LabelSource                 `json:"source,omitempty"`
}

// A LabelColor is the colour of a value: red, green, blue and opacity; nil where none is given.
type LabelColor struct {
	Value json.Number `json:"label-value"`
	RGBA  []uint8     `json:"rgba,omitempty"`
}

// MarshalJSON writes the colour as a list of numbers.
func (c LabelColor) MarshalJSON() ([]byte, error) {
	wide := make([]int, len(c.RGBA))
	for i, v := range c.RGBA {
		wide[i] = int(v)
	}
	return json.Marshal(struct {
		Value json.Number `json:"label-value"`
		RGBA  []int       `json:"rgba,omitempty"`
	}{c.Value, wide})
}

// UnmarshalJSON reads a list of numbers.
func (c *LabelColor) UnmarshalJSON(raw []byte) error {
	var wide struct {
		Value json.Number `json:"label-value"`
		RGBA  []int       `json:"rgba"`
	}
	if err := json.Unmarshal(raw, &wide); err != nil {
		return err
	}
	c.Value, c.RGBA = wide.Value, nil
	for _, v := range wide.RGBA {
		if v < 0 || v > 255 || len(wide.RGBA) != 4 {
			return fmt.Errorf("colour %v of label %s is not four numbers from 0 to 255", wide.RGBA, c.Value)
		}
		c.RGBA = append(c.RGBA, uint8(v))
	}
	return nil
}

// A LabelSource names the image that was labelled: a path relative to the label image's group.
type LabelSource struct {
	Image string `json:"image,omitempty"`
}

// Labels returns the paths of the label images that a group "labels" lists, nil when the group is none such.
func (g *Group) Labels() ([]string, error) {
	var paths []string
	if _, err := g.decode(keyLabels, &paths); err != nil {
		return nil, err
	}
	for i, p := range paths {
		if !isLocal(p) {
			return nil, g.errorf(fmt.Sprintf("%s[%d]", keyLabels, i), "%q is not a path within the group", p)
		}
	}
	return paths, nil
}

// ImageLabel returns what the values of a label image mean, nil when the group says nothing of that.
func (g *Group) ImageLabel() (*ImageLabel, error) {
	var l ImageLabel
	if there, err := g.decode(keyImageLabel, &l); !there || err != nil {
		return nil, err
	}
	return &l, nil
}

// SourceImage returns the path of the labelled image relative to the label image's group; the one that holds the group
// "labels" unless something else is given.
func (l *ImageLabel) SourceImage() string {
	if l.Source == nil || l.Source.Image == "" {
		return "../../"
	}
	return l.Source.Image
}
