package lazy

import (
	"context"
	"fmt"

	"volara/config"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/ngff"
)

// OMENorm brings every channel from its window in OMERO's metadata to 0 … 1: (x.astype(float32) − min) / (max − min).
// Channel c has the window omero.channels[c].
type OMENorm struct {
	// Group is the path of the OME-Zarr group that has the metadata; empty for that of the image the array belongs to.
	Group string
	// Off says that nothing is to be done: ome_norm: false.
	Off bool
}

// Name is the operation's name in files.
func (OMENorm) Name() string { return "ome_norm" }

// Argument is the group's path, or true for the array's own image.
func (op OMENorm) Argument() any {
	switch {
	case op.Off:
		return false
	case op.Group == "":
		return true
	}
	return op.Group
}

// DecodeNode reads the group's path, or true or false.
func (op *OMENorm) DecodeNode(n *config.Node) error {
	*op = OMENorm{}
	switch n.Kind() {
	case config.Null:
		return nil
	case config.Bool:
		op.Off = n.Value() == false
		return nil
	case config.String:
		op.Group = n.Text()
		return nil
	}
	return n.Errorf("the path of the OME-Zarr group with the omero metadata is needed, or true for the image that the array belongs to")
}

// Apply reads the windows and normalises; the result is float32.
func (op OMENorm) Apply(ctx context.Context, a Array) (Array, error) {
	if op.Off {
		return a, nil
	}
	if err := needReal(a); err != nil {
		return a, err
	}
	if a.reselected {
		return a, fmt.Errorf("the windows are those of the stored channels: it must come before channels are selected or stacked")
	}
	found, err := op.find(ctx, a)
	if err != nil {
		return a, err
	}
	axis, err := channelAxis(a, len(found))
	if err != nil {
		return a, err
	}
	windows := make([]window, len(found))
	for c, w := range found {
		if axis < 0 || c < a.Shape()[axis] {
			if windows[c], err = newWindow(w.Min, w.Max); err != nil {
				return a, fmt.Errorf("channel %d: %w", c, err)
			}
		}
	}
	if axis < 0 {
		return a.toFloat32(windows[0].apply), nil
	}
	return a.mapped(append(cast(a.DType(), nd.Float32), perEntry(axis, windows))...), nil
}

// find reads the windows of all channels.
func (op OMENorm) find(ctx context.Context, a Array) ([]ngff.Window, error) {
	var group *ngff.Group
	var err error
	where := op.Group
	if where != "" {
		group, err = zarr.ReadGroup(ctx, where)
	} else if where = "the image of " + a.Path(); a.image != nil {
		group = a.image
	}
	switch {
	case err != nil:
		return nil, err
	case group == nil && op.Group == "":
		return nil, fmt.Errorf("%s belongs to no OME-Zarr image; give the path of the group with the omero metadata", a.Path())
	case group == nil:
		return nil, fmt.Errorf("%s has no OME-Zarr metadata", where)
	}
	omero, err := group.Omero()
	if err != nil {
		return nil, err
	}
	if omero == nil || len(omero.Channels) == 0 {
		return nil, fmt.Errorf("%s has no omero metadata, and so no windows of channels", where)
	}
	return omero.Windows()
}

// channelAxis returns the axis that n windows belong to: the one axis of channels, or the first where none is known as
// such; −1 where one window is for all.
func channelAxis(a Array, n int) (int, error) {
	axis, channels := 0, 0
	for d, x := range axesOf(a.Spatial) {
		if !x.physical {
			channels++
			if channels == 1 || x.kind == "channel" {
				axis = d
			}
		}
	}
	shape := a.Shape()
	switch {
	case channels == 0 && n == 1:
		return -1, nil
	case len(shape) == 0 || channels == 0 && shape[0] != n:
		return 0, fmt.Errorf("%d windows, and the array has no axis of channels (axes %v, shape %v)", n, a.Spatial.AxisNames, shape)
	case shape[axis] > n:
		return 0, fmt.Errorf("%d windows for %d channels (shape %v)", n, shape[axis], shape)
	}
	return axis, nil
}

// perEntry applies a window to each entry of an axis.
func perEntry(axis int, windows []window) step {
	s := inPlace(nd.Float32, func([]float32) {})
	s.plain = false
	s.run = func(dst, src []byte, at place) error {
		if len(dst) > 0 && &dst[0] != &src[0] {
			copy(dst, src)
		}
		x, first := nd.Elements[float32](dst), at.first
		below := nd.Len(at.shape[axis+1:])
		for len(x) > 0 {
			n := min(len(x), below-first%below)
			// Entries beyond the array are none of its voxels.
			if c := at.offset[axis] + first/below%at.shape[axis]; c >= 0 && c < len(windows) {
				windows[c].apply(x[:n])
			}
			x, first = x[n:], first+n
		}
		return nil
	}
	return s
}
