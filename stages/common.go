package stages

import (
	"fmt"
	"slices"

	"volara/config"
	"volara/geometry"
)

// GridMode says where a task's block grid is anchored and how far its outputs reach.
type GridMode string

const (
	// GridData anchors blocks at the input's own offset; outputs have the input's extent and a roi selects whole
	// blocks of it. A trial region and the whole volume later share outputs, done blocks and ids.
	GridData GridMode = "data"
	// GridROI is Volara's rule: the roi is the outputs' extent and the origin of the grid.
	GridROI GridMode = "roi"
)

// Choices lists the values for the decoder.
func (GridMode) Choices() []string { return []string{string(GridData), string(GridROI)} }

// Shared holds the fields of every task type.
type Shared struct {
	TaskType string        `json:"task_type" config:"required"`
	Name     string        `json:"name,omitempty"`
	Grid     GridMode      `json:"grid,omitempty"`
	ROI      *geometry.Roi `json:"roi,omitempty"`        // world units
	VoxelROI *geometry.Roi `json:"roi_voxels,omitempty"` // the same in voxels of the input
	Within   *geometry.Roi `json:"-"`                    // region asked for by whoever plans; world units
	After    []string      `json:"after,omitempty"`      // tasks whose blocks come first, by ROI
	Seed     uint64        `json:"seed,omitempty"`
	MaskData *Dataset      `json:"mask_data,omitempty"` // blocks without a voxel of it are not computed
	SkipMask *Dataset      `json:"skip_mask,omitempty"` // one cell a block of the grid: not 0 leaves it out this time

	Fit geometry.Fit `json:"fit,omitempty"` // what becomes of blocks at the upper faces; default shrink
	// ReadWriteConflict orders the blocks that read what others of this task write, by daisy's levels.
	ReadWriteConflict *bool `json:"read_write_conflict,omitempty"`

	NumWorkers      *int             `json:"num_workers,omitempty"` // cap on this task's share of the slots
	NumCacheWorkers *int             `json:"num_cache_workers,omitempty"`
	WorkerConfig    *WorkerConfig    `json:"worker_config,omitempty"`
	MaxRetries      *int             `json:"max_retries,omitempty"`
	Timeout         *config.Duration `json:"timeout,omitempty"` // per block
}

// WorkerConfig says where a task's workers run.
type WorkerConfig struct {
	WorkerType string `json:"worker_type,omitempty"`
	Queue      string `json:"queue,omitempty"`
	NumGPUs    *int   `json:"num_gpus,omitempty"`
	NumCPUs    *int   `json:"num_cpus,omitempty"`
}

// DefaultRetries is how often a block is tried again after its first failure where the task does not say.
const DefaultRetries = 2

// Retries returns the tries after the first.
func (c *Shared) Retries() int {
	if c.MaxRetries == nil {
		return DefaultRetries
	}
	return *c.MaxRetries
}

// Conflict reports whether blocks that read what others of the task write must not run together.
func (c *Shared) Conflict() bool { return c.ReadWriteConflict != nil && *c.ReadWriteConflict }

// fit returns the rule for blocks at the upper faces.
func (c *Shared) fit() geometry.Fit {
	if c.Fit == "" {
		return geometry.FitShrink
	}
	return c.Fit
}

// check refuses what is not built yet and what makes no sense, and a fit that is not among those of the task's type.
func (c *Shared) check(fits ...geometry.Fit) error {
	switch {
	case !slices.Contains(geometry.Fits(), c.fit()):
		return fieldErrorf("fit", "is %q; valid, overhang and shrink are known", c.Fit)
	case !slices.Contains(fits, c.fit()):
		return fieldErrorf("fit", "%s has fit %q only, as Volara's has, not %q; leave the field out", c.TaskType, fits[0], c.Fit)
	case c.ROI != nil && c.VoxelROI != nil:
		return fieldErrorf("roi_voxels", "give roi (world units) or roi_voxels, not both")
	case c.NumWorkers != nil && *c.NumWorkers < 1:
		return fieldErrorf("num_workers", "is %d; at least 1 worker is needed (leave the field out for no limit)", *c.NumWorkers)
	case c.MaxRetries != nil && *c.MaxRetries < 0:
		return fieldErrorf("max_retries", "is %d; 0 or more retries are meant", *c.MaxRetries)
	}
	return c.checkWorkers()
}

// region returns the world region that the task is to cover: its roi, or else what its inputs cover (from; empty: the
// whole extent), cut to the extent and to the region asked for.
func (c *Shared) region(extent, from geometry.Roi, voxelSize geometry.Coordinate) (geometry.Roi, error) {
	region := extent
	if !from.Empty() {
		region = from
	}
	field, roi := "roi", c.ROI
	if c.VoxelROI != nil {
		if c.VoxelROI.Dims() != len(voxelSize) {
			return geometry.Roi{}, fieldErrorf("roi_voxels", "has %d dimensions, the data %d", c.VoxelROI.Dims(), len(voxelSize))
		}
		if err := checkBounds(*c.VoxelROI, mostAlong); err != nil {
			return geometry.Roi{}, &FieldError{Field: "roi_voxels", Err: err}
		}
		world := c.VoxelROI.Mul(voxelSize).Shift(extent.Offset)
		field, roi = "roi_voxels", &world
	}
	var err error
	if roi != nil {
		if region, err = cutROI(*roi, extent); err != nil {
			return geometry.Roi{}, &FieldError{Field: field, Err: err}
		}
	}
	if c.Within == nil {
		return region, nil
	}
	if region, err = cutROI(*c.Within, region); err != nil {
		return geometry.Roi{}, &FieldError{Field: field, Err: fmt.Errorf("the region asked for (--roi) %w", err)}
	}
	return region, nil
}

func cutROI(roi, extent geometry.Roi) (geometry.Roi, error) {
	if roi.Dims() != extent.Dims() {
		return roi, fmt.Errorf("has %d dimensions, the data %d", roi.Dims(), extent.Dims())
	}
	if roi.Empty() {
		return roi, fmt.Errorf("is empty: offset %v, shape %v; every value of the shape must be 1 or more", roi.Offset, roi.Shape)
	}
	if err := checkBounds(roi, maxWorld); err != nil {
		return roi, err
	}
	cut := roi.Intersect(extent)
	if cut.Empty() {
		return roi, fmt.Errorf("%v lies outside the data, which is %v (world units)", roi, extent)
	}
	return cut, nil
}

// maxWorld is the largest number of world units that a region or an array may reach.
const maxWorld = 1 << 60

// checkBounds refuses numbers so large that sums of them would overflow.
func checkBounds(roi geometry.Roi, most int) error {
	small := func(v int) bool { return -most <= v && v <= most }
	if !roi.Offset.All(small) || !roi.Shape.All(small) {
		return fmt.Errorf("offset %v, shape %v: a number beyond %d; leave the roi out to mean everything", roi.Offset, roi.Shape, most)
	}
	return nil
}

// tile makes the grid of a task that processes blocks of blockSize voxels over data of the given extent, of which its
// inputs cover from.
func (c *Shared) tile(extent, from geometry.Roi, voxelSize, blockSize, low, high geometry.Coordinate) (geometry.Grid, geometry.Roi, error) {
	region, err := c.region(extent, from, voxelSize)
	if err != nil {
		return geometry.Grid{}, region, err
	}
	total := extent
	if c.Grid == GridROI {
		if !region.Shift(extent.Offset.Neg()).Aligned(voxelSize) {
			return geometry.Grid{}, region, fieldErrorf("roi", "%v does not start and end on whole voxels of %v", region, voxelSize)
		}
		total = region
	}
	grid, err := geometry.NewGrid(total, blockSize.Mul(voxelSize), low.Mul(voxelSize), high.Mul(voxelSize), c.fit())
	if err != nil {
		return geometry.Grid{}, region, &FieldError{Field: "block_size", Err: err}
	}
	const most = 1 << 48 // what it needs in bytes is an int64, too
	read := readShape(grid, voxelSize)
	if _, ok := product(read, most); !ok {
		return grid, region, fieldErrorf("block_size", "a block reads %v voxels, context included: more than memory holds; make blocks or context smaller", read)
	}
	return grid, grid.WrittenBy(grid.Writers(region)), nil
}

// readShape returns how many voxels a grid's largest block reads, along each axis.
func readShape(grid geometry.Grid, voxelSize geometry.Coordinate) geometry.Coordinate {
	low, high := grid.Context()
	return grid.BlockShape().Min(grid.Total().Shape).Add(low).Add(high).Div(voxelSize)
}

// Operational lists the fields that change nothing in the outputs' bytes; a fingerprint leaves them out. The fit is part
// of the grid. No task type reads its own output, so that read_write_conflict is order and no more.
func Operational() []string {
	return []string{"name", "roi", "roi_voxels", "after", "num_workers", "num_cache_workers", "worker_config",
		"max_retries", "timeout", "bulk_write", "skip_mask", "crash", "hang", "bytes",
		"fit", "read_write_conflict"}
}
