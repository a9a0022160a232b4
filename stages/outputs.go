package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// outputSpec plans an output array over the grid's region, with the axes of an input's spatial ones. An array that is
// already there keeps its chunks; one that this task could not have made is refused.
func outputSpec(ctx context.Context, in ArraySpec, d *Dataset, grid geometry.Grid, blockSize geometry.Coordinate, dtype nd.DType) (ArraySpec, error) {
	c := in.ChannelAxes()
	out := ArraySpec{
		Path: d.Store, Place: d.place(), DType: dtype, Compressor: d.Compressor, Grid: &grid,
		Shape:     grid.Total().Shape.Div(in.VoxelSize),
		VoxelSize: in.VoxelSize, Offset: grid.Total().Offset,
		AxisNames: in.AxisNames[c:], Types: in.Types[c:], Units: in.Units[c:], AttributeNames: d.AttributeNames,
	}
	if err := checkOverrides(d, out); err != nil {
		return out, err
	}
	switch {
	case d.Chunks != nil && len(d.Chunks) != len(out.Shape):
		return out, fmt.Errorf("chunks %v: one value for each of %d axes is needed", d.Chunks, len(out.Shape))
	case d.Chunks != nil && !d.Chunks.All(func(v int) bool { return v > 0 }):
		return out, fmt.Errorf("chunks %v: every value must be 1 or more", d.Chunks)
	case d.Chunks != nil:
		out.Chunks, out.Inner = d.Chunks, d.Chunks
	case d.zarr().format == 2: // it knows no shards
		out.Chunks = chunksFor(blockSize)
		out.Inner = out.Chunks
	default: // a file a block, of small chunks
		out.Chunks, out.Inner = blockSize, chunksFor(blockSize)
	}
	out.Format, out.Separator = d.zarr().format, d.zarr().separator
	there, err := existing(ctx, d)
	if err != nil {
		return out, err
	}
	if there != nil {
		if err := out.Compatible(*there); err != nil {
			return out, err
		}
		out.Chunks, out.Inner = there.Chunks, there.Inner
	}
	return out, checkSharing(d, &out, grid, blockSize)
}

// checkOverrides refuses what a dataset says of an output where that contradicts what the task makes.
func checkOverrides(d *Dataset, out ArraySpec) error {
	switch known := []string{"", "zstd", "blosc", "gzip", "raw"}; {
	case !slices.Contains(known, d.Compressor):
		return fmt.Errorf("compressor %q is unknown; %s are known", d.Compressor, strings.Join(known[1:], ", "))
	case d.VoxelSize != nil && !d.VoxelSize.Equal(out.VoxelSize):
		return fmt.Errorf("voxel_size %v of %s differs from %v, which the task makes", d.VoxelSize, d.Store, out.VoxelSize)
	case d.Offset != nil && !d.Offset.Equal(out.Offset):
		return fmt.Errorf("offset %v of %s differs from %v, where the task's region starts", d.Offset, d.Store, out.Offset)
	case d.WorldUnit != "" && !out.isIn(d.WorldUnit):
		return fmt.Errorf("world_unit %s of %s: the task makes it in %q; give world_unit to the inputs", d.WorldUnit, d.Store, out.Units)
	}
	return nil
}

// chunksFor divides a block into chunks of about 64³ voxels, along axes that can be divided without making slivers.
func chunksFor(blockSize geometry.Coordinate) geometry.Coordinate {
	const most = 64 * 64 * 64
	chunks := blockSize.Clone()
	for chunks.Prod() > most {
		axis, factor := -1, 0
		for d, n := range chunks {
			if f := smallestFactor(n); f < n && (axis < 0 || n > chunks[axis]) {
				axis, factor = d, f
			}
		}
		if axis < 0 || chunks[axis]/factor < 8 {
			break
		}
		chunks[axis] /= factor
	}
	return chunks
}

// smallestFactor returns the least prime factor of n; n itself where n is prime or 1.
func smallestFactor(n int) int {
	for f := 2; f*f <= n; f++ {
		if n%f == 0 {
			return f
		}
	}
	return n
}

// existing describes the array that is at an output's path; nil when nothing is.
func existing(ctx context.Context, d *Dataset) (*ArraySpec, error) {
	array, err := d.place().Open(ctx)
	if errors.Is(err, zarr.ErrNotFound) {
		return nil, vacant(ctx, d.place())
	}
	if err != nil {
		return nil, fmt.Errorf("there is something at the output's path that is no readable array: %w", err)
	}
	defer array.Close()
	spec, err := SpecOf(array, &Dataset{Store: d.Store, at: d.place()})
	return &spec, err
}

// vacant refuses a path where something else than an array is; what a creation that was killed leaves does not count.
func vacant(ctx context.Context, place Place) error {
	if place.Remote() {
		return vacantOn(ctx, place)
	}
	path := place.Path
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is a file; an array is a folder", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return fmt.Errorf("%s holds something else than an array (%s); choose another path", path, e.Name())
		}
	}
	return nil
}

// vacantOn is vacant for a place on a server.
func vacantOn(ctx context.Context, place Place) error {
	n, err := place.Node(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	names, err := n.Names(ctx, 100)
	for _, name := range names {
		if !strings.HasPrefix(name, ".") {
			return fmt.Errorf("%s holds something else than an array (%s); choose another path", place.Path, name)
		}
	}
	return err
}

// Compatible reports how an array on disk differs from the one planned; nil: not at all.
func (s ArraySpec) Compatible(there ArraySpec) error {
	differ := func(what string, is, planned any) error {
		return fmt.Errorf("%s exists with %s %v, this task would make %v; drop the task's outputs, or choose another path", s.Path, what, is, planned)
	}
	switch {
	case !slices.Equal(s.Shape, there.Shape):
		return differ("shape", there.Shape, s.Shape)
	case s.DType != there.DType:
		return differ("data type", there.DType, s.DType)
	case !s.VoxelSize.Equal(there.VoxelSize):
		return differ("voxel size", there.VoxelSize, s.VoxelSize)
	case !s.Offset.Equal(there.Offset):
		return differ("offset", there.Offset, s.Offset)
	}
	return nil
}

func dropArray(ctx context.Context, d *Dataset) error { return dropPlace(ctx, d.place()) }

// dropPlace removes the array at a place. On a server it cannot be renamed out of writers' way; so it is nobody's first.
func dropPlace(ctx context.Context, place Place) error {
	if place.Remote() {
		if err := disown(ctx, place); err != nil {
			return err
		}
	}
	return place.Remove(ctx)
}

// disown takes the array from the generation that it belongs to, so that its writers stop.
func disown(ctx context.Context, place Place) error {
	array, err := place.Open(ctx)
	if errors.Is(err, zarr.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := ReadMarker(array)
	if err == nil && m != nil && m.Generation != "" {
		m.Generation = ""
		err = array.SetAttributes(ctx, map[string]any{markerAttr: m})
	}
	return errors.Join(err, array.Close())
}
