package geometry_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
)

var fits = []geometry.Fit{geometry.FitValid, geometry.FitOverhang, geometry.FitShrink}

// grid draws a small grid: shapes around multiples of the block, offsets of either sign, contexts that differ by side.
func grid(t *rapid.T, n int) geometry.Grid {
	most := []int{20, 9, 5, 4}[n-1]
	total := geometry.NewRoi(coordinate(t, "total offset", n, -15, 15), coordinate(t, "total shape", n, 1, most))
	g, err := geometry.NewGrid(total, coordinate(t, "block", n, 1, 4), coordinate(t, "low", n, 0, 5), coordinate(t, "high", n, 0, 5),
		rapid.SampledFrom(fits).Draw(t, "fit"))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// blocks is the slow obvious tiling: every corner on the block lattice, cropped or left out as fit says.
func blocks(g geometry.Grid) []geometry.Block {
	low, high := g.Context()
	var all []geometry.Block
	for _, p := range points(geometry.NewRoi(geometry.Fill(g.Dims(), 0), g.Total().Shape)) {
		write := geometry.NewRoi(g.Total().Offset.Add(p.Mul(g.BlockShape())), g.BlockShape())
		if !g.Total().Meets(write) || g.Fit() == geometry.FitValid && !g.Total().Contains(write) {
			continue
		}
		if g.Fit() == geometry.FitShrink {
			write = write.Intersect(g.Total())
		}
		all = append(all, geometry.Block{Index: int64(len(all)), Position: p, WriteROI: write,
			ReadROI: geometry.FromCorners(write.Offset.Sub(low), write.End().Add(high))})
	}
	return all
}

func sameBlock(a, b geometry.Block) bool {
	return a.Index == b.Index && a.Position.Equal(b.Position) && a.ReadROI.Equal(b.ReadROI) && a.WriteROI.Equal(b.WriteROI)
}

func TestGridBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid(t, dims(t))
		want := blocks(g)
		if g.Len() != int64(len(want)) || g.All().Size() != g.Len() {
			t.Fatalf("%d blocks, want %d", g.Len(), len(want))
		}
		written := int64(0)
		for i, b := range want {
			if got := g.At(int64(i)); !sameBlock(got, b) {
				t.Fatalf("block %+v, want %+v", got, b)
			}
			if got := g.AtPosition(b.Position); !sameBlock(got, b) {
				t.Fatalf("block at %v is %+v, want %+v", b.Position, got, b)
			}
			if g.Index(b.Position) != b.Index || !g.Position(b.Index).Equal(b.Position) {
				t.Fatalf("%v is %d, and %d is %v", b.Position, g.Index(b.Position), b.Index, g.Position(b.Index))
			}
			written += b.WriteROI.Intersect(g.Total()).Size()
		}
		if g.Fit() != geometry.FitValid && written != g.Total().Size() {
			t.Fatalf("blocks cover %d of %d cells", written, g.Total().Size())
		}
	})
}

// TestWhoReadsWhom asks every block whether it meets a region, and compares the boxes of positions with the answers.
func TestWhoReadsWhom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		g, r := grid(t, n), roi(t, "roi", n)
		var writers, readers []geometry.Coordinate
		for _, b := range blocks(g) {
			if b.WriteROI.Meets(r) {
				writers = append(writers, b.Position)
			}
			if b.ReadROI.Meets(r) {
				readers = append(readers, b.Position)
			}
		}
		for name, c := range map[string]struct {
			got  geometry.Roi
			want []geometry.Coordinate
		}{"writers": {g.Writers(r), writers}, "readers": {g.Readers(r), readers}} {
			if !same(c.got, bounds(c.want)) || c.got.Size() != int64(len(c.want)) {
				t.Fatalf("%s of %v are %v, want %v", name, r, c.got, c.want)
			}
			if !g.All().Contains(c.got) {
				t.Fatalf("%s of %v are %v of %v", name, r, c.got, g.All())
			}
		}
	})
}

func TestWrittenByAndReadBy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := dims(t)
		g := grid(t, n)
		positions := geometry.NewRoi(coordinate(t, "first", n, 0, 4), coordinate(t, "count", n, 0, 4)).Intersect(g.All())
		var written, read geometry.Roi
		for _, p := range points(positions) {
			b := g.AtPosition(p)
			written, read = written.Union(b.WriteROI), read.Union(b.ReadROI)
		}
		if got := g.WrittenBy(positions); !same(got, written) {
			t.Fatalf("%v write %v, want %v", positions, got, written)
		}
		if got := g.ReadBy(positions); !same(got, read) {
			t.Fatalf("%v read %v, want %v", positions, got, read)
		}
		if !positions.Empty() && !g.Writers(g.WrittenBy(positions)).Equal(positions) {
			t.Fatalf("%v write what %v write", positions, g.Writers(g.WrittenBy(positions)))
		}
	})
}

func TestGridAtBlockEdges(t *testing.T) {
	for _, c := range []struct {
		shape int
		fit   geometry.Fit
		sizes []int
	}{
		{7, geometry.FitValid, nil},
		{7, geometry.FitOverhang, []int{8}},
		{7, geometry.FitShrink, []int{7}},
		{8, geometry.FitValid, []int{8}},
		{8, geometry.FitOverhang, []int{8}},
		{8, geometry.FitShrink, []int{8}},
		{9, geometry.FitValid, []int{8}},
		{9, geometry.FitOverhang, []int{8, 8}},
		{9, geometry.FitShrink, []int{8, 1}},
	} {
		g, err := geometry.NewGrid(geometry.NewRoi(geometry.Coordinate{-3}, geometry.Coordinate{c.shape}), geometry.Coordinate{8},
			geometry.Coordinate{2}, geometry.Coordinate{1}, c.fit)
		if err != nil {
			t.Fatal(err)
		}
		if g.Len() != int64(len(c.sizes)) {
			t.Fatalf("%d cells, %s: %d blocks, want %d", c.shape, c.fit, g.Len(), len(c.sizes))
		}
		for i, size := range c.sizes {
			b := g.At(int64(i))
			if b.WriteROI.Shape[0] != size || b.ReadROI.Shape[0] != size+3 || b.ReadROI.Offset[0] != -3+8*i-2 {
				t.Errorf("%d cells, %s: block %v reads %v", c.shape, c.fit, b, b.ReadROI)
			}
		}
	}
}

func TestGridRefusesBadInput(t *testing.T) {
	total := geometry.NewRoi(geometry.Coordinate{0, 0}, geometry.Coordinate{10, 10})
	c := func(v ...int) geometry.Coordinate { return v }
	for _, bad := range []struct {
		total            geometry.Roi
		block, low, high geometry.Coordinate
		fit              geometry.Fit
		says             string
	}{
		{geometry.Roi{}, c(), c(), c(), geometry.FitShrink, "1 to 5 dimensions"},
		{geometry.NewRoi(geometry.Fill(6, 0), geometry.Fill(6, 1)), geometry.Fill(6, 1), geometry.Fill(6, 0), geometry.Fill(6, 0), geometry.FitShrink, "1 to 5 dimensions"},
		{total, c(1), c(0, 0), c(0, 0), geometry.FitShrink, "differ in dimensions"},
		{total, c(1, 1), c(0), c(0, 0), geometry.FitShrink, "differ in dimensions"},
		{total, c(1, 1), c(0, 0), nil, geometry.FitShrink, "differ in dimensions"},
		{geometry.NewRoi(c(0, 0), c(0, 5)), c(1, 1), c(0, 0), c(0, 0), geometry.FitShrink, "is empty"},
		{total, c(4, 0), c(0, 0), c(0, 0), geometry.FitShrink, "not positive"},
		{total, c(4, -1), c(0, 0), c(0, 0), geometry.FitShrink, "not positive"},
		{total, c(4, 4), c(-1, 0), c(0, 0), geometry.FitShrink, "negative"},
		{total, c(4, 4), c(0, 0), c(0, -2), geometry.FitShrink, "negative"},
		{total, c(4, 4), c(0, 0), c(0, 0), "", "not valid, overhang or shrink"},
		{geometry.NewRoi(c(0, 0), c(math.MaxInt64, 2)), c(1, 1), c(0, 0), c(0, 0), geometry.FitShrink, "too large"},
	} {
		_, err := geometry.NewGrid(bad.total, bad.block, bad.low, bad.high, bad.fit)
		if err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%v in blocks of %v: error %v, want %q", bad.total, bad.block, err, bad.says)
		}
	}
}

func TestGridJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid(t, dims(t))
		data, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		var back geometry.Grid
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(data) || back.Len() != g.Len() {
			t.Fatalf("%s becomes %s (%v)", data, again, err)
		}
	})
	for _, bad := range []string{`[]`, `{}`, `{"total":[[0],[4]],"block":[0],"context_low":[0],"context_high":[0],"fit":"shrink"}`} {
		var g geometry.Grid
		if err := json.Unmarshal([]byte(bad), &g); err == nil || !strings.HasPrefix(err.Error(), "grid: ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
