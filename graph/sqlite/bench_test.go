package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// The benchmarks write and read a graph of blocks of 1,000 nodes and 6,000 edges with two attributes, from four
// goroutines. A tenth of the edges lead into the next block.
const (
	benchWriters   = 4
	nodesPerBlock  = 1000
	edgesPerNode   = 6
	voxelsPerBlock = 1 << 18
)

func benchNodes(block int64) []graph.Node {
	nodes := make([]graph.Node, nodesPerBlock)
	for i := range nodes {
		nodes[i] = graph.Node{ID: block*voxelsPerBlock + int64(i) + 1, Size: 100, Position: geometry.Coordinate{int(block) * 64, i, i * 7 % 64}}
	}
	return nodes
}

func benchEdges(block int64) []graph.Edge {
	var edges []graph.Edge
	for i := range int64(nodesPerBlock) {
		u := block*voxelsPerBlock + i + 1
		for j := range int64(edgesPerNode) {
			v := u + 1 + j*7
			if i%10 == 0 {
				v += voxelsPerBlock
			}
			edges = append(edges, graph.Edge{U: u, V: v, Values: []float64{0.25 * float64(j), 0.001 * float64(i)}})
		}
	}
	return edges
}

func benchStore(b *testing.B, folder string) graph.Store {
	b.Helper()
	schema, err := graph.NewSchema(3, nil, []graph.Attr{{Name: "a", Type: graph.Float}, {Name: "b", Type: graph.Float}})
	if err != nil {
		b.Fatal(err)
	}
	store, err := sqlite.Open(context.Background(), filepath.Join(folder, "db.sqlite"), schema, sqlite.Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	if err := store.SetGeneration(context.Background(), "t", "g"); err != nil {
		b.Fatal(err)
	}
	return store
}

var benchWriter = graph.Writer{Task: "t", Generation: "g"}

// eachBlock runs write over blocks from benchWriters goroutines.
func eachBlock(b *testing.B, blocks int64, write func(block int64) error) {
	b.Helper()
	var group sync.WaitGroup
	for w := range int64(benchWriters) {
		group.Go(func() {
			for block := w; block < blocks; block += benchWriters {
				if err := write(block); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkWrite(b *testing.B) {
	for _, repeated := range []bool{false, true} {
		b.Run(fmt.Sprintf("nodes/repeated=%v", repeated), func(b *testing.B) {
			benchWrite(b, nodesPerBlock, repeated, func(s graph.Store, block int64) error {
				ids := graph.IDRange{From: block * voxelsPerBlock, To: (block + 1) * voxelsPerBlock}
				return s.WriteNodes(context.Background(), benchWriter, ids, nil, benchNodes(block))
			})
		})
		b.Run(fmt.Sprintf("edges/repeated=%v", repeated), func(b *testing.B) {
			benchWrite(b, nodesPerBlock*edgesPerNode, repeated, func(s graph.Store, block int64) error {
				return s.WriteEdges(context.Background(), benchWriter, []string{"a", "b"}, benchEdges(block))
			})
		})
		b.Run(fmt.Sprintf("partials/repeated=%v", repeated), func(b *testing.B) {
			benchWrite(b, nodesPerBlock*edgesPerNode, repeated, func(s graph.Store, block int64) error {
				return s.WritePartials(context.Background(), benchWriter, benchPartials(block))
			})
		})
	}
}

// benchPartials returns the edges as shares; those into the next block are shared with it.
func benchPartials(block int64) graph.Partials {
	p := graph.Partials{Block: block, Scores: []graph.Score{{Mean: "a"}, {Mean: "b"}}}
	for _, e := range benchEdges(block) {
		p.Pairs = append(p.Pairs, graph.Partial{U: e.U, V: e.V, Sum: e.Values, Count: []int64{3, 5}})
	}
	for _, e := range benchEdges(block - 1) {
		if e.V > block*voxelsPerBlock {
			p.Pairs = append(p.Pairs, graph.Partial{U: e.U, V: e.V, Sum: e.Values, Count: []int64{2, 4}})
		}
	}
	return p
}

// benchWrite times 200 blocks an iteration.
func benchWrite(b *testing.B, rowsPerBlock int, repeated bool, write func(graph.Store, int64) error) {
	const blocks = 200
	for range b.N {
		b.StopTimer()
		store := benchStore(b, b.TempDir())
		if repeated {
			eachBlock(b, blocks, func(block int64) error { return write(store, block) })
		}
		b.StartTimer()
		eachBlock(b, blocks, func(block int64) error { return write(store, block) })
		b.StopTimer()
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N*blocks*rowsPerBlock)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRead(b *testing.B) {
	const blocks = 400
	store := benchStore(b, b.TempDir())
	defer store.Close()
	eachBlock(b, blocks, func(block int64) error {
		ids := graph.IDRange{From: block * voxelsPerBlock, To: (block + 1) * voxelsPerBlock}
		if err := store.WriteNodes(context.Background(), benchWriter, ids, nil, benchNodes(block)); err != nil {
			return err
		}
		return store.WriteEdges(context.Background(), benchWriter, []string{"a", "b"}, benchEdges(block))
	})
	extent, err := store.Extent(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for name, roi := range map[string]geometry.Roi{
		"all":    {},
		"extent": extent,
		"half":   {Offset: extent.Offset, Shape: geometry.Coordinate{extent.Shape[0] / 2, extent.Shape[1], extent.Shape[2]}},
		"block":  {Offset: extent.Offset.Add(geometry.Coordinate{640, 0, 0}), Shape: geometry.Coordinate{64, 1000, 64}},
	} {
		b.Run("nodes/"+name, func(b *testing.B) {
			n := 0
			for range b.N {
				for _, err := range store.Nodes(context.Background(), roi, nil) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run("edges/"+name, func(b *testing.B) {
			n := 0
			for range b.N {
				for _, err := range store.Edges(context.Background(), roi, []string{"a", "b"}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
