package lazy

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"volara/config"
	"volara/fault"
	"volara/graph"
	"volara/graph/npz"
	"volara/kernels"
	"volara/nd"
)

// LUT maps labels by a look-up table, as the task relabel does, and like there ids that are not in the table stay
// themselves; with missing: 0 they become background. The result is uint64.
//
// The file is an npz as graph-mws and Volara write it (fragment_segment_lut, 2 × N), or an npy: 2 × N likewise, or a list
// whose entry i is what i becomes.
type LUT struct {
	Path string
	// Zero makes 0 of ids that are not in the table.
	Zero bool

	table  atomic.Pointer[table] // of an operation that is applied to an array
	tables atomic.Pointer[tables]
}

// Name is the operation's name in files.
func (*LUT) Name() string { return "lut" }

// Argument is the table's path, or a mapping.
func (op *LUT) Argument() any {
	if op.Zero {
		return map[string]any{"path": op.Path, "missing": 0}
	}
	return op.Path
}

// DecodeNode reads a path, or a mapping of path and missing (keep or 0).
func (op *LUT) DecodeNode(n *config.Node) error {
	var fields struct {
		Path    string `json:"path" config:"required"`
		Missing any    `json:"missing"`
	}
	switch n.Kind() {
	case config.Null:
		return n.Errorf("a look-up table is needed: {lut: final.npz}")
	case config.String:
		fields.Path = n.Text()
	default:
		if err := n.Decode(&fields); err != nil {
			return err
		}
	}
	switch fields.Missing {
	case nil, "keep":
	case int64(0):
		op.Zero = true
	default:
		return n.At("missing").Errorf("what ids that are not in the table become is keep (themselves) or 0, not %v", fields.Missing)
	}
	op.Path = fields.Path
	return nil
}

// At returns the operation on a table elsewhere. Those that were made of one another share the tables that they read.
func (op *LUT) At(path string) *LUT {
	op.tables.CompareAndSwap(nil, new(tables))
	at := &LUT{Path: path, Zero: op.Zero}
	at.tables.Store(op.tables.Load())
	return at
}

// IsName reports whether the path looks like a name: it has no folder and no extension of a table.
func (op *LUT) IsName() bool {
	return !strings.ContainsAny(op.Path, "/.")
}

// File returns the path of the table's file: .npz is appended where neither that nor .npy is there.
func (op *LUT) File() string {
	if strings.HasSuffix(op.Path, ".npy") {
		return op.Path
	}
	return graph.LUTPath(op.Path)
}

// Check reads the table and forgets it.
func (op *LUT) Check() error {
	_, err := op.read()
	return err
}

// Apply maps the labels; the table is read when the first voxels are, and stays the array's. It is read once for all arrays
// that the operation is applied to while one of them has it and its file does not change.
func (op *LUT) Apply(_ context.Context, a Array) (Array, error) {
	op = op.At(op.Path)
	if t := op.tables.Load().kept(op); t != nil {
		op.table.Store(t)
	}
	if !a.DType().IsInteger() {
		return a, fmt.Errorf("the array holds %v; labels are whole numbers", a.DType())
	}
	steps := cast(a.DType(), nd.Uint64)
	if !a.DType().IsUnsigned() {
		steps = []step{labels(a.DType())}
	}
	look := inPlace(nd.Uint64, func([]uint64) {})
	look.plain = false
	look.run = func(dst, src []byte, _ place) error {
		t, err := op.load()
		if err != nil {
			return err
		}
		t.apply(nd.Elements[uint64](dst), nd.Elements[uint64](src))
		return nil
	}
	return a.mapped(append(steps, look)...), nil
}

// labels makes uint64 of signed whole numbers, of which none may be negative.
func labels(from nd.DType) step {
	run := nd.CasterOf(from, nd.Uint64, nd.Exact)
	return step{to: nd.Uint64, run: func(dst, src []byte, _ place) error {
		if bad := run(dst, src); bad >= 0 {
			all := nd.View(from, src, len(src)/from.Size()).As(nd.Int64)
			return fault.Permanent(fmt.Errorf("label %d is negative", nd.Values[int64](all)[bad]))
		}
		return nil
	}}
}

// load returns the table, which is read once; after an error the next one tries again.
func (op *LUT) load() (*table, error) {
	if t := op.table.Load(); t != nil {
		return t, nil
	}
	t, err := op.tables.Load().get(op)
	if err == nil {
		op.table.Store(t)
	}
	return t, err
}

// A table says what ids become.
type table struct {
	ids   *kernels.Lookup // nil for a list
	list  []uint64
	zero  bool
	known map[uint64]bool // where zero: the ids that become themselves
}

func (op *LUT) read() (*table, error) {
	if !strings.HasSuffix(op.Path, ".npy") {
		l, err := graph.ReadLUT(op.Path)
		if err != nil {
			return nil, err
		}
		return op.tableOf(l.Fragments, l.Segments)
	}
	f, err := os.Open(op.Path)
	if err != nil {
		return nil, fmt.Errorf("LUT: %w", err)
	}
	defer f.Close()
	a, err := npz.ReadArray(f)
	if err != nil {
		return nil, fault.Permanent(fmt.Errorf("LUT %s: %w", op.Path, err))
	}
	switch {
	case len(a.Shape) == 2 && a.Shape[0] == 2:
		n := a.Shape[1]
		return op.tableOf(a.Data[:n], a.Data[n:])
	case len(a.Shape) == 1:
		list, err := unsigned(a.Data)
		return &table{list: list, zero: op.Zero}, op.damaged(err)
	}
	return nil, op.damaged(fmt.Errorf("it has shape %v, neither (2, N) nor (N)", a.Shape))
}

func (op *LUT) damaged(err error) error {
	if err == nil {
		return nil
	}
	return fault.Permanent(fmt.Errorf("LUT %s: %w", op.Path, err))
}

func (op *LUT) tableOf(from, to []int64) (*table, error) {
	ids, err := unsigned(from)
	if err != nil {
		return nil, op.damaged(err)
	}
	become, err := unsigned(to)
	if err != nil {
		return nil, op.damaged(err)
	}
	t := &table{ids: kernels.NewLookup(ids, become), zero: op.Zero}
	if op.Zero {
		t.known = map[uint64]bool{}
		for i, id := range ids {
			if id == become[i] {
				t.known[id] = true
			}
		}
	}
	return t, nil
}

func unsigned(list []int64) ([]uint64, error) {
	out := make([]uint64, len(list))
	for i, v := range list {
		if v < 0 {
			return nil, fmt.Errorf("entry %d, %d, is negative", i, v)
		}
		out[i] = uint64(v)
	}
	return out, nil
}

// apply writes what the ids of src become; dst may be src.
func (t *table) apply(dst, src []uint64) {
	if t.ids != nil && !t.zero {
		t.ids.Apply(dst, src)
		return
	}
	dst = dst[:len(src)]
	last, to := uint64(math.MaxUint64), t.at(math.MaxUint64)
	for i, id := range src {
		if id != last {
			last, to = id, t.at(id)
		}
		dst[i] = to
	}
}

// at returns what an id becomes.
func (t *table) at(id uint64) uint64 {
	if t.ids == nil {
		switch {
		case id < uint64(len(t.list)):
			return t.list[id]
		case t.zero:
			return 0
		}
		return id
	}
	if to := t.ids.At(id); to != id || !t.zero || t.known[id] {
		return to
	}
	return 0
}
