package view

import (
	"context"

	"volara/zarr"
	"volara/zarr/ngff"
)

// readImage returns the coarser levels of the image at a path, of which first is the finest one, and reads how the image is
// displayed. A level that cannot be opened is noted and left out.
func (d *Dataset) readImage(ctx context.Context, path string, first *zarr.Array, opening []zarr.Option) ([]*zarr.Array, error) {
	group := first.Image()
	m, err := group.Image()
	if err != nil {
		return nil, err
	}
	var coarser []*zarr.Array
	for i := 1; i < len(m.Datasets); i++ {
		a, err := zarr.Open(ctx, path, append([]zarr.Option{zarr.Level(i)}, opening...)...)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			d.note("a coarser level is left out: %v", err)
		default:
			coarser = append(coarser, a)
		}
	}
	if d.Kind == "" && group.Has("image-label") {
		d.Kind = Labels
	}
	omero, err := group.Omero()
	if err != nil || omero == nil {
		return coarser, nil //nolint:nilerr // colours are chosen then
	}
	for _, c := range omero.Channels {
		d.Channels = append(d.Channels, channelOf(c))
	}
	return coarser, nil
}

func channelOf(c ngff.Channel) Channel {
	out := Channel{Colour: c.Color, Hidden: !c.Shown()}
	if w := c.Window; w != nil && w.Start < w.End {
		out.Window = &Range{w.Start, w.End}
		if c.Inverted {
			out.Window = &Range{w.End, w.Start}
		}
	}
	return out
}

// addLabels adds the labels that come with an image.
func (f *finding) addLabels(ctx context.Context, image Request) {
	labels := image.below("labels")
	g, err := zarr.ReadGroup(ctx, labels.Path)
	var names []string
	if err == nil && g != nil {
		names, err = g.Labels()
	}
	if err != nil {
		f.problems = append(f.problems, err)
	}
	labels.Kind = Labels
	for _, name := range names {
		if err := f.add(ctx, labels.below(name)); err != nil {
			f.problems = append(f.problems, err)
		}
	}
}
