package validate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"volara/fault"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// image checks the arrays of a group's images against what the group says of them.
func (c *collector) image(ctx context.Context, n *store.Node, g *ngff.Group) error {
	images, err := g.Multiscales()
	if err != nil {
		c.repeat(g.File, err)
		return nil
	}
	for i, image := range images {
		var before *level
		for j := range image.Datasets {
			l, err := c.level(ctx, n, &image, fmt.Sprintf("%s/multiscales/%d/datasets/%d/path", g.Pointer(), i, j), j)
			if err != nil {
				return err
			}
			if l != nil && before != nil {
				c.compare(before, l)
			}
			if l != nil {
				before = l
			}
		}
		c.channels(g, &image, before)
	}
	return nil
}

// repeat says what is wrong with metadata that cannot be decoded, unless its check has already found fault with it.
func (c *collector) repeat(where string, err error) {
	if len(c.report.Problems) == 0 {
		c.problem(where, err.Error())
	}
}

// A level is an array of an image.
type level struct {
	where string
	zarr.Metadata
	scale []float64
}

// level checks one array; it returns nil where there is none that can be read.
func (c *collector) level(ctx context.Context, n *store.Node, image *ngff.Multiscale, where string, i int) (*level, error) {
	l, err := image.Level(i)
	if err != nil {
		c.repeat(where, err)
		return nil, nil
	}
	child, err := n.Child(l.Path)
	if err != nil {
		return nil, nil //nolint:nilerr // the check of the document has said so
	}
	a, err := zarr.OpenStore(ctx, child.Store, child.Prefix)
	switch {
	case errors.Is(err, zarr.ErrNotFound):
		c.missing = append(c.missing, ngff.Problem{Where: where, What: fmt.Sprintf("no array at %s", child)})
		return nil, nil
	case fault.IsPermanent(err):
		c.arrays++
		c.problem(where, err.Error())
		return nil, nil
	case err != nil:
		return nil, err
	}
	c.arrays++
	found := &level{where: where, Metadata: a.Metadata(), scale: l.Scale}
	c.fits(found, image)
	return found, nil
}

// fits checks an array against the image's axes.
func (c *collector) fits(l *level, image *ngff.Multiscale) {
	g := image.Group()
	if len(l.Shape) != len(image.Axes) && image.Axes != nil {
		c.problem(l.where, fmt.Sprintf("the array has %d dimensions, the image %d axes", len(l.Shape), len(image.Axes)))
		return
	}
	if l.Format != g.Format {
		c.problem(l.where, fmt.Sprintf("an array of zarr v%d in an image of zarr v%d", l.Format, g.Format))
	}
	if g.Is(ngff.KindLabel) && !l.DType.IsInteger() {
		c.problem(l.where, fmt.Sprintf("labels of type %v; they must be integers", l.DType))
	}
	if g.Format == 2 && len(l.Shape) > 1 && l.Separator() != "/" {
		c.warn(l.where, `chunks are named like 0.0; they should be nested like 0/0 (dimension_separator "/")`)
	}
	if g.Format != 3 || image.Axes == nil {
		return
	}
	var names []string
	for _, a := range image.Axes {
		names = append(names, a.Name)
	}
	switch {
	case l.DimensionNames == nil:
		c.warn(l.where, fmt.Sprintf("the array has no dimension_names; they should be %q", names))
	case !slices.Equal(l.DimensionNames, names):
		c.problem(l.where, fmt.Sprintf("the array's dimension_names are %q, the image's axes %q", l.DimensionNames, names))
	}
}

// compare checks a level against the one before, which must be finer.
func (c *collector) compare(before, l *level) {
	if l.DType != before.DType {
		c.problem(l.where, fmt.Sprintf("voxels of type %v after a level of type %v", l.DType, before.DType))
	}
	grown := len(l.Shape) != len(before.Shape)
	for d := range l.Shape {
		grown = grown || l.Shape[d] > before.Shape[d]
	}
	if grown {
		c.problem(l.where, fmt.Sprintf("shape %v after a level of shape %v; levels must be ordered from the finest", l.Shape, before.Shape))
	}
	if len(l.scale) != len(before.scale) {
		return
	}
	for d := range l.scale {
		if l.scale[d] < before.scale[d] {
			c.problem(l.where, fmt.Sprintf("scale %v after a level of scale %v; levels must be ordered from the finest", l.scale, before.scale))
			return
		}
	}
}

// channels checks that the display settings are for as many channels as the arrays have.
func (c *collector) channels(g *ngff.Group, image *ngff.Multiscale, l *level) {
	o, err := g.Omero()
	if o == nil || err != nil || l == nil || len(image.Axes) != len(l.Shape) {
		return
	}
	have := 1
	for d, a := range image.Axes {
		if a.Kind() == "channel" {
			have = l.Shape[d]
		}
	}
	if len(o.Channels) != have {
		c.warn(g.Pointer()+"/omero/channels", fmt.Sprintf("%d channels for an image of %d", len(o.Channels), have))
	}
}
