package zarr

import (
	"context"
	"errors"
	"fmt"
	"path"

	"volara/fault"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// Level opens a level of an OME-Zarr image by its place in the image's list; 0, the finest, is opened without it.
func Level(i int) Option { return func(o *options) { o.choice = ngff.Index(i) } }

// NearestVoxelSize opens that level of an OME-Zarr image whose voxels are nearest in size to the given one: a number for
// each axis of space and time, or for each of space, in unit or, when that is "", in the image's own units. See
// ngff.Nearest.
func NearestVoxelSize(size []float64, unit string) Option {
	return func(o *options) { o.choice = ngff.Nearest(size, unit) }
}

// Image returns the metadata of the OME-Zarr image that the array is a level of, nil when it is none's: its channels'
// windows, its labels. Level returns which level that is.
func (a *Array) Image() *ngff.Group { return a.image }

// Level returns the level of the OME-Zarr image that the array is, nil when it is none's.
func (a *Array) Level() *ngff.Level { return a.level }

// Through returns where, below the location that was opened, the image lies that the array was chosen from: "." for the
// location itself, "0" in a bioformats2raw container of one image. It is "" where the location is the array's own.
func (a *Array) Through() string { return a.through }

// ReadGroup returns the OME-Zarr metadata of the group at a location, nil when there is none. Of the options only In has
// an effect.
func ReadGroup(ctx context.Context, location string, opts ...Option) (*ngff.Group, error) {
	n, err := openNode(ctx, location, opts)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", location, err)
	}
	g, err := ngff.Read(ctx, n)
	return g, errors.Join(err, n.Close())
}

// openLevel opens the chosen level of the image at a node, nil when there is no image.
func openLevel(ctx context.Context, n *store.Node, choice ngff.Choice, opts []Option) (*Array, error) {
	g, err := ngff.Read(ctx, n)
	if g == nil || err != nil {
		return nil, err
	}
	image, err := g.Image()
	if err != nil {
		return nil, err
	}
	if image == nil {
		return openSeries(ctx, n, g, choice, opts)
	}
	l, err := image.Choose(choice)
	if err != nil {
		return nil, fault.Permanent(err)
	}
	child, err := n.Child(l.Path)
	if err != nil {
		return nil, fault.Permanent(fmt.Errorf("level %q of the image %s: %w", l.Path, n, err))
	}
	a, err := OpenStore(ctx, child.Store, child.Prefix, opts...)
	if err != nil {
		return nil, fmt.Errorf("level %q of the image %s: %w", l.Path, n, err)
	}
	a.image, a.level, a.through = g, l, "."
	return a, nil
}

// openSeries opens the image of a group that holds images, if there is one only, and says otherwise what to open.
func openSeries(ctx context.Context, n *store.Node, g *ngff.Group, choice ngff.Choice, opts []Option) (*Array, error) {
	images, err := g.Images(ctx, n)
	if err != nil {
		return nil, err
	}
	if len(images) != 1 {
		return nil, fault.Permanent(fmt.Errorf("%w: %s", ErrNotFound, g.Describe(images)))
	}
	child, err := n.Child(images[0])
	if err != nil {
		return nil, fault.Permanent(err)
	}
	a, err := openLevel(ctx, child, choice, opts)
	switch {
	case a != nil && err == nil:
		a.through = images[0]
	case err == nil:
		err = fault.Permanent(fmt.Errorf("%w: %s names the image %s, where none is", ErrNotFound, g.File, child))
	}
	return a, err
}

// findLevel returns the image above the array at a node, and what it says of the array; nil when no image does. The error
// is about an image that cannot be understood.
func findLevel(ctx context.Context, n *store.Node, images imageReader) (*ngff.Group, *ngff.Level, error) {
	const deepest = 4
	below := ""
	for range deepest {
		up, ok := n.Parent()
		if !ok {
			break
		}
		below, n = path.Join(n.Base(), below), up
		g, err := images(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		if g == nil {
			continue
		}
		image, err := g.Image()
		if err != nil {
			return nil, nil, err
		}
		if image == nil {
			continue
		}
		if i := image.Find(below); i >= 0 {
			l, err := image.Level(i)
			return g, l, err
		}
	}
	return nil, nil, nil
}

// errNoImage says that a level was asked for where there is no image.
var errNoImage = errors.New("an array is there and no OME-Zarr image: a level cannot be chosen; leave it out, or give the image's path")
