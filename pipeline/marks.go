package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/bits"
	"os"
	"path/filepath"

	"volara/config"
	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// ExportOptions say which done marks are written, and where.
type ExportOptions struct {
	Server Server
	// Task is the task whose marks are meant; "": those of all tasks.
	Task string
	// Path is where the array goes; in the case of all of several tasks, the folder that TASK-meta/blocks_done.zarr go to.
	Path   string
	Logger *slog.Logger
}

// An Exported is an array of done marks that was written.
type Exported struct {
	Task         string
	Path         string
	Done, Blocks int64
}

// ExportMarks writes which blocks of a run are done as Volara keeps it (blocks_done.zarr): an array of one voxel and one
// chunk a block, stored for the blocks that are done only. Volara goes on from it, and so does Up (Selection.Adopt). What is
// at the path already is not touched: that is an *InputError.
func ExportMarks(ctx context.Context, p *Pipeline, o ExportOptions) ([]Exported, error) {
	if _, ok := p.Task(o.Task); o.Task != "" && !ok {
		return nil, inputErrorf("no task is named %q; %s", o.Task, config.Suggest(o.Task, p.Names()))
	}
	records, err := Recorded(ctx, p, o.Server, o.Logger)
	if err != nil {
		return nil, err
	}
	var exported []Exported
	for _, t := range p.Tasks {
		if o.Task != "" && o.Task != t.Name {
			continue
		}
		r, ok := records[t.Name]
		ok = ok && !r.Changed
		if !ok && o.Task == "" {
			o.Logger.Warn("nothing is recorded of the task as it is configured now", "task", t.Name)
			continue
		}
		if !ok {
			return nil, inputErrorf("nothing is recorded of %s as it is configured now", t.Name)
		}
		path := o.Path
		if o.Task == "" && len(p.Tasks) > 1 {
			path = filepath.Join(o.Path, t.Name+metaSuffix, doneMarks)
		}
		if err := writeMarks(ctx, path, r); err != nil {
			return exported, err
		}
		exported = append(exported, Exported{t.Name, path, r.Done.Count(), r.Done.Len()})
	}
	return exported, nil
}

// writeMarks writes the marks of one task.
func writeMarks(ctx context.Context, path string, r Record) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return inputErrorf("%s is there already; remove it, or choose another path", path)
	}
	grid := r.Plan.Plan.Grid
	n := grid.Dims()
	shape := grid.Total().Shape.CeilDiv(grid.BlockShape()) // also blocks that do not fit
	spec := zarr.Spec{Shape: shape, Chunks: geometry.Fill(n, 1), DType: marksType(grid)}
	spatial := zarr.Spatial{}
	for d := range n {
		spatial.VoxelSize = append(spatial.VoxelSize, float64(grid.BlockShape()[d]))
		spatial.Offset = append(spatial.Offset, float64(grid.Total().Offset[d]))
		spatial.AxisNames = append(spatial.AxisNames, fmt.Sprintf("d%d", d))
		spatial.Units, spatial.Types = append(spatial.Units, ""), append(spatial.Types, "space")
	}
	spec.Attributes = spatial.Attributes()
	array, err := zarr.Create(ctx, path, spec)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, array.Close()) }()
	for i, ok := r.Done.Next(0); ok; i, ok = r.Done.Next(i + 1) {
		mark := nd.New(spec.DType, geometry.Fill(n, 1)...)
		setMark(mark, markOf(grid, i))
		if err := array.Write(ctx, grid.Position(i), mark); err != nil {
			return err
		}
	}
	return nil
}

// marksType is the type that Volara chooses: the smallest that holds the number of the block beyond the last one.
func marksType(grid geometry.Grid) nd.DType {
	beyond := grid.Total().Shape.Div(grid.BlockShape())
	for d := range beyond {
		beyond[d]++
	}
	last := cantor(beyond)
	for _, t := range []nd.DType{nd.Uint8, nd.Uint16, nd.Uint32} {
		if last <= 1<<(8*t.Size())-1 {
			return t
		}
	}
	return nd.Uint64
}

// markOf is the number that daisy gives a block, plus 1: it counts blocks from the corner of what the first one reads.
func markOf(grid geometry.Grid, index int64) uint64 {
	low, _ := grid.Context()
	at := grid.Position(index).Add(low.Div(grid.BlockShape()))
	return cantor(at) + 1
}

// setMark sets the one voxel of a mark; a number that the type does not hold is the largest that it does.
func setMark(a *nd.Array, mark uint64) {
	switch a.DType() {
	case nd.Uint8:
		nd.Values[uint8](a)[0] = uint8(min(mark, math.MaxUint8))
	case nd.Uint16:
		nd.Values[uint16](a)[0] = uint16(min(mark, math.MaxUint16))
	case nd.Uint32:
		nd.Values[uint32](a)[0] = uint32(min(mark, math.MaxUint32))
	default:
		nd.Values[uint64](a)[0] = mark
	}
}

// cantor numbers the points with coordinates from 0 on, of one number of dimensions: by their sum, then by the sum of all
// coordinates but the last, and so on. Numbers beyond 64 bits are the largest one less 1.
func cantor(c geometry.Coordinate) uint64 {
	total, sum := uint64(0), 0
	for d, v := range c {
		sum += v
		n := uint64(sum)
		if d > 0 {
			n = simplex(d+1, sum)
		}
		var carry uint64
		if total, carry = bits.Add64(total, n, 0); carry != 0 || n == math.MaxUint64 {
			return math.MaxUint64 - 1
		}
	}
	return total
}

// simplex returns the number of points with so many coordinates from 0 on whose sum is less than edge; the largest number
// there is stands for more.
func simplex(dims, edge int) uint64 {
	v := uint64(1)
	for d := range dims {
		high, low := bits.Mul64(v, uint64(edge+d))
		if high >= uint64(d+1) {
			return math.MaxUint64
		}
		v, _ = bits.Div64(high, low, uint64(d+1))
	}
	if edge == 0 {
		return 0
	}
	return v
}
