package lazy

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"volara/graph"
)

// TestTablesAreShared demands that a table is read once for all who have it, anew when its file is another one, and that it
// goes when nobody has it.
func TestTablesAreShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.npz")
	write := func(to int64) {
		t.Helper()
		if err := (&graph.LUT{Fragments: []int64{1}, Segments: []int64{to}}).Write(path); err != nil {
			t.Fatal(err)
		}
	}
	load := func(op *LUT) *table {
		t.Helper()
		table, err := op.load()
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	op := &LUT{Path: path}
	first, second := op.At(path), op.At(path)
	if _, err := first.load(); err == nil {
		t.Error("a table that is not there")
	}
	write(7)
	one := load(first)
	if load(second) != one || load(second.At(path)) != one || second.tables.Load().kept(second) != one {
		t.Error("the table is read again")
	}
	if load((&LUT{Path: path, Zero: true}).At(path)) == one || load((&LUT{Path: path}).At(path)) == one {
		t.Error("operations that are not related share")
	}
	write(8)
	if other := load(op.At(path)); other == one || other.at(1) != 8 || load(first) != one || one.at(1) != 7 {
		t.Error("the file is another one, and who has the table of the old one keeps it")
	}
	runtime.KeepAlive(one)
	first, second, one = nil, nil, nil
	for deadline := time.Now().Add(10 * time.Second); op.tables.Load().kept(op) != nil; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("the table stays")
		}
	}
}
