package graph

import (
	"errors"
	"fmt"
	"math"

	"volara/geometry"
)

// Partials is what one block contributes to means over contacts that several blocks see: sums and counts.
type Partials struct {
	Block int64 // the contributor; its earlier contribution is replaced
	// Roi bounds the edges: an edge is written when its node U has its position in Roi. The zero Roi means no bound.
	Roi    geometry.Roi
	Scores []Score
	// Scale divides the sums in the end, so that they may be whole numbers; all blocks must give the same. 0 means 1.
	Scale float64
	Pairs []Partial
}

// A Score names the edge attributes of one mean: scalars that hold numbers.
type Score struct {
	Mean  string
	Count string // the number of values in the mean; empty: not kept
}

// A Partial is a block's share in the scores of a pair of fragments, in the order of Partials.Scores.
type Partial struct {
	U, V  int64 // U < V, each pair once
	Sum   []float64
	Count []int64 // 0: the block has no share in the score, whatever Sum says
}

// Divisor returns Scale, or 1 where none is given.
func (p *Partials) Divisor() float64 {
	if p.Scale == 0 {
		return 1
	}
	return p.Scale
}

// Validate reports the first thing that no store could take, apart from attributes that it does not have.
func (p *Partials) Validate() error {
	if d := p.Divisor(); !(d > 0) || math.IsInf(d, 0) {
		return fmt.Errorf("partial sums with scale %v", p.Scale)
	}
	named := map[string]bool{}
	for _, s := range p.Scores {
		if s.Mean == "" {
			return errors.New("partial sums of a score without a name")
		}
		for _, name := range []string{s.Mean, s.Count} {
			if name != "" && named[name] {
				return fmt.Errorf("partial sums write attribute %s twice", name)
			}
			named[name] = true
		}
	}
	pairs := make(map[[2]int64]bool, len(p.Pairs))
	for i := range p.Pairs {
		pair := &p.Pairs[i]
		if err := pair.validate(len(p.Scores)); err != nil {
			return fmt.Errorf("partial sums of (%d, %d): %w", pair.U, pair.V, err)
		}
		key := [2]int64{pair.U, pair.V}
		if pairs[key] {
			return fmt.Errorf("partial sums of (%d, %d): given twice", pair.U, pair.V)
		}
		pairs[key] = true
	}
	return nil
}

func (p *Partial) validate(scores int) error {
	switch {
	case p.U >= p.V:
		return errors.New("the smaller id comes first")
	case len(p.Sum) != scores || len(p.Count) != scores:
		return fmt.Errorf("%d sums and %d counts of %d scores", len(p.Sum), len(p.Count), scores)
	}
	for i, n := range p.Count {
		if n < 0 || n > 0 && math.IsNaN(p.Sum[i]) {
			return fmt.Errorf("a sum of %v over %d values", p.Sum[i], n)
		}
	}
	return nil
}
