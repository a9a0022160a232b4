package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"volara/geometry"
	"volara/zarr"
)

// Keep says how long an array that a task writes stays.
type Keep string

const (
	// KeepAlways is the default: outputs are the user's.
	KeepAlways Keep = "always"
	// KeepUntilConsumed deletes the chunks of a block when all blocks that read them are done, of the whole grids of all
	// tasks of the pipeline that read the array.
	KeepUntilConsumed Keep = "until_consumed"
)

// Choices lists the values for the decoder.
func (Keep) Choices() []string { return []string{string(KeepAlways), string(KeepUntilConsumed)} }

// A Consumed is an output array whose chunks are deleted when nobody needs them any more. It is the array as it was
// opened: once the array has been dropped or made anew, nothing of the new one is deleted. It is safe for concurrent
// use.
type Consumed struct {
	array  *zarr.Array
	spec   ArraySpec
	marker *Marker
	guard  *guard
}

// OpenConsumed opens an array that Init has made for a generation.
func OpenConsumed(ctx context.Context, spec ArraySpec, generation string) (*Consumed, error) {
	array, err := spec.place().Open(ctx)
	if err != nil {
		return nil, err
	}
	m, err := ReadMarker(array)
	if err == nil && (m == nil || m.Generation != generation) {
		err = fmt.Errorf("%s is not of generation %s", spec.Path, generation)
	}
	if err != nil {
		return nil, errors.Join(err, array.Close())
	}
	return &Consumed{array, spec, m, guardArray(array, spec.place(), generation)}, nil
}

// Begin notes on the array, durably and once, that chunks are going to be deleted. It is not safe for concurrent use.
func (c *Consumed) Begin(ctx context.Context) error {
	if c.marker.Consumed {
		return nil
	}
	m := *c.marker
	m.Consumed = true
	if err := c.array.SetAttributes(ctx, map[string]any{markerAttr: m}); err != nil {
		return err
	}
	c.marker = &m
	return nil
}

// Erase deletes the chunks that lie wholly in a world region.
func (c *Consumed) Erase(ctx context.Context, roi geometry.Roi) (zarr.Erased, error) {
	if spec := c.spec; spec.place().Remote() { // what was made anew in its place has the same names
		var err error
		if ctx, err = c.guard.fence(ctx); err != nil {
			return zarr.Erased{}, err
		}
	}
	box := c.spec.Voxels(roi)
	channels := c.spec.Shape[:c.spec.ChannelAxes()]
	return c.array.Erase(ctx, append(make([]int, len(channels)), box.Offset...), slices.Concat(channels, box.Shape))
}

// Path returns where the array is.
func (c *Consumed) Path() string { return c.spec.Path }

// Close releases the array.
func (c *Consumed) Close() error { return c.array.Close() }

// ConsumedMarker returns the marker of the array at a place if chunks of it may have been deleted after they were consumed;
// nil: none, or there is no such array.
func ConsumedMarker(ctx context.Context, place Place) (*Marker, error) {
	m, _, err := OutputMarker(ctx, place)
	switch {
	case errors.Is(err, zarr.ErrNotFound):
		return nil, nil
	case err != nil || m == nil || !m.Consumed:
		return nil, err
	}
	return m, nil
}
