package picture

import (
	"context"
	"image"
	"image/color"
	"math"

	"volara/nd"
	"volara/volume"
	"volara/zarr/ngff"
)

// A Style says what values mean.
type Style string

// The styles.
const (
	Auto   Style = "auto"   // labels for integers of 32 and 64 bits, colours for three channels or more, else grey
	Grey   Style = "grey"   // dark to bright
	Labels Style = "labels" // ids, each in a colour of its own; 0 is black
	RGB    Style = "rgb"    // three channels as red, green and blue
)

// Options say what a picture shows, and how.
type Options struct {
	// Axis is the name or number of the axis that is cut; "" for the third from last of the axes of space and time. At is
	// the voxel along it, World the position in world units; the middle of the region without either.
	Axis  string
	At    *int
	World *float64
	// Region is what of the plane is shown.
	Region volume.Region
	// Channels are shown as red, green and blue, or a single one in grey; nil for the first ones, or those that the image
	// says are shown. They count all channels of the array in C order.
	Channels []int
	Style    Style
	// Window is the range of values from black to full brightness. Without it Percentiles are taken of the plane; without
	// either it is the image's own for the channel, or the range of the type for bytes, or that of the plane's values.
	Window      *Window
	Percentiles *[2]float64
	// Zoom is the number of pixels along a voxel's shortest side, below 1 to leave voxels out; 0 means 1.
	Zoom float64
	// Voxels draws voxels as squares, whatever their size in the world.
	Voxels bool
	// Omero says how the image's channels are displayed, where it does.
	Omero *ngff.Omero
	// Memory bounds the bytes of the plane.
	Memory int64
}

// A Picture is a plane, drawn.
type Picture struct {
	Image *image.RGBA
	Frame Frame
	// Style is how it is drawn, Channels and Windows what of which channels, nil for labels.
	Style    Style
	Channels []int
	Windows  []Window
}

// maxPixels bounds a picture.
const maxPixels = 1 << 27

// Slice draws a plane of an array. What cannot be drawn so is a *volume.InputError.
func Slice(ctx context.Context, r *volume.Array, o Options) (*Picture, error) {
	f, channelAxes, err := choose(r, o)
	if err != nil {
		return nil, err
	}
	p := &Picture{Frame: f, Style: o.Style}
	if err := p.scale(r, o); err != nil {
		return nil, err
	}
	tints, err := p.chooseChannels(r, o, channelAxes)
	if err != nil {
		return nil, err
	}
	plane := int64(f.Box.Shape[f.Row]) * int64(f.Box.Shape[f.Column])
	if need := plane * int64(r.DType().Size()+8+4*len(p.Channels)); o.Memory > 0 && need > o.Memory {
		return nil, volume.Refuse("the plane of %d × %d voxels takes %d MiB; show a part with --roi or --voxels, or allow more with --memory",
			f.Box.Shape[f.Row], f.Box.Shape[f.Column], need>>20)
	}
	p.Image = image.NewRGBA(image.Rectangle{Max: p.Frame.Size()})
	for i, channel := range p.Channels {
		data, err := readPlane(ctx, r, f.channelBox(r.Shape(), channelAxes, channel))
		if err != nil {
			return nil, err
		}
		if p.Style == Labels {
			p.paintLabels(ids(data))
			return p, nil
		}
		values := numbers(data)
		w := chooseWindow(values, r.DType(), channel, o)
		p.Windows = append(p.Windows, w)
		p.paint(values, w, tints[i])
	}
	return p, nil
}

// scale settles the pixels of a voxel.
func (p *Picture) scale(r *volume.Array, o Options) error {
	zoom := o.Zoom
	if zoom == 0 {
		zoom = 1
	}
	f := &p.Frame
	f.PerRow, f.PerColumn = zoom, zoom
	if !o.Voxels {
		var row, column float64
		for i, axis := range f.Place.Physical() {
			switch axis {
			case f.Row:
				row = f.Place.VoxelSize[i]
			case f.Column:
				column = f.Place.VoxelSize[i]
			}
		}
		shortest := min(row, column)
		if f.Place.Types[f.Row] == f.Place.Types[f.Column] && f.Place.Units[f.Row] == f.Place.Units[f.Column] {
			f.PerRow, f.PerColumn = zoom*row/shortest, zoom*column/shortest
		}
	}
	if size := f.Size(); size.X > maxPixels/size.Y {
		return volume.Refuse("a picture of %d × %d pixels is too large for %s; show a part with --roi or --voxels, or a smaller --zoom", size.X, size.Y, r.Path())
	}
	return nil
}

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

// omeroChannels chooses the channels that the image says are shown, in their colours.
func (p *Picture) omeroChannels(o *ngff.Omero) [][3]float64 {
	var tints [][3]float64
	for i, c := range o.Channels {
		rgb, ok := c.RGB()
		if !c.Shown() {
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
	case o.Omero != nil && channel < len(o.Omero.Channels) && o.Omero.Channels[channel].Window != nil:
		w := o.Omero.Channels[channel].Window
		return Window{w.Start, w.End}
	case t == nd.Bool:
		return Window{0, 1}
	case t == nd.Uint8:
		return Window{0, 255}
	}
	return percentiles(values, 0, 100)
}

// each calls set for every pixel with the voxel that it shows.
func (p *Picture) each(set func(pixel []uint8, voxel int)) {
	f, size := p.Frame, p.Image.Rect.Max
	rows, columns := f.Box.Shape[f.Row], f.Box.Shape[f.Column]
	voxels := make([]int, size.X)
	for x := range voxels {
		voxels[x] = nearest(x, size.X, columns)
	}
	for y := range size.Y {
		row := nearest(y, size.Y, rows) * columns
		line := p.Image.Pix[y*p.Image.Stride:]
		for x, column := range voxels {
			set(line[4*x:4*x+4], row+column)
		}
	}
}

// nearest returns which of so many voxels lies at the centre of a pixel.
func nearest(pixel, pixels, voxels int) int {
	return min(int((float64(pixel)+0.5)*float64(voxels)/float64(pixels)), voxels-1)
}

// paint adds a channel in its colour.
func (p *Picture) paint(values []float64, w Window, tint [3]float64) {
	shades := make([]uint8, len(values))
	for i, v := range values {
		shades[i] = w.shade(v)
	}
	var table [256][3]uint8
	for shade := range table {
		for c, t := range tint {
			table[shade][c] = uint8(float64(shade)*t + 0.5)
		}
	}
	p.each(func(pixel []uint8, voxel int) {
		for c, v := range table[shades[voxel]] {
			pixel[c] = uint8(min(255, int(pixel[c])+int(v)))
		}
		pixel[3] = 255
	})
}

func (p *Picture) paintLabels(ids []uint64) {
	colours := map[uint64]color.RGBA{}
	last, colour := uint64(0), Colour(0)
	p.each(func(pixel []uint8, voxel int) {
		if id := ids[voxel]; id != last {
			var known bool
			if colour, known = colours[id]; !known {
				colour = Colour(id)
				colours[id] = colour
			}
			last = id
		}
		pixel[0], pixel[1], pixel[2], pixel[3] = colour.R, colour.G, colour.B, colour.A
	})
}
