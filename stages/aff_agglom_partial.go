package stages

import (
	"cmp"
	"context"
	"math"
	"slices"

	"volara/geometry"
	"volara/graph"
	"volara/kernels"
	"volara/nd"
)

// Fragments that were not made on the task's own grid may cross its blocks, so that no block sees all contacts of a pair.
// Then each voxel pair (p, p+o) counts in one block, the one that holds p, and blocks contribute sums and counts.

// onOwnGrid reports whether fragments and nodes are made by tasks of this pipeline on the given grid: no fragment crosses
// its blocks then.
func onOwnGrid(frags ArraySpec, rag GraphSpec, grid geometry.Grid) bool {
	return frags.Grid != nil && rag.Grid != nil && sameTiles(*frags.Grid, grid) && sameTiles(*rag.Grid, grid)
}

// widen selects the blocks around the region as well, in which contacts of its fragments may count. Of fragments that
// nobody knows the blocks of, it warns: they may reach further.
func (t *AffAgglom) widen(p *Plan, frags ArraySpec) {
	if frags.Grid == nil && !p.Region.Equal(frags.ROI()) {
		p.warnf("fragments may reach beyond %v: their scores cover the contacts there and %v voxels around", p.Region, t.Context)
	}
	low, high := p.Grid.Context()
	p.Region = p.Grid.WrittenBy(p.Grid.Writers(p.Region.Grow(low, high)))
}

// remember notes in the graph whether the generation's blocks contribute shares or write edges. Both must not mix: the
// plan may change its mind when the tasks that made the fragments are not in the pipeline any more.
func (t *AffAgglom) remember(ctx context.Context, s graph.Store, env *Env) error {
	generation := ""
	if t.partial {
		generation = env.Generation
	}
	return s.SetGeneration(ctx, env.Task+sharing, generation)
}

// contributes reports what remember noted.
func contributes(ctx context.Context, s graph.Store, env *Env) (bool, error) {
	generation, err := s.Generation(ctx, env.Task+sharing)
	return err == nil && generation == env.Generation, err
}

// sharing makes a task's name that of the note.
const sharing = " (sums and counts)"

// shares returns what the block contributes to the scores of the fragments in it.
func (p *affAgglom) shares(b geometry.Block, labels, affs *nd.Array) (graph.Partials, error) {
	shares := graph.Partials{Block: b.Index, Roi: p.env.Plan.Grid.Total(), Scale: 1}
	if affs.DType() == nd.Uint8 {
		shares.Scale = 255 // whole sums add up exactly
	}
	for _, name := range p.names {
		score := graph.Score{Mean: name}
		if _, ok := p.DB.EdgeAttrs[name+sizeSuffix]; ok {
			score.Count = name + sizeSuffix
		}
		shares.Scores = append(shares.Scores, score)
	}
	var stats []kernels.PairStats
	for c := range p.AffsData.Neighborhood {
		if len(p.scoresOf[c]) > 0 {
			stats = append(stats, p.startingIn(b, labels, affs, c)...)
		}
	}
	// Stable: every repetition adds in the order of offsets.
	slices.SortStableFunc(stats, func(a, b kernels.PairStats) int { return cmp.Or(cmp.Compare(a.U, b.U), cmp.Compare(a.V, b.V)) })
	for _, s := range stats {
		if err := p.checkNumbers(s); err != nil {
			return shares, err
		}
		if s.V <= math.MaxInt64 {
			shares.Pairs = addShare(shares.Pairs, s, shares.Scale)
		}
	}
	return shares, nil
}

// startingIn returns the statistics of the voxel pairs (p, p+o) of offset number c whose p is the block's. In a box that
// is the block's own voxels and their partners' hull, these are just all pairs.
func (p *affAgglom) startingIn(b geometry.Block, labels, affs *nd.Array, c int) []kernels.PairStats {
	o := p.AffsData.Neighborhood[c]
	own := ownVoxels(p.env.Plan.Grid, b, p.env.Plan.VoxelSize)
	zero := geometry.Fill(len(o), 0)
	hull := own.Grow(o.Min(zero).Neg(), o.Max(zero)).Intersect(geometry.NewRoi(zero, labels.Shape()))
	if hull.Empty() {
		return nil
	}
	near := labels.Crop(hull.Offset, hull.Shape)
	return p.statistics(nd.Values[uint64](near), affs.Sub(c).Crop(hull.Offset, hull.Shape), hull.Shape,
		[]geometry.Coordinate{o}, p.scoresOf[c:c+1])
}

// ownVoxels returns the box of voxels, counted from the block's read ROI, whose pairs count in the block: the write ROI
// and, where the grid ends, the context beyond. So blocks share out what the whole region as one block would read.
func ownVoxels(g geometry.Grid, b geometry.Block, voxelSize geometry.Coordinate) geometry.Roi {
	begin, end := slices.Clone(b.WriteROI.Offset), b.WriteROI.End()
	for d := range begin {
		if begin[d] == g.Total().Offset[d] {
			begin[d] = b.ReadROI.Offset[d]
		}
		if end[d] == g.Total().End()[d] {
			end[d] = b.ReadROI.End()[d]
		}
	}
	return geometry.FromCorners(begin, end).Shift(b.ReadROI.Offset.Neg()).Cover(voxelSize)
}

// addShare adds to the last pair, or begins a new one. Sums are given in 1/scale.
func addShare(pairs []graph.Partial, s kernels.PairStats, scale float64) []graph.Partial {
	u, v := int64(s.U), int64(s.V)
	if n := len(pairs); n == 0 || pairs[n-1].U != u || pairs[n-1].V != v {
		pairs = append(pairs, graph.Partial{U: u, V: v, Sum: make([]float64, len(s.Sum)), Count: make([]int64, len(s.Sum))})
	}
	last := &pairs[len(pairs)-1]
	for i, sum := range s.Sum {
		if scale != 1 {
			sum = math.Round(sum * scale) // as it was before the kernel divided it
		}
		last.Sum[i] += sum
		last.Count[i] += s.Count[i]
	}
	return pairs
}
