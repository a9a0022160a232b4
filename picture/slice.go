package picture

import (
	"context"
	"image"

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
	// Zoom is the number of pixels along a voxel's shortest side; 0 means 1. Below 1 voxels are left out: those that are not
	// read count in no window either.
	Zoom float64
	// Voxels draws voxels as squares, whatever their size in the world.
	Voxels bool
	// Omero says how the image's channels are displayed, where it does.
	Omero *ngff.Omero
	// Memory bounds the bytes that drawing takes, with the chunks of the array while they are decoded; 0 is no bound.
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
	plane := planeOf(p.Frame)
	need := p.need(plane, r)
	if o.Memory > 0 && need > o.Memory {
		return nil, plane.refused(r, need)
	}
	r, done, err := within(ctx, r, o.Memory, need)
	if err != nil {
		return nil, err
	}
	defer done() //nolint:errcheck // it was only read
	p.Image = image.NewRGBA(image.Rectangle{Max: p.Frame.Size()})
	for i, channel := range p.Channels {
		data, err := plane.read(ctx, r, f.channelBox(r.Shape(), channelAxes, channel))
		if err != nil {
			return nil, err
		}
		if p.Style == Labels {
			p.paintLabels(ids(data), plane)
			return p, nil
		}
		values := numbers(data)
		w := chooseWindow(values, r.DType(), channel, o)
		p.Windows = append(p.Windows, w)
		p.paint(values, plane, w, tints[i])
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
