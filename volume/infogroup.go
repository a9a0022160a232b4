package volume

import (
	"context"
	"fmt"
	"slices"

	"volara/zarr/ngff"
)

// image describes the image that a group is, if it is one.
func (i *Info) image(ctx context.Context, n *Node) error {
	if n.Kind != KindImage {
		return nil
	}
	image, err := n.NGFF.Image()
	if err != nil || image == nil {
		i.warn(err)
		return nil
	}
	info := &ImageInfo{Version: n.NGFF.Version, Name: image.Name, Axes: axesInfo(image.Axes), Levels: []LevelInfo{}}
	i.ImageInfo = info
	levels, err := image.Levels()
	i.warn(err)
	for _, l := range levels {
		level := LevelInfo{Path: l.Path, Scale: l.Scale, Translation: l.Translation}
		child, err := n.Child(ctx, l.Path)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			i.warn(fmt.Errorf("level %s: %w", l.Path, err))
		case child == nil || child.Array == nil:
			i.warn(fmt.Errorf("level %s: no array is there", l.Path))
		default:
			m := child.Array.Metadata()
			s := m.Spec()
			level.Shape, level.DType, level.Chunks, level.Shards = m.Shape, m.DType.String(), s.Chunks, s.Shards
			if axes := l.AxesFor(len(m.Shape)); axes == nil {
				i.warn(fmt.Errorf("level %s has %d dimensions, which the image's axes or scales do not fit", l.Path, len(m.Shape)))
			} else if info.Axes == nil {
				info.Axes = axesInfo(axes)
			}
		}
		info.Levels = append(info.Levels, level)
	}
	info.Omero, err = n.NGFF.Omero()
	i.warn(err)
	info.ImageLabel, err = n.NGFF.ImageLabel()
	i.warn(err)
	return i.labels(ctx, n)
}

// labels lists the label images of an image.
func (i *Info) labels(ctx context.Context, n *Node) error {
	group, err := n.Child(ctx, "labels")
	if err != nil || group == nil || group.NGFF == nil {
		i.warn(err)
		return ctx.Err()
	}
	i.Labels, err = group.NGFF.Labels()
	i.warn(err)
	return nil
}

func axesInfo(axes []ngff.Axis) []AxisInfo {
	var list []AxisInfo
	for _, a := range axes {
		list = append(list, AxisInfo{a.Name, a.Kind(), a.Unit})
	}
	return list
}

// plate describes the plate that a group is, if it is one.
func (i *Info) plate(n *Node) {
	if n.Kind != KindPlate {
		return
	}
	plate, err := n.NGFF.Plate()
	if err != nil || plate == nil {
		i.warn(err)
		return
	}
	p := &PlateInfo{Name: plate.Name, Acquisitions: len(plate.Acquisitions)}
	for _, r := range plate.Rows {
		p.Rows = append(p.Rows, r.Name)
	}
	for _, c := range plate.Columns {
		p.Columns = append(p.Columns, c.Name)
	}
	for _, w := range plate.Wells {
		p.Wells = append(p.Wells, w.Path)
	}
	i.Plate = p
}

// members lists what is below a group.
func (i *Info) members(ctx context.Context, n *Node, most int) error {
	members, omitted, err := n.Group.Members(ctx, most)
	if err != nil {
		i.warn(err)
		return ctx.Err()
	}
	i.Omitted = omitted
	for _, found := range members {
		m := Member{Name: found.Name}
		switch child := nodeOf(found.Array, found.Group); {
		case child == nil:
			m.Error = found.Err.Error()
		case child.Array != nil:
			meta := child.Array.Metadata()
			m.Kind, m.Shape, m.DType = child.Kind, meta.Shape, meta.DType.String()
		default:
			m.Kind = child.Kind
		}
		i.Members = append(i.Members, m)
	}
	for _, w := range n.Group.Warnings() { // also of what it took to know its members
		if !slices.Contains(i.Warnings, w) {
			i.Warnings = append(i.Warnings, w)
		}
	}
	return nil
}
