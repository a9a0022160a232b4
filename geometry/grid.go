package geometry

import (
	"encoding/json"
	"fmt"
	"math"
)

// Fit says what happens to blocks at the upper faces of a region whose shape is no multiple of the block shape.
type Fit string

const (
	FitValid    Fit = "valid"    // only whole blocks
	FitOverhang Fit = "overhang" // blocks may leave the region
	FitShrink   Fit = "shrink"   // blocks are cropped to the region, their context is kept
)

// Fits lists all there are.
func Fits() []Fit { return []Fit{FitValid, FitOverhang, FitShrink} }

// A Block is one cell of a Grid.
type Block struct {
	Index    int64      // row-major position in its grid
	Position Coordinate // position in its grid, counted in blocks
	ReadROI  Roi        // world units: WriteROI and its context
	WriteROI Roi        // world units
}

// String names the block for people: its index and what it writes.
func (b Block) String() string { return fmt.Sprintf("%d %v", b.Index, b.WriteROI) }

// A Grid tiles a region with blocks. It is immutable and safe for concurrent use.
type Grid struct {
	total     Roi
	block     Coordinate
	low, high Coordinate
	fit       Fit
	counts    Coordinate
}

// NewGrid tiles total (world units) with blocks of the given write shape, counted from total's offset; every block
// reads low before and high after what it writes. It fails when the numbers of dimensions differ, a shape is not
// positive, a context is negative, or the grid has more blocks than an int64 counts. A grid may have no blocks (fit
// valid in a region smaller than a block).
func NewGrid(total Roi, block, low, high Coordinate, fit Fit) (Grid, error) {
	n := total.Dims()
	if n < 1 || n > MaxDims {
		return Grid{}, fmt.Errorf("a grid has 1 to %d dimensions, not %d", MaxDims, n)
	}
	if len(block) != n || len(low) != n || len(high) != n {
		return Grid{}, fmt.Errorf("region %v, block shape %v and context %v, %v differ in dimensions", total, block, low, high)
	}
	if total.Empty() {
		return Grid{}, fmt.Errorf("region %v is empty", total)
	}
	if !block.All(func(v int) bool { return v > 0 }) {
		return Grid{}, fmt.Errorf("block shape %v is not positive", block)
	}
	if notNegative := func(v int) bool { return v >= 0 }; !low.All(notNegative) || !high.All(notNegative) {
		return Grid{}, fmt.Errorf("context %v, %v is negative", low, high)
	}
	g := Grid{total: total, block: block, low: low, high: high, fit: fit}
	switch fit {
	case FitValid:
		g.counts = total.Shape.Div(block)
	case FitOverhang, FitShrink:
		g.counts = total.Shape.CeilDiv(block)
	default:
		return Grid{}, fmt.Errorf("fit is %q, not valid, overhang or shrink", fit)
	}
	length := int64(1)
	for _, c := range g.counts {
		if c > 0 && length > math.MaxInt64/int64(c) {
			return Grid{}, fmt.Errorf("a grid of %v blocks is too large", g.counts)
		}
		length *= int64(c)
	}
	return g, nil
}

// Total returns the tiled region; with FitOverhang blocks may leave it.
func (g Grid) Total() Roi { return g.total }

// BlockShape returns the write shape of a whole block.
func (g Grid) BlockShape() Coordinate { return g.block }

// Context returns what a block reads before and after its write ROI.
func (g Grid) Context() (low, high Coordinate) { return g.low, g.high }

// Fit returns the rule for the upper faces.
func (g Grid) Fit() Fit { return g.fit }

// Counts returns the number of blocks along each axis.
func (g Grid) Counts() Coordinate { return g.counts }

// Len returns the number of blocks.
func (g Grid) Len() int64 { return g.counts.Prod() }

// Dims returns the number of dimensions.
func (g Grid) Dims() int { return len(g.counts) }

// All returns the box of all block positions.
func (g Grid) All() Roi { return Roi{Offset: Fill(g.Dims(), 0), Shape: g.counts} }

// Index returns the row-major index of a position.
func (g Grid) Index(position Coordinate) int64 {
	i := int64(0)
	for d, p := range position {
		i = i*int64(g.counts[d]) + int64(p)
	}
	return i
}

// Position is the inverse of Index.
func (g Grid) Position(index int64) Coordinate {
	p := make(Coordinate, len(g.counts))
	for d := len(p) - 1; d >= 0; d-- {
		p[d] = int(index % int64(g.counts[d]))
		index /= int64(g.counts[d])
	}
	return p
}

// At returns the block of an index in [0, Len).
func (g Grid) At(index int64) Block { return g.blockAt(index, g.Position(index)) }

// AtPosition returns the block at a position.
func (g Grid) AtPosition(position Coordinate) Block { return g.blockAt(g.Index(position), position) }

func (g Grid) blockAt(index int64, position Coordinate) Block {
	write := Roi{Offset: g.total.Offset.Add(position.Mul(g.block)), Shape: g.block}
	if g.fit == FitShrink {
		write = write.Intersect(g.total)
	}
	return Block{Index: index, Position: position, ReadROI: write.Grow(g.low, g.high), WriteROI: write}
}

// Writers returns the box of positions of the blocks whose write ROI meets roi: those that a reader of roi waits for.
func (g Grid) Writers(roi Roi) Roi { return g.meeting(roi, Fill(g.Dims(), 0), Fill(g.Dims(), 0)) }

// Readers returns the box of positions of the blocks whose read ROI meets roi: those that wait for a writer of roi.
func (g Grid) Readers(roi Roi) Roi { return g.meeting(roi, g.low, g.high) }

func (g Grid) meeting(roi Roi, low, high Coordinate) Roi {
	if g.fit == FitShrink {
		roi = roi.Intersect(g.total.Grow(low, high))
	}
	if roi.Empty() {
		return Roi{Offset: Fill(g.Dims(), 0), Shape: Fill(g.Dims(), 0)}
	}
	at := roi.Shift(g.total.Offset.Neg())
	begin := at.Offset.Sub(high).Div(g.block)
	end := at.End().Add(low).CeilDiv(g.block)
	return FromCorners(begin, end).Intersect(g.All())
}

// WrittenBy returns the union of the write ROIs of a box of positions.
func (g Grid) WrittenBy(positions Roi) Roi {
	if positions.Empty() {
		return Roi{Offset: Fill(g.Dims(), 0), Shape: Fill(g.Dims(), 0)}
	}
	r := positions.Mul(g.block).Shift(g.total.Offset)
	if g.fit == FitShrink {
		r = r.Intersect(g.total)
	}
	return r
}

// ReadBy returns the union of the read ROIs of a box of positions.
func (g Grid) ReadBy(positions Roi) Roi {
	r := g.WrittenBy(positions)
	if r.Empty() {
		return r
	}
	return r.Grow(g.low, g.high)
}

type gridJSON struct {
	Total Roi        `json:"total"`
	Block Coordinate `json:"block"`
	Low   Coordinate `json:"context_low"`
	High  Coordinate `json:"context_high"`
	Fit   Fit        `json:"fit"`
}

// MarshalJSON writes what NewGrid takes.
func (g Grid) MarshalJSON() ([]byte, error) {
	return json.Marshal(gridJSON{g.total, g.block, g.low, g.high, g.fit})
}

// UnmarshalJSON reads what MarshalJSON wrote, with NewGrid's checks.
func (g *Grid) UnmarshalJSON(data []byte) error {
	var j gridJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("grid: %w", err)
	}
	grid, err := NewGrid(j.Total, j.Block, j.Low, j.High, j.Fit)
	if err != nil {
		return fmt.Errorf("grid: %w", err)
	}
	*g = grid
	return nil
}
