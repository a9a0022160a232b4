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

// An openArray is an array with its place in the world.
type openArray struct {
	array *zarr.Array
	spec  ArraySpec
}

// openInput opens an array for reading, through the worker's cache of decoded chunks. Where this program made the array,
// finished blocks have stored all their chunks: a missing one is an error, and not background.
func openInput(ctx context.Context, d *Dataset, env *Env) (*openArray, error) {
	a, err := openOutput(ctx, d, env)
	if err != nil {
		return nil, err
	}
	if env.Cache != nil {
		a.array = zarr.WithCache(a.array, env.Cache)
	}
	if m, err := ReadMarker(a.array); err == nil && m != nil {
		a.array = a.array.With(zarr.Required())
	}
	return a, nil
}

// openOutput opens an array that Init has made.
func openOutput(ctx context.Context, d *Dataset, _ *Env) (*openArray, error) {
	array, err := zarr.Open(ctx, d.Store)
	if err != nil {
		return nil, err
	}
	spec, err := SpecOf(array, d)
	if err != nil {
		return nil, err
	}
	return &openArray{array, spec}, nil
}

// read returns all channels of a world region (channel axes first); outside the array is 0.
func (a *openArray) read(ctx context.Context, roi geometry.Roi) (*nd.Array, error) {
	box := a.spec.Voxels(roi)
	channels := a.spec.Shape[:a.spec.ChannelAxes()]
	offset := append(make([]int, len(channels)), box.Offset...)
	return a.array.Read(ctx, offset, slices.Concat(channels, box.Shape))
}

// write stores a world region of an array without channels. Its first step is to ask whether the worker still holds
// the block (ctx): one that lost it, and woke up late, must not write over another's work.
func (a *openArray) write(ctx context.Context, roi geometry.Roi, data *nd.Array) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return a.array.Write(ctx, a.spec.Voxels(roi).Offset, data)
}

// closeAll releases arrays; nil ones are left out.
func closeAll(arrays ...*openArray) error {
	var errs []error
	for _, a := range arrays {
		if a != nil {
			errs = append(errs, a.array.Close())
		}
	}
	return errors.Join(errs...)
}

// outputSpec plans an output array over the grid's region, with the axes of an input's spatial ones. An array that is
// already there keeps its chunks; one that this task could not have made is refused.
func outputSpec(ctx context.Context, in ArraySpec, d *Dataset, grid geometry.Grid, blockSize geometry.Coordinate, dtype nd.DType) (ArraySpec, error) {
	c := in.ChannelAxes()
	out := ArraySpec{
		Path: d.Store, DType: dtype, Compressor: d.Compressor, Grid: &grid,
		Shape:     grid.Total().Shape.Div(in.VoxelSize),
		VoxelSize: in.VoxelSize, Offset: grid.Total().Offset,
		AxisNames: in.AxisNames[c:], Types: in.Types[c:], Units: in.Units[c:],
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
		out.Chunks = d.Chunks
	default:
		out.Chunks = chunksFor(blockSize)
	}
	there, err := existing(ctx, d)
	if err != nil {
		return out, err
	}
	if there != nil {
		if err := out.compatible(*there); err != nil {
			return out, err
		}
		out.Chunks = there.Chunks
	}
	if !geometry.Coordinate(out.Chunks).Divides(blockSize) && grid.Len() > 1 {
		return out, fmt.Errorf("blocks of %v voxels would share chunks of %v in %s: two blocks would write one chunk; choose a block_size that is a multiple of the chunks",
			blockSize, geometry.Coordinate(out.Chunks), d.Store)
	}
	return out, nil
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
	}
	return nil
}

// chunksFor divides a block into chunks of at most 64³ voxels or so, so that every block writes whole chunks.
func chunksFor(blockSize geometry.Coordinate) []int {
	const most = 64 * 64 * 64
	chunks := blockSize.Clone()
	for chunks.Prod() > most {
		axis := 0
		for d := range chunks {
			if chunks[d] > chunks[axis] {
				axis = d
			}
		}
		chunks[axis] /= smallestFactor(chunks[axis])
	}
	return chunks
}

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
	array, err := zarr.Open(ctx, d.Store)
	if errors.Is(err, zarr.ErrNotFound) {
		return nil, vacant(d.Store)
	}
	if err != nil {
		return nil, fmt.Errorf("there is something at the output's path that is no readable array: %w", err)
	}
	defer array.Close()
	spec, err := SpecOf(array, &Dataset{Store: d.Store})
	return &spec, err
}

// vacant refuses a path where something else than an array is; what a creation that was killed leaves does not count.
func vacant(path string) error {
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

// compatible reports how an array on disk differs from the one planned.
func (s ArraySpec) compatible(there ArraySpec) error {
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

// markerAttr is the attribute that every output array carries.
const markerAttr = "volara"

// createArray makes an output array, or finds it made, and leaves the generation's marker on it.
func createArray(ctx context.Context, spec ArraySpec, marker Marker) error {
	spatial := zarr.Spatial{VoxelSize: floats(spec.VoxelSize), Offset: floats(spec.Offset), AxisNames: spec.AxisNames,
		Units: spec.Units, Types: spec.Types}
	array, err := zarr.Open(ctx, spec.Path)
	if errors.Is(err, zarr.ErrNotFound) {
		attributes := spatial.Attributes()
		attributes[markerAttr] = marker
		array, err = zarr.Create(ctx, spec.Path, zarr.Spec{Shape: spec.Shape, Chunks: spec.Chunks, DType: spec.DType,
			Codec: spec.Compressor, Attributes: attributes})
	}
	if err != nil {
		return err
	}
	defer array.Close()
	there, err := ReadMarker(array)
	if err == nil && there != nil && there.Generation == marker.Generation {
		return nil
	}
	return array.SetAttributes(ctx, map[string]any{markerAttr: marker})
}

// ReadMarker returns the marker of an output array, nil when it carries none.
func ReadMarker(array *zarr.Array) (*Marker, error) {
	m, meta := new(Marker), array.Metadata()
	found, err := meta.Attribute(markerAttr, m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", array.Path(), err)
	}
	if !found {
		return nil, nil
	}
	return m, nil
}

// OutputMarker opens the array at path and returns its marker, nil when it carries none, and its specification;
// zarr.ErrNotFound when there is no array.
func OutputMarker(ctx context.Context, path string) (*Marker, ArraySpec, error) {
	array, err := zarr.Open(ctx, path)
	if err != nil {
		return nil, ArraySpec{}, err
	}
	defer array.Close()
	spec, err := SpecOf(array, &Dataset{Store: path})
	if err != nil {
		return nil, spec, err
	}
	m, err := ReadMarker(array)
	return m, spec, err
}

// Compatible reports how the array on disk differs from the one planned; nil: not at all.
func (s ArraySpec) Compatible(there ArraySpec) error { return s.compatible(there) }

func dropArray(ctx context.Context, d *Dataset) error { return zarr.Remove(ctx, d.Store) }

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// neighborhoodAttr reads the attribute neighborhood: one offset a channel.
func neighborhoodAttr(array *zarr.Array) ([]geometry.Coordinate, error) {
	var offsets []geometry.Coordinate
	meta := array.Metadata()
	if _, err := meta.Attribute("neighborhood", &offsets); err != nil {
		return nil, fmt.Errorf("%s: a list of offsets is needed: %w", array.Path(), err)
	}
	return offsets, nil
}

func overrides(d *Dataset) zarr.Overrides {
	return zarr.Overrides{VoxelSize: floats(d.VoxelSize), Offset: floats(d.Offset), AxisNames: d.AxisNames, Units: d.Units}
}

func floats(c geometry.Coordinate) []float64 {
	if c == nil {
		return nil
	}
	f := make([]float64, len(c))
	for i, v := range c {
		f[i] = float64(v)
	}
	return f
}
