package view

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Scene is what is shown, and where the viewer looks at first.
type Scene struct {
	Layers []*Layer
	// Problems say which datasets could not be shown, and why.
	Problems []error

	dims   []axis    // shared by the layers: name, unit, and the finest scale; x first
	middle []float64 // in voxels of these
	widest float64   // of the extents that are looked at, in the finest voxels
}

// newScene puts layers together.
func newScene(layers []*Layer, problems []error) *Scene {
	s := &Scene{Layers: layers, Problems: problems}
	for _, l := range layers {
		for _, a := range l.axes {
			if !a.channel() {
				s.add(a)
			}
		}
	}
	slices.SortStableFunc(s.dims, func(a, b axis) int { return a.rank() - b.rank() })
	s.look()
	return s
}

// rank orders axes as the viewer shows them: x, y, z, what else is of space, time.
func (a axis) rank() int {
	if i := slices.Index([]string{"x", "y", "z"}, a.name); i >= 0 {
		return i
	}
	if a.unit == "m" {
		return 3
	}
	return 4
}

// add notes an axis of a layer.
func (s *Scene) add(a axis) {
	i := slices.IndexFunc(s.dims, func(d axis) bool { return d.name == a.name })
	if i < 0 {
		s.dims = append(s.dims, axis{name: a.name, unit: a.unit, scale: a.scale})
		return
	}
	s.dims[i].scale = min(s.dims[i].scale, a.scale)
}

// displayed returns the axes that are seen at once: the first three of space, or, where there is no space, the first axis.
func (s *Scene) displayed() []axis {
	var list []axis
	for _, d := range s.dims {
		if d.unit == "m" && len(list) < 3 {
			list = append(list, d)
		}
	}
	if list == nil && len(s.dims) > 0 {
		list = s.dims[:1]
	}
	return list
}

// look chooses where to look: at the middle of what all layers share, or, where they share nothing, of the first one.
func (s *Scene) look() {
	s.middle = make([]float64, len(s.dims))
	for d, dim := range s.dims {
		from, to := s.common(dim.name)
		s.middle[d] = math.Floor((from+to)/2/dim.scale+1e-6) + 0.5
	}
	finest := math.Inf(1)
	for _, dim := range s.displayed() {
		finest = min(finest, dim.scale)
	}
	for _, dim := range s.displayed() {
		from, to := s.common(dim.name)
		s.widest = max(s.widest, (to-from)/finest)
	}
}

// common returns the extent along an axis that all layers share, or that of the first one, in metres or seconds.
func (s *Scene) common(name string) (from, to float64) {
	first, last, known := [2]float64{}, [2]float64{math.Inf(-1), math.Inf(1)}, false
	for _, l := range s.Layers {
		for _, a := range l.axes {
			if a.name != name {
				continue
			}
			lo, hi := a.extent()
			if !known {
				first, known = [2]float64{lo, hi}, true
			}
			last = [2]float64{max(last[0], lo), min(last[1], hi)}
		}
	}
	if last[0] < last[1] {
		return last[0], last[1]
	}
	return first[0], first[1]
}

// dimensions writes axes as the viewer does: name, scale and unit.
func dimensions(axes []axis, name func(i int) string) ordered {
	var o ordered
	for i, a := range axes {
		o = append(o, field{name(i), []any{a.scale, a.unit}})
	}
	return o
}

// State returns the viewer's state, JSON, for data that is served at base, a URL that ends in a slash.
func (s *Scene) State(base string) ([]byte, error) {
	layers := make([]ordered, len(s.Layers))
	for i, l := range s.Layers {
		layers[i] = l.state(base)
	}
	var displayed []string
	for _, d := range s.displayed() {
		displayed = append(displayed, d.name)
	}
	layout := "4panel"
	if len(displayed) < 3 {
		layout = "xy"
	}
	state := ordered{{"dimensions", dimensions(s.dims, func(i int) string { return s.dims[i].name })}}
	if displayed != nil {
		state = append(state, field{"displayDimensions", displayed})
	}
	state = append(state, ordered{
		{"position", s.middle},
		{"crossSectionScale", round(max(s.widest/500, 0.1))},
		{"projectionScale", round(max(s.widest*1.5, 1))},
		{"layers", layers},
	}...)
	if len(s.Layers) > 0 {
		state = append(state, field{"selectedLayer", ordered{{"visible", true}, {"layer", s.Layers[0].Name}}})
	}
	return json.Marshal(append(state, field{"layout", layout}))
}

// round keeps three digits: nobody wants more in a link.
func round(v float64) float64 {
	r, _ := strconv.ParseFloat(fmt.Sprintf("%.3g", v), 64)
	return r
}

// state returns the layer's part of the state.
func (l *Layer) state(base string) ordered {
	kind := "image"
	if l.Kind == Labels {
		kind = "segmentation"
	}
	var source any = ordered{{"url", l.source(base)}, {"transform", l.transform()}}
	if len(l.dataset.Legend) > 0 {
		source = []any{source, l.legendSource(base)}
	}
	o := ordered{
		{"type", kind},
		{"source", source},
		{"tab", map[string]string{"image": "rendering", "segmentation": "segments"}[kind]},
	}
	for _, mark := range []struct{ suffix, dims, at string }{{"'", "localDimensions", "localPosition"}, {"^", "channelDimensions", ""}} {
		var list ordered
		var position []float64
		for _, a := range l.axes {
			if strings.HasSuffix(a.name, mark.suffix) {
				list, position = append(list, field{a.name, []any{1, ""}}), append(position, 0.5)
			}
		}
		if list == nil {
			continue
		}
		if o = append(o, field{mark.dims, list}); mark.at != "" {
			o = append(o, field{mark.at, position})
		}
	}
	if program, controls := l.shader(); program != "" {
		o = append(o, field{"shader", program})
		if controls != nil {
			o = append(o, field{"shaderControls", controls})
		}
	}
	if len(l.dataset.Legend) > 0 {
		o = append(o, l.legend()...)
	}
	o = append(o, field{"name", l.Name})
	if l.dataset.Hidden {
		o = append(o, field{"visible", false})
	}
	return o
}

// transform places the layer. An array by itself begins at 0: it is moved to its offset, in voxels. An image is placed by
// its own metadata, but where the viewer has the centre of its first voxel, we have the face.
func (l *Layer) transform() ordered {
	matrix := make([][]float64, len(l.axes))
	for i, a := range l.axes {
		matrix[i] = make([]float64, len(l.axes)+1)
		matrix[i][i], matrix[i][len(l.axes)] = 1, a.offset
		if l.Levels > 1 {
			matrix[i][len(l.axes)] = 0.5
		}
	}
	return ordered{
		{"outputDimensions", dimensions(l.axes, func(i int) string { return l.axes[i].name })},
		{"inputDimensions", dimensions(l.axes, func(i int) string { return l.inputs[i] })},
		{"matrix", matrix},
	}
}

// Link returns the URL at which a viewer shows a state.
func Link(viewer string, state []byte) string {
	return strings.TrimSuffix(viewer, "/") + "/#!" + url.PathEscape(string(state))
}
