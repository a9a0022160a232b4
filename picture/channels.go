package picture

import (
	"math"
	"slices"

	"volara/nd"
	"volara/volume"
	"volara/zarr/ngff"
)

// chooseChannels settles style and channels, and returns the colour of each channel's full brightness.
func (p *Picture) chooseChannels(r *volume.Array, o Options, axes []int) ([][3]float64, error) {
	count, first := 1, p.Frame.firstChannel(r.Shape(), axes)
	inRegion := 1
	for _, axis := range axes {
		count *= r.Shape()[axis]
		inRegion *= p.Frame.Box.Shape[axis]
	}
	for _, c := range o.Channels {
		if c < 0 || c >= count {
			return nil, volume.Refuse("channel %d: %s has %d, from 0", c, r.Path(), count)
		}
	}
	if p.Style == "" || p.Style == Auto {
		p.Style = p.guess(r.DType(), o, min(count, inRegion))
	}
	white, rgb := [][3]float64{{1, 1, 1}}, [][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	p.Channels = o.Channels
	switch p.Style {
	case Labels:
		if !r.DType().IsInteger() && !(r.DType() == nd.Bool) {
			return nil, volume.Refuse("%s is of type %v: only integers are labels", r.Path(), r.DType())
		}
	case RGB:
		if o.Channels == nil && o.Omero != nil && inRegion == count && len(o.Omero.Channels) == count {
			return p.omeroChannels(o.Omero), nil
		}
		for c := first; o.Channels == nil && c < first+min(inRegion, 3); c++ {
			p.Channels = append(p.Channels, c)
		}
		if len(p.Channels) > 3 {
			return nil, volume.Refuse("%d channels: at most three are shown as red, green and blue", len(p.Channels))
		}
		return rgb, nil
	}
	if len(p.Channels) > 1 {
		return nil, volume.Refuse("%d channels: as %s only one is shown", len(p.Channels), p.Style)
	}
	if p.Channels == nil {
		p.Channels = []int{first}
	}
	return white, nil
}

// guess returns the style that suits an array.
func (p *Picture) guess(t nd.DType, o Options, channels int) Style {
	switch {
	case len(o.Channels) > 1:
		return RGB
	case t.IsInteger() && t.Size() > 2:
		return Labels
	case o.Channels == nil && (channels >= 3 || channels == 2 && o.Omero != nil):
		return RGB
	}
	return Grey
}

// omeroChannels chooses the channels that the image says are shown, in their colours; the first one where it says that
// none is.
func (p *Picture) omeroChannels(o *ngff.Omero) [][3]float64 {
	var tints [][3]float64
	none := !slices.ContainsFunc(o.Channels, ngff.Channel.Shown)
	for i, c := range o.Channels {
		rgb, ok := c.RGB()
		if !c.Shown() && !(none && i == 0) {
			continue
		}
		if !ok {
			rgb = [3]uint8{255, 255, 255}
		}
		p.Channels = append(p.Channels, i)
		tints = append(tints, [3]float64{float64(rgb[0]) / 255, float64(rgb[1]) / 255, float64(rgb[2]) / 255})
	}
	return tints
}

// chooseWindow returns the window of a channel.
func chooseWindow(values []float64, t nd.DType, channel int, o Options) Window {
	switch {
	case o.Window != nil:
		w := *o.Window
		all := percentiles(values, 0, 100)
		if math.IsNaN(w.Low) {
			w.Low = all.Low
		}
		if math.IsNaN(w.High) {
			w.High = all.High
		}
		return w
	case o.Percentiles != nil:
		return percentiles(values, o.Percentiles[0], o.Percentiles[1])
	}
	var c ngff.Channel
	if o.Omero != nil && channel < len(o.Omero.Channels) {
		c = o.Omero.Channels[channel]
	}
	w := usualWindow(values, t, c)
	if c.Inverted {
		w.Low, w.High = w.High, w.Low
	}
	return w
}

// usualWindow returns the window of a channel for which none is asked: the image's own, or the range of the type, or of the
// values.
func usualWindow(values []float64, t nd.DType, c ngff.Channel) Window {
	switch {
	case c.Window != nil:
		return Window{c.Window.Start, c.Window.End}
	case t == nd.Bool:
		return Window{0, 1}
	case t == nd.Uint8:
		return Window{0, 255}
	}
	return percentiles(values, 0, 100)
}
