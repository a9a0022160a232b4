package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// lock holds the database's write lock, as another process would.
func lock(t testing.TB, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

const childVariable = "VOLARA_TEST_GRAPH"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		fmt.Fprintln(os.Stderr, writeForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForever writes blocks of 100 nodes, and 99 edges between them with the block's number, over and over, and shares
// in the chain of the first fragments.
func writeForever(path string) error {
	ctx, w := context.Background(), graph.Writer{Task: "t", Generation: "g"}
	schema, err := graph.NewSchema(3, nil, []graph.Attr{{Name: "a", Type: graph.Float}, mean, count})
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, path, schema, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	if err := store.SetGeneration(ctx, "t", "g"); err != nil {
		return err
	}
	failed := make(chan error)
	for worker := range int64(3) {
		go func() {
			for block := worker; ; block = (block + 3) % 3000 {
				if err := writeBlock(ctx, store, w, block); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

func writeBlock(ctx context.Context, store graph.Store, w graph.Writer, block int64) error {
	first := 100 * block
	var nodes []graph.Node
	var edges []graph.Edge
	for i := range int64(100) {
		nodes = append(nodes, graph.Node{ID: first + i, Position: geometry.Coordinate{int(block), int(i), 0}, Size: block})
		if i > 0 {
			edges = append(edges, graph.Edge{U: first + i - 1, V: first + i, Values: []float64{float64(block)}})
		}
	}
	return errors.Join(
		store.WriteNodes(ctx, w, graph.IDRange{From: first, To: first + 100}, nil, nodes),
		store.WriteEdges(ctx, w, []string{"a"}, edges),
		writeShare(ctx, store, w, block%chain))
}

// Every block shares in a chain of negative fragments, with sums that depend on the order of addition.
const chain = 50

var (
	mean  = graph.Attr{Name: "mean", Type: graph.Float}
	count = graph.Attr{Name: "count", Type: graph.Int}
)

func writeShare(ctx context.Context, store graph.Store, w graph.Writer, block int64) error {
	p := graph.Partials{Block: block, Scores: []graph.Score{{Mean: mean.Name, Count: count.Name}}}
	for i := range int64(chain) {
		sum, n := shareOf(block, i)
		p.Pairs = append(p.Pairs, graph.Partial{U: i - 2*chain, V: i - 2*chain + 1, Sum: []float64{sum}, Count: []int64{n}})
	}
	return store.WritePartials(ctx, w, p)
}

func shareOf(block, pair int64) (sum float64, n int64) {
	return math.Exp(float64(block * (pair + 7) % 41)), 1 + block%3
}

// TestKilledBetweenShares kills processes that contribute to the same means: each mean is that of the blocks whose shares
// are there, and after one more round, that of all blocks in order, to the bit.
func TestKilledBetweenShares(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "db.sqlite")
	for more := range 3 {
		kill(t, path, func() {
			waitForLog(t, path, 100_000)
			time.Sleep(time.Duration(7*more) * time.Millisecond)
		})
		sharesAreWhole(t, path)
	}
	store := mustOpen(t, path, rag(t, mean, count), create)
	for block := range int64(chain) {
		if err := writeShare(ctx, store, graph.Writer{Task: "t", Generation: "g"}, chain-1-block); err != nil {
			t.Fatal(err)
		}
	}
	for e, err := range store.Edges(ctx, geometry.Roi{}, []string{mean.Name, count.Name}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.U >= 0 {
			continue
		}
		var sum float64
		var n int64
		for block := range int64(chain) {
			s, m := shareOf(block, e.U+2*chain)
			sum, n = sum+s, n+m
		}
		if e.Values[0] != sum/float64(n) || e.Values[1] != float64(n) {
			t.Errorf("edge %d, %d: %v, want %v over %d", e.U, e.V, e.Values, sum/float64(n), n)
		}
	}
}

// sharesAreWhole compares every mean with the shares in the table.
func sharesAreWhole(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var edges, pairs, wrong int
	err = errors.Join(
		db.QueryRow("SELECT count(*) FROM edges WHERE u < 0").Scan(&edges),
		db.QueryRow("SELECT count(*) FROM (SELECT DISTINCT u, v FROM volara_partial_mean)").Scan(&pairs),
		db.QueryRow(`SELECT count(*) FROM edges AS e JOIN (SELECT u, v, sum(sum) AS s, sum(count) AS n FROM volara_partial_mean GROUP BY u, v) AS p
			ON e.u = p.u AND e.v = p.v WHERE e.count <> p.n OR abs(e.mean - p.s / p.n) > 1e-12 * e.mean`).Scan(&wrong))
	if err != nil {
		t.Fatal(err)
	}
	if edges != chain || pairs != chain || wrong != 0 {
		t.Errorf("%d edges of %d pairs, %d of them wrong", edges, pairs, wrong)
	}
}

// TestKilled kills a writing process again and again, some of them while they create the database, and looks at what is
// left: each block is there as a whole or not at all.
func TestKilled(t *testing.T) {
	t.Run("creating", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "db.sqlite")
		for delay := range 8 {
			kill(t, path, func() { time.Sleep(time.Duration(6+3*delay) * time.Millisecond) })
		}
		wholeBlocks(t, path)
	})
	t.Run("writing", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "db.sqlite")
		for more := range 3 {
			kill(t, path, func() {
				waitForLog(t, path, 500_000)
				time.Sleep(time.Duration(11*more) * time.Millisecond)
			})
			if blocks := wholeBlocks(t, path); blocks == 0 {
				t.Error("nothing was written")
			}
		}
	})
}

// kill starts a writing process and kills it when wait returns.
func kill(t *testing.T, path string, wait func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+path)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	wait()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
}

// waitForLog waits until the database's log has grown to size.
func waitForLog(t *testing.T, path string, size int64) {
	t.Helper()
	for range 2000 {
		if info, err := os.Stat(path + "-wal"); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the writer does not write")
}

func wholeBlocks(t *testing.T, path string) int {
	t.Helper()
	store := mustOpen(t, path, rag(t, graph.Attr{Name: "a", Type: graph.Float}), create)
	nodes, edges := map[int64]int{}, map[int64]int{}
	for n, err := range store.Nodes(context.Background(), geometry.Roi{}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Size != n.ID/100 {
			t.Fatalf("node %+v", n)
		}
		nodes[n.Size]++
	}
	for e, err := range store.Edges(context.Background(), geometry.Roi{}, []string{"a"}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.U >= 0 { // not of the chain
			edges[int64(e.Values[0])]++
		}
	}
	for block, n := range nodes {
		if m := edges[block]; n != 100 || (m != 99 && m != 0) {
			t.Errorf("block %d has %d nodes and %d edges", block, n, m)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return len(nodes)
}
