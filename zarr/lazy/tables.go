package lazy

import (
	"os"
	"sync"
	"weak"
)

// tables gives a look-up table that was read before to whoever asks again, for as long as somebody has it and its file is what
// it was: levels of an image, and arrays that are opened again, share one. It is safe for concurrent use and keeps no table
// by itself.
type tables struct {
	mu   sync.Mutex
	read map[tableKey]readTable
}

type tableKey struct {
	path string
	zero bool
}

type readTable struct {
	file  os.FileInfo // as it was before it was read
	table weak.Pointer[table]
}

// kept returns the operation's table when somebody has it and its file has not changed, else nil.
func (t *tables) kept(op *LUT) *table {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept, _ := t.look(op)
	return kept
}

// look is kept, and tells what the file is; nil when that is not known. t.mu is held.
func (t *tables) look(op *LUT) (*table, os.FileInfo) {
	file, err := os.Stat(op.File())
	if err != nil {
		return nil, nil // reading it says why
	}
	r, ok := t.read[op.key()]
	if !ok || !os.SameFile(r.file, file) || r.file.Size() != file.Size() || !r.file.ModTime().Equal(file.ModTime()) {
		return nil, file
	}
	return r.table.Value(), file
}

// get returns the operation's table. Whoever wants it while it is read waits.
func (t *tables) get(op *LUT) (*table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept, file := t.look(op)
	if kept != nil {
		return kept, nil
	}
	fresh, err := op.read()
	if err == nil && file != nil {
		if t.read == nil {
			t.read = map[tableKey]readTable{}
		}
		t.read[op.key()] = readTable{file, weak.Make(fresh)}
	}
	return fresh, err
}

func (op *LUT) key() tableKey { return tableKey{op.File(), op.Zero} }
