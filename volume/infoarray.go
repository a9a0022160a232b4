package volume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"volara/zarr"
	"volara/zarr/store"
)

// array describes an array.
func (i *Info) array(ctx context.Context, n *Node, o DescribeOptions) error {
	m := n.Array.Metadata()
	s := m.Spec()
	a := &ArrayInfo{
		Shape: m.Shape, DType: m.DType.String(), Chunks: s.Chunks, Shards: s.Shards, SubShards: s.SubShards,
		Order: orderName(s.Order), Codecs: m.CodecsJSON(), Separator: s.Separator, KeyEncoding: "default",
		DimensionNames: m.DimensionNames, LogicalBytes: int64(m.DType.Size()), ChunksTotal: 1,
	}
	if m.DType.Part().Size() > 1 {
		if a.ByteOrder = "little"; s.BigEndian {
			a.ByteOrder = "big"
		}
	}
	if m.Format == 2 || s.V2Keys {
		a.KeyEncoding = "v2"
	}
	if !s.NoFill {
		text := Value(m.Fill.Text(m.DType))
		a.Fill = &text
	}
	for d, length := range m.Shape {
		a.LogicalBytes *= int64(length)
		a.ChunksTotal *= (length + m.Chunks[d] - 1) / m.Chunks[d]
	}
	if l := n.Array.Level(); l != nil {
		a.Level = &LevelOf{l.File, l.Index}
	}
	i.ArrayInfo = a
	place, err := n.Array.Spatial(zarr.Overrides{})
	i.warn(err)
	if err == nil {
		a.Place = placeInfo(m.Shape, place)
		i.Warnings = append(i.Warnings, place.Warnings...)
	}
	if o.Count {
		return i.count(ctx, n.Array, o.CountFor)
	}
	return nil
}

// count adds what of the array is stored; limit bounds the time that takes, unless it is 0.
func (i *Info) count(ctx context.Context, a *zarr.Array, limit time.Duration) error {
	counting := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		counting, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	u, err := a.Usage(counting)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case counting.Err() != nil:
		i.warn(fmt.Errorf("stored chunks were not counted: that takes longer than %v", limit))
		return nil
	case errors.Is(err, store.ErrNoList):
		i.warn(fmt.Errorf("stored chunks were not counted: %w", err))
		return nil
	case err != nil:
		return err
	}
	s := &StoredInfo{Objects: u.Present, Bytes: u.StoredBytes}
	m := a.Metadata()
	if whole := float64(Whole(m.Chunks).Len()) * float64(m.DType.Size()); u.StoredBytes > 0 {
		s.Ratio = min(whole*float64(u.Present), float64(u.LogicalBytes)) / float64(u.StoredBytes)
	}
	i.Stored = s
	return nil
}

func placeInfo(shape []int, place zarr.Spatial) *PlaceInfo {
	p := &PlaceInfo{VoxelSize: place.VoxelSize, Offset: place.Offset, Units: []string{}, End: []float64{}, Axes: []AxisInfo{}}
	for d, name := range place.AxisNames {
		p.Axes = append(p.Axes, AxisInfo{name, place.Types[d], place.Units[d]})
	}
	for k, axis := range place.Physical() {
		p.Units = append(p.Units, place.Units[axis])
		p.End = append(p.End, place.Offset[k]+float64(shape[axis])*place.VoxelSize[k])
	}
	return p
}

// orderName names the order in which the axes of a chunk are stored.
func orderName(order []int) string {
	if order == nil || slices.IsSorted(order) {
		return "C"
	}
	reversed := slices.Clone(order)
	slices.Reverse(reversed)
	if slices.IsSorted(reversed) {
		return "F"
	}
	return fmt.Sprint(order)
}
