package ngff

import (
	"encoding/json"
	"fmt"
	"strconv"

	"volara/zarr/pyjson"
)

// An Omero says how an image's channels are to be displayed.
type Omero struct {
	Name     string          `json:"name,omitempty"`
	Channels []Channel       `json:"channels"`
	RDefs    json.RawMessage `json:"rdefs,omitempty"` // OMERO's rendering settings, as they come
}

// A Channel says how one channel is to be displayed.
type Channel struct {
	Label    string  `json:"label,omitempty"`
	Color    string  `json:"color"` // hexadecimal, RRGGBB
	Window   *Window `json:"window,omitempty"`
	Active   *bool   `json:"active,omitempty"` // nil: yes
	Inverted bool    `json:"inverted,omitempty"`
	Family   string  `json:"family,omitempty"` // of the transfer function: "linear"
}

// A Window is a range of values: Min and Max are those that voxels can have, Start and End those that black and the full
// colour stand for.
type Window struct {
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// UnmarshalJSON takes the other range where one is missing.
func (w *Window) UnmarshalJSON(raw []byte) error {
	var f struct{ Min, Max, Start, End *float64 }
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	if f.Min == nil || f.Max == nil {
		f.Min, f.Max = f.Start, f.End
	}
	if f.Start == nil || f.End == nil {
		f.Start, f.End = f.Min, f.Max
	}
	if f.Min == nil || f.Max == nil {
		return fmt.Errorf("a window without min and max: %s", pyjson.Excerpt(raw))
	}
	*w = Window{*f.Min, *f.Max, *f.Start, *f.End}
	return nil
}

// Omero returns how the image's channels are to be displayed, nil when it does not say. Where the metadata is in an
// attribute "ome" without an omero, that beside it counts, which is where Volara looks.
func (g *Group) Omero() (*Omero, error) {
	var o Omero
	there, err := g.decode(keyOmero, &o)
	if !there && g.nested {
		beside := Group{File: g.File, fields: g.outer}
		there, err = beside.decode(keyOmero, &o)
	}
	if !there || err != nil {
		return nil, err
	}
	return &o, nil
}

// Windows returns the window of every channel, in the order of the channels. A channel without one is an error.
func (o *Omero) Windows() ([]Window, error) {
	windows := make([]Window, len(o.Channels))
	for i, c := range o.Channels {
		if c.Window == nil {
			return nil, fmt.Errorf("OME-Zarr field %q: missing", fmt.Sprintf("omero.channels[%d].window", i))
		}
		windows[i] = *c.Window
	}
	return windows, nil
}

// RGB returns the channel's colour; ok is false when it is not of the form RRGGBB.
func (c Channel) RGB() (rgb [3]uint8, ok bool) {
	n, err := strconv.ParseUint(c.Color, 16, 24)
	if err != nil || len(c.Color) != 6 {
		return rgb, false
	}
	return [3]uint8{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

// Shown reports whether the channel is to be displayed.
func (c Channel) Shown() bool { return c.Active == nil || *c.Active }
