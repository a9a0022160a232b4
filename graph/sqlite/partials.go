package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"slices"

	"volara/fault"
	"volara/graph"
	"volara/graph/funlib"
)

// A score is one mean that blocks contribute to: where their shares lie and which columns get the result.
type score struct {
	at      int // in graph.Partials.Scores
	table   funlib.Partials
	columns []graph.Attr // mean, and count where it is kept
}

// WritePartials implements graph.Store.
func (s *Store) WritePartials(ctx context.Context, w graph.Writer, p graph.Partials) error {
	scores, err := s.scores(&p)
	if err != nil {
		return err
	}
	pairs := p.Pairs
	byKey := func(a, b graph.Partial) int { return cmp.Or(cmp.Compare(a.U, b.U), cmp.Compare(a.V, b.V)) }
	if !slices.IsSortedFunc(pairs, byKey) {
		pairs = slices.Clone(pairs)
		slices.SortFunc(pairs, byKey)
	}
	return s.write(ctx, 2*len(scores)*len(pairs), func(c *conn) error {
		if err := s.checkWriter(c, w); err != nil {
			return err
		}
		for _, score := range scores {
			if err := s.contribute(c, score, &p, pairs); err != nil {
				return err
			}
		}
		return nil
	})
}

// scores resolves the attributes of a contribution that makes sense.
func (s *Store) scores(p *graph.Partials) ([]score, error) {
	if err := errors.Join(p.Validate(), s.checkRoi(p.Roi)); err != nil {
		return nil, s.about(err)
	}
	if s.meta.Directed {
		return nil, s.about(errors.New("the graph is directed, region adjacency is not"))
	}
	scores := make([]score, len(p.Scores))
	for i, names := range p.Scores {
		scores[i] = score{at: i, table: s.tables.Partials(names.Mean)}
		for _, name := range []string{names.Mean, names.Count} {
			if name == "" {
				continue
			}
			columns, err := s.edgeColumns([]string{name})
			if err != nil {
				return nil, err
			}
			if kind := columns[0].Type.Kind; len(columns) > 1 || kind != graph.KindFloat && (kind != graph.KindInt || name == names.Mean) {
				return nil, s.about(fmt.Errorf("attribute %s is no number that could be a mean or a count", name))
			}
			scores[i].columns = append(scores[i].columns, columns[0])
		}
	}
	return scores, nil
}

// contribute replaces a block's shares in one score and brings the edges that they touch up to date. Pairs that the block
// has no share in any longer keep an empty one until then, so that they count as touched.
func (s *Store) contribute(c *conn, score score, p *graph.Partials, pairs []graph.Partial) error {
	if err := c.exec(score.table.Create()...); err != nil {
		return err
	}
	replaced, err := c.change(score.table.Void(), values(p.Block))
	if err != nil {
		return err
	}
	if err := insertShares(c, score, p.Block, pairs); err != nil {
		return err
	}
	edges, gone, err := s.combine(c, score, p)
	if err != nil {
		return err
	}
	if err := s.upsertEdges(c, score.columns, edges); err != nil {
		return err
	}
	if err := s.removeEdges(c, score.columns, gone); err != nil || replaced == 0 {
		return err
	}
	return c.execute(score.table.Purge(), values(p.Block))
}

func insertShares(c *conn, score score, block int64, pairs []graph.Partial) error {
	mine := make([]*graph.Partial, 0, len(pairs))
	for i := range pairs {
		if pairs[i].Count[score.at] > 0 {
			mine = append(mine, &pairs[i])
		}
	}
	return insert(c, score.table.Upsert, 5, len(mine), func(i int, row []driver.NamedValue) {
		pair := mine[i]
		row[0].Value, row[1].Value, row[2].Value = pair.U, pair.V, block
		row[3].Value, row[4].Value = pair.Sum[score.at], pair.Count[score.at]
	})
}

// combine returns the touched pairs with their values, and those that have none.
func (s *Store) combine(c *conn, score score, p *graph.Partials) (edges, gone []graph.Edge, err error) {
	var pair mean
	finish := func() error {
		switch {
		case pair.count == 0 || !pair.inside:
			gone = append(gone, graph.Edge{U: pair.u, V: pair.v})
		case math.IsNaN(pair.sum):
			return fault.Permanent(s.about(fmt.Errorf("%s of (%d, %d) is no number: it has infinite values of both signs",
				p.Scores[score.at].Mean, pair.u, pair.v)))
		default:
			both := []float64{pair.sum / p.Divisor() / float64(pair.count), float64(pair.count)}
			edges = append(edges, graph.Edge{U: pair.u, V: pair.v, Values: both[:len(score.columns)]})
		}
		return nil
	}
	started := false
	err = c.each(context.Background(), score.table.Select(p.Roi), values(p.Block), func(row []driver.Value) error {
		next, ok := newMean(row)
		switch {
		case !ok:
			return s.damaged(fmt.Sprintf("the share %v in %s is none", row, p.Scores[score.at].Mean))
		case !started:
			started, pair = true, next
		case pair.u == next.u && pair.v == next.v:
			pair.add(next)
		default:
			if err := finish(); err != nil {
				return err
			}
			pair = next
		}
		return nil
	})
	if err == nil && started {
		err = finish()
	}
	return edges, gone, err
}

// A mean is a pair's sum over the shares seen so far.
type mean struct {
	u, v   int64
	inside bool // node u lies in the region of the edges
	sum    float64
	count  int64
}

func newMean(row []driver.Value) (m mean, ok bool) {
	var ends, counted [2]bool
	var inside int64
	m.u, ends[0] = row[0].(int64)
	m.v, ends[1] = row[1].(int64)
	inside, _ = row[2].(int64)
	m.sum, counted[0] = row[3].(float64)
	m.count, counted[1] = row[4].(int64)
	m.inside = inside != 0
	return m, ends[0] && ends[1] && counted[0] && counted[1]
}

func (m *mean) add(share mean) {
	m.sum += share.sum
	m.count += share.count
}

// removeEdges makes columns of edges absent, and removes the edges that have none left.
func (s *Store) removeEdges(c *conn, columns []graph.Attr, edges []graph.Edge) error {
	if len(edges) == 0 {
		return nil
	}
	all, err := s.edgeColumns(names(s.meta.Schema.EdgeAttrs))
	if err != nil {
		return err
	}
	clear, remove := s.tables.RemoveEdge(columns, all)
	for _, e := range edges {
		for _, statement := range []string{clear, remove} {
			if err := c.execute(statement, values(e.U, e.V)); err != nil {
				return err
			}
		}
	}
	return nil
}
