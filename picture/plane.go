package picture

import (
	"slices"
	"strconv"
	"strings"

	"volara/volume"
)

// choose returns the frame of the plane that is meant, at zoom 1, and the array's channel axes.
func choose(r *volume.Array, o Options) (Frame, []int, error) {
	shape := r.Shape()
	place, err := r.Place()
	if err != nil {
		return Frame{}, nil, err
	}
	f := Frame{Axis: -1, Place: place}
	if f.Box, err = o.Region.Box(r); err != nil {
		return f, nil, err
	}
	if f.Box.Empty() {
		return f, nil, volume.Refuse("%s has the shape %v: there is nothing to see", r.Path(), shape)
	}
	physical := place.Physical()
	if len(physical) < 2 {
		return f, nil, volume.Refuse("%s has the axes %s: a picture needs two axes of space or time", r.Path(), strings.Join(place.AxisNames, ", "))
	}
	if err := f.cut(r, o, physical); err != nil {
		return f, nil, err
	}
	shown := slices.DeleteFunc(slices.Clone(physical), func(axis int) bool { return axis == f.Axis })
	f.Row, f.Column = shown[len(shown)-2], shown[len(shown)-1]
	for _, axis := range shown[:len(shown)-2] {
		f.Box.Shape[axis] = 1 // the first, of time as a rule
	}
	var channels []int
	for axis := range shape {
		if !slices.Contains(physical, axis) {
			channels = append(channels, axis)
		}
	}
	return f, channels, nil
}

// cut settles the axis that is cut, and where.
func (f *Frame) cut(r *volume.Array, o Options, physical []int) error {
	if len(physical) == 2 && o.Axis == "" && o.At == nil && o.World == nil {
		return nil
	}
	if len(physical) == 2 {
		return volume.Refuse("%s has two axes of space and time, %s: nothing is left to choose", r.Path(), strings.Join(f.Place.AxisNames, ", "))
	}
	axis := physical[len(physical)-3]
	if o.Axis != "" {
		axis = slices.Index(f.Place.AxisNames, o.Axis)
		if n, err := strconv.Atoi(o.Axis); axis < 0 && err == nil && n < len(f.Place.AxisNames) {
			axis = n
		}
		if !slices.Contains(physical, axis) {
			return volume.Refuse("no axis of space or time is called %s; %s has %s", o.Axis, r.Path(), strings.Join(f.Place.AxisNames, ", "))
		}
	}
	f.Axis = axis
	lo, hi := f.Box.Offset[axis], f.Box.Offset[axis]+f.Box.Shape[axis]
	at := lo + (hi-lo)/2
	i := slices.Index(physical, axis)
	switch {
	case o.At != nil:
		at = *o.At
	case o.World != nil:
		place := volume.VoxelAt(*o.World, f.Place.Offset[i], f.Place.VoxelSize[i])
		if !(place >= float64(lo) && place < float64(hi)) {
			return volume.Refuse("position %v along %s: from %v up to %v is shown", *o.World, f.Place.AxisNames[axis],
				f.Place.Offset[i]+float64(lo)*f.Place.VoxelSize[i], f.Place.Offset[i]+float64(hi)*f.Place.VoxelSize[i])
		}
		at = int(place)
	}
	if at < lo || at >= hi {
		return volume.Refuse("voxel %d along %s: %d to %d are possible", at, f.Place.AxisNames[axis], lo, hi-1)
	}
	f.Box.Offset[axis], f.Box.Shape[axis] = at, 1
	return nil
}

// channelBox returns the frame's box of one channel, a number that counts all channels of the array in C order.
func (f Frame) channelBox(shape, axes []int, channel int) volume.Box {
	b := volume.Box{Offset: slices.Clone(f.Box.Offset), Shape: slices.Clone(f.Box.Shape)}
	for i := len(axes) - 1; i >= 0; i-- {
		b.Offset[axes[i]], b.Shape[axes[i]] = channel%shape[axes[i]], 1
		channel /= shape[axes[i]]
	}
	return b
}

// firstChannel returns the number of the first channel in the frame's box.
func (f Frame) firstChannel(shape, axes []int) int {
	n := 0
	for _, axis := range axes {
		n = n*shape[axis] + f.Box.Offset[axis]
	}
	return n
}
