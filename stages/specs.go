package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
	"volara/nd"
	"volara/zarr"
)

// An ArraySpec describes an array that exists or that a task is going to make.
type ArraySpec struct {
	Path       string
	Place      Place // of Path
	Shape      []int // all axes, channels first
	DType      nd.DType
	Chunks     []int               // all axes: what one file holds
	Inner      []int               // of a shard's chunks; else equal to Chunks
	VoxelSize  geometry.Coordinate // spatial axes, world units
	Offset     geometry.Coordinate
	AxisNames  []string // all axes
	Units      []string // all axes
	Types      []string // all axes
	Compressor string
	// AttributeNames are those that the array's attributes also have when it is made; nil: only the usual ones.
	AttributeNames *zarr.AttributeNames
	Format         int    // of zarr; 0: the usual one
	Separator      string // of chunk keys; "": the usual one
	// Neighborhood holds the array's own offsets, one a channel, when it has them; StoredNeighborhood those before lazy
	// operations.
	Neighborhood, StoredNeighborhood []geometry.Coordinate
	// Scratch is how many bytes a voxel reading takes beside its value, because of lazy operations.
	Scratch int
	// Region is what the task that writes the array covers of it; empty: all.
	Region geometry.Roi
	// Warnings says what is odd about the array on disk.
	Warnings []string
	// Shared tells that blocks of the task that writes the array share its files (WriteLocked).
	Shared bool
	// Grid is that of the task that writes the array, if its labels end at its blocks; else nil.
	Grid *geometry.Grid
}

// place returns where the array lies.
func (s ArraySpec) place() Place {
	if s.Place.Path == "" {
		return LocalPlace(s.Path)
	}
	return s.Place
}

// Dims returns the number of spatial (and time) axes.
func (s ArraySpec) Dims() int { return len(s.VoxelSize) }

// ChannelAxes returns the number of leading axes that are neither space nor time.
func (s ArraySpec) ChannelAxes() int { return len(s.Shape) - len(s.VoxelSize) }

// SpatialShape returns the shape of the spatial axes in voxels.
func (s ArraySpec) SpatialShape() geometry.Coordinate {
	return geometry.Coordinate(s.Shape[s.ChannelAxes():])
}

// voxelBytes returns what reading takes for each voxel of a channel.
func (s ArraySpec) voxelBytes() int64 { return int64(s.DType.Size() + s.Scratch) }

// ROI returns the array's extent in world units.
func (s ArraySpec) ROI() geometry.Roi {
	return geometry.NewRoi(s.Offset, s.SpatialShape().Mul(s.VoxelSize))
}

// Voxels returns the box of voxels (spatial axes) that a world region covers; it may leave the array.
func (s ArraySpec) Voxels(world geometry.Roi) geometry.Roi {
	return world.Shift(s.Offset.Neg()).Cover(s.VoxelSize)
}

// GraphSpec describes a graph that exists or that a task is going to make.
type GraphSpec struct {
	Schema graph.Schema
	Extent geometry.Roi // of node positions
	Region geometry.Roi // what the task that writes the nodes covers; empty: all
	// BlockVoxels and Grid are those of the task that writes the nodes; Grid is nil when none in the pipeline does.
	BlockVoxels int64
	Grid        *geometry.Grid
}

// Specs resolves what tasks read while a pipeline is planned: planned outputs first, then what is on disk.
type Specs struct {
	arrays map[string]ArraySpec
	inputs map[string]ArraySpec // resolved, by path
	graphs map[string]GraphSpec
	luts   map[string]bool
}

// NewSpecs returns an empty set of planned outputs.
func NewSpecs() *Specs {
	return &Specs{arrays: map[string]ArraySpec{}, inputs: map[string]ArraySpec{}, graphs: map[string]GraphSpec{}, luts: map[string]bool{}}
}

// AddArray records a planned output.
func (s *Specs) AddArray(spec ArraySpec) { s.arrays[spec.Path] = spec }

// AddGraph records a planned graph.
func (s *Specs) AddGraph(path string, spec GraphSpec) { s.graphs[path] = spec }

// AddLUT records a planned look-up table.
func (s *Specs) AddLUT(path string) { s.luts[path] = true }

// Array returns the specification of a dataset, with the dataset's own overrides applied; a planned output they must not
// contradict.
func (s *Specs) Array(ctx context.Context, d *Dataset) (ArraySpec, error) {
	spec, err := s.resolve(ctx, d)
	if err == nil {
		s.inputs[d.Store] = spec
	}
	return spec, err
}

// Input returns the specification of an array that a task has asked for, by its path.
func (s *Specs) Input(path string) (ArraySpec, bool) {
	spec, ok := s.inputs[path]
	return spec, ok
}

// checkExtent refuses an array so large in world units, with its whole chunks, that sums of its bounds would overflow.
func (s ArraySpec) checkExtent() error {
	for d, voxel := range s.VoxelSize {
		axis := s.ChannelAxes() + d
		if voxels := max(s.Shape[axis], s.Chunks[axis], s.Inner[axis]); voxels > maxWorld/voxel {
			return fmt.Errorf("out of range: %d voxels of %d world units along axis %d reach beyond %d; is the voxel size right?",
				voxels, voxel, axis, maxWorld)
		}
	}
	return nil
}

// Graph returns the specification of a database: planned, or as it is on disk.
func (s *Specs) Graph(ctx context.Context, d *DB) (GraphSpec, error) {
	if spec, ok := s.graphs[d.Path]; ok {
		return spec, nil
	}
	schema, err := d.Schema()
	if err != nil {
		return GraphSpec{}, err
	}
	store, err := sqlite.Open(ctx, d.Path, schema, sqlite.Options{ReadOnly: true})
	if err != nil {
		return GraphSpec{}, err
	}
	extent, err := store.Extent(ctx)
	if closeErr := store.Close(); err == nil {
		err = closeErr
	}
	return GraphSpec{Schema: schema, Extent: extent}, err
}

// orMissing says of a file that is not there what that means for a pipeline; other errors it returns as they are.
func orMissing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there, and no earlier task of this pipeline writes it: %w", path, err)
	}
	return err
}

// PlannedLUT reports whether a task of the pipeline writes the table.
func (s *Specs) PlannedLUT(path string) bool { return s.luts[path] }
