package ngff

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"volara/zarr/store"
)

// Layout returns the number of the layout of bioformats2raw's containers, 0 for any other group. There is one layout, 3.
func (g *Group) Layout() (int, error) {
	var n int
	_, err := g.decode(keyLayout, &n)
	return n, err
}

// Series returns the paths of the images that the group OME of a container lists, in the order of its OME-XML; nil when
// the group is none such.
func (g *Group) Series() ([]string, error) {
	var paths []string
	if _, err := g.decode(keySeries, &paths); err != nil {
		return nil, err
	}
	for i, p := range paths {
		if !isLocal(p) {
			return nil, g.errorf(fmt.Sprintf("%s[%d]", keySeries, i), "%q is not a path within the container", p)
		}
	}
	return paths, nil
}

// ome is the group of a bioformats2raw container that lists its images and holds METADATA.ome.xml.
const ome = "OME"

// Images returns the paths, below the group, of the images that it holds: those of a bioformats2raw container, the fields
// of view of a well, the labels. It returns nil for other groups, plates included, whose images are in their wells. The
// node is the group's.
func (g *Group) Images(ctx context.Context, n *store.Node) ([]string, error) {
	switch {
	case g.Has(keyPlate):
		return nil, nil
	case g.Has(keyWell):
		well, err := g.Well()
		if err != nil {
			return nil, err
		}
		return well.paths(), nil
	case g.Has(keyLabels):
		return g.Labels()
	case g.Has(keyLayout):
		return g.containerImages(ctx, n)
	}
	return nil, nil
}

// containerImages returns the images of a bioformats2raw container: those that OME lists, or those that are there and
// numbered from 0.
func (g *Group) containerImages(ctx context.Context, n *store.Node) ([]string, error) {
	layout, err := g.Layout()
	if err != nil {
		return nil, err
	}
	if layout != 3 {
		return nil, g.errorf(keyLayout, "%d is not supported; 3 is", layout)
	}
	listed, err := read(ctx, n, ome)
	if err != nil {
		return nil, err
	}
	if listed != nil {
		if paths, err := listed.Series(); paths != nil || err != nil {
			return paths, err
		}
	}
	var paths []string
	for {
		name := strconv.Itoa(len(paths))
		image, err := read(ctx, n, name)
		if err != nil {
			return nil, err
		}
		if image == nil || !image.Has(keyMultiscales) {
			return paths, nil
		}
		paths = append(paths, name)
	}
}

// read reads the metadata of a group below a node.
func read(ctx context.Context, n *store.Node, name string) (*Group, error) {
	child, err := n.Child(name)
	if err != nil {
		return nil, err
	}
	return Read(ctx, child)
}

// Describe says what the group is and which of its images can be opened.
func (g *Group) Describe(images []string) string {
	what := "a group with OME-Zarr metadata and without an image"
	switch {
	case g.Has(keyPlate):
		what = "a plate"
		if plate, err := g.Plate(); err == nil {
			what, images = fmt.Sprintf("a plate of %d wells", len(plate.Wells)), plate.paths()
		}
	case g.Has(keyWell):
		what = fmt.Sprintf("a well of %d fields of view", len(images))
	case g.Has(keyLabels):
		what = fmt.Sprintf("a group of %d label images", len(images))
	case g.Has(keyLayout):
		what = fmt.Sprintf("a bioformats2raw container of %d images", len(images))
	}
	const most = 10
	if len(images) == 0 {
		return fmt.Sprintf("%s: %s", g.File, what)
	}
	dots := ""
	if len(images) > most {
		images, dots = images[:most], ", …"
	}
	return fmt.Sprintf("%s: %s; open one of %s%s below it", g.File, what, strings.Join(images, ", "), dots)
}
