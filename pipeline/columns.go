package pipeline

import (
	"math"
	"slices"

	"volara/geometry"
	"volara/stages"
)

// Columns say in which order the blocks of a run are given out: along one axis, in columns whose cross-section is as
// wide as the cache of decoded chunks allows. Neighbouring blocks read the same chunks, since they read with context or
// because blocks are no multiples of chunks; within a column nearly every chunk is decoded once, and what columns share
// is decoded once for each of them. The axes before the long one are those along which blocks share nothing.
type columns struct {
	long  int                 // the axis along which columns run
	width geometry.Coordinate // world units; nil: blocks go in the order of their indices
}

// cacheShare is the part of the cache that what a column reads may take: the rest holds what lags behind. Measured on
// simulated segmentations, see docs/decisions/16-flow.md.
const cacheShare = 0.8

// columns chooses the columns for workers that cache so many bytes. All tasks that read arrays share them: a task that
// follows another block by block finds what that has read in the cache.
func (p *Plan) columns(cacheBytes int) columns {
	w := newWindow(p)
	c := columns{}
	for c.long < len(w.shares) && !w.shares[c.long] {
		c.long++
	}
	if c.long >= len(w.shares)-1 {
		return c // nothing is shared, or only along the last axis, along which indices run
	}
	n := 1
	for n < w.most && w.bytes(c.long, n+1) <= cacheShare*float64(cacheBytes) {
		n++
	}
	c.width = w.block.Mul(geometry.Fill(len(w.block), n))
	return c
}

// tile returns the shape of a column in blocks of a task; nil where the order makes no difference to it.
func (c columns) tile(t *TaskPlan) geometry.Coordinate {
	if c.width == nil || t.Plan.Global || len(t.Inputs) == 0 || t.Plan.Grid.Dims() != len(c.width) {
		return nil
	}
	tile, counts := geometry.Fill(len(c.width), 1), t.Plan.Grid.Counts()
	tile[c.long] = counts[c.long]
	for d := c.long + 1; d < len(tile); d++ {
		// All columns of about one width, rather than a last one that is a sliver.
		n := max(1, (c.width[d]+t.Plan.Grid.BlockShape()[d]/2)/t.Plan.Grid.BlockShape()[d])
		slices := (counts[d] + n - 1) / n
		tile[d] = (counts[d] + slices - 1) / slices
	}
	return tile
}

// A window is what the reading tasks of a plan need in the cache at a time.
type window struct {
	shares []bool              // by axis: whether neighbouring blocks read the same chunks
	block  geometry.Coordinate // largest block shape
	ctx    geometry.Coordinate // largest context, both sides together
	most   int                 // blocks along an axis
	arrays map[string]chunking
}

// A chunking is the chunks of an array: spatial shape in world units, bytes with all channels.
type chunking struct {
	shape geometry.Coordinate
	bytes float64
}

func newWindow(p *Plan) *window {
	w := &window{arrays: map[string]chunking{}}
	for _, t := range p.Tasks {
		g := t.Plan.Grid
		if t.Plan.Global || len(t.Inputs) == 0 || w.block != nil && len(w.block) != g.Dims() {
			continue
		}
		if w.block == nil {
			w.shares, w.block, w.ctx = make([]bool, g.Dims()), geometry.Fill(g.Dims(), 1), geometry.Fill(g.Dims(), 0)
		}
		inputs := slices.DeleteFunc(slices.Clone(t.Inputs), func(a stages.ArraySpec) bool { return a.Dims() != g.Dims() })
		low, high := g.Context()
		for d, n := range g.Counts() {
			w.block[d] = max(w.block[d], g.BlockShape()[d])
			w.ctx[d] = max(w.ctx[d], low[d]+high[d])
			w.most = max(w.most, n)
			for _, a := range inputs {
				w.shares[d] = w.shares[d] || n > 1 && (low[d]+high[d] > 0 || g.BlockShape()[d]%worldChunk(a, d) != 0)
			}
		}
		for _, a := range inputs {
			c := chunking{shape: make(geometry.Coordinate, a.Dims()), bytes: float64(a.DType.Size())}
			for _, n := range slices.Concat(a.Shape[:a.ChannelAxes()], a.Inner[a.ChannelAxes():]) {
				c.bytes *= float64(n)
			}
			for d := range c.shape {
				c.shape[d] = worldChunk(a, d)
			}
			w.arrays[a.Path] = c
		}
	}
	return w
}

// worldChunk returns the length of an array's chunks along a spatial axis, in world units: at least 1, and where it is
// no number any more, as large as there is one.
func worldChunk(a stages.ArraySpec, d int) int {
	voxels, unit := max(1, a.Inner[a.ChannelAxes()+d]), max(1, a.VoxelSize[d])
	if voxels > math.MaxInt/unit {
		return math.MaxInt
	}
	return voxels * unit
}

// bytes returns what the blocks of one layer of a column, n blocks wide, read of all arrays: whole chunks.
func (w *window) bytes(long, n int) float64 {
	total := 0.0
	for _, a := range w.arrays {
		chunks := 1.0
		for d := long; d < len(w.block); d++ {
			length := w.block[d] + w.ctx[d]
			if d > long {
				length += (n - 1) * w.block[d]
			}
			chunks *= float64((length-1)/a.shape[d] + 2)
		}
		total += chunks * a.bytes
	}
	return total
}
