package stages

import (
	"context"
	"encoding/json"
	"fmt"

	"volara/config"
	"volara/zarr/lazy"
)

// A DatasetOp is one item of a dataset's ops: an operation, or another dataset that is stacked behind this one.
type DatasetOp struct {
	Op    lazy.Op
	Stack *Dataset // instead of Op
}

// DecodeNode reads an operation, whose stack is a dataset.
func (o *DatasetOp) DecodeNode(n *config.Node) (err error) {
	if n.Kind() == config.Map && n.Len() == 1 && n.Keys()[0] == "stack" && !n.Get("stack").IsNull() {
		o.Stack = new(Dataset)
		return n.Get("stack").Decode(o.Stack)
	}
	o.Op, err = lazy.DecodeOp(n)
	return err
}

// MarshalJSON writes the item as DecodeNode reads it.
func (o DatasetOp) MarshalJSON() ([]byte, error) {
	if o.Stack != nil {
		return json.Marshal(map[string]any{"stack": o.Stack})
	}
	return json.Marshal(lazy.JSON(o.Op))
}

func (o DatasetOp) name() string {
	if o.Stack != nil {
		return "stack"
	}
	return o.Op.Name()
}

// byField returns the operations that have fields of their own, in Volara's order; lut comes last.
func (d *Dataset) byField() []DatasetOp {
	var list []DatasetOp
	if d.OMENorm != nil {
		list = append(list, DatasetOp{Op: d.OMENorm})
	}
	if d.ScaleShift != nil {
		list = append(list, DatasetOp{Op: d.ScaleShift})
	}
	if d.Stack != nil {
		list = append(list, DatasetOp{Stack: d.Stack})
	}
	if d.Channels != nil {
		list = append(list, DatasetOp{Op: d.Channels})
	}
	if d.LUT != nil {
		list = append(list, DatasetOp{Op: d.LUT})
	}
	return list
}

// operations returns what is computed while the array is read, in order.
func (d *Dataset) operations() []DatasetOp {
	if len(d.Ops) > 0 {
		return d.Ops
	}
	return d.byField()
}

// moves reports whether operations may show voxels at other places of the world than they are stored at, so that a block
// may need any block of the task that writes the array.
func (d *Dataset) moves() bool {
	for _, o := range d.operations() {
		if o.Stack == nil && lazy.Moves(o.Op) {
			return true
		}
	}
	return false
}

// seen puts a dataset's operations around its array; open gives the arrays that are stacked.
func (d *Dataset) seen(ctx context.Context, a lazy.Array, open func(context.Context, *Dataset) (lazy.Array, error)) (lazy.Array, error) {
	for _, o := range d.operations() {
		next, err := d.apply(ctx, a, o, open)
		if err != nil {
			_ = a.Close()
			return lazy.Array{}, err
		}
		a = next
	}
	return a, nil
}

func (d *Dataset) apply(ctx context.Context, a lazy.Array, o DatasetOp, open func(context.Context, *Dataset) (lazy.Array, error)) (lazy.Array, error) {
	if o.Stack == nil {
		next, err := o.Op.Apply(ctx, a)
		if err != nil {
			return next, fmt.Errorf("%s of %s: %w", o.name(), d.Store, err)
		}
		return next, nil
	}
	other, err := open(ctx, o.Stack)
	if err != nil {
		return other, fmt.Errorf("stack of %s: %w", d.Store, err)
	}
	next, err := lazy.Concat(a, other)
	if err != nil {
		_ = other.Close()
		return next, fmt.Errorf("stack of %s: %w", d.Store, err)
	}
	return next, nil
}

// maxStacks bounds how deep datasets may be stacked on datasets that are stacked: a name that stands for itself is endless.
const maxStacks = 16

// bindOps resolves what a dataset's operations read, and records it.
func (b *Binder) bindOps(field string, d *Dataset, depth int) error {
	if d.Stack != nil {
		stacked, err := b.stacked(field, d.Stack, depth)
		if err != nil {
			return err
		}
		d.Stack = stacked
	}
	if d.OMENorm != nil {
		norm, err := b.bindOp(field, d.OMENorm)
		if err != nil {
			return err
		}
		d.OMENorm = norm.(*lazy.OMENorm)
	}
	if d.LUT != nil {
		lut, err := b.bindOp(field, d.LUT)
		if err != nil {
			return err
		}
		d.LUT = lut.(*lazy.LUT)
	}
	ops := make([]DatasetOp, len(d.Ops))
	for i, o := range d.Ops {
		var err error
		if o.Stack != nil {
			o.Stack, err = b.stacked(field, o.Stack, depth)
		} else {
			o.Op, err = b.bindOp(field, o.Op)
		}
		if err != nil {
			return fmt.Errorf("ops[%d]: %w", i, err)
		}
		ops[i] = o
	}
	if d.Ops != nil {
		d.Ops = ops
	}
	return nil
}

// stacked resolves a dataset that is stacked on another one and records that it is read.
func (b *Binder) stacked(field string, d *Dataset, depth int) (*Dataset, error) {
	if depth >= maxStacks {
		return nil, fmt.Errorf("stack: more than %d datasets stacked on each other; does one stand on itself?", maxStacks)
	}
	own := *d // a named dataset is shared by the tasks that name it
	if err := b.settle(field, &own, "", depth+1); err != nil {
		return nil, fmt.Errorf("stack: %w", err)
	}
	b.Uses = append(b.Uses, Use{Resource: Resource{Kind: KindArray, ID: own.Store}, Place: own.place(), Field: field, Keep: own.Keep, All: own.moves()})
	own.Keep = ""
	return &own, nil
}

// bindOp resolves the paths of an operation, in a copy, and records the table that it reads.
func (b *Binder) bindOp(field string, op lazy.Op) (lazy.Op, error) {
	switch op := op.(type) {
	case *lazy.OMENorm:
		if op.Group == "" {
			return op, nil
		}
		path, err := placeOf(b.Base, op.Group)
		if err != nil {
			return nil, fmt.Errorf("ome_norm: %w", err)
		}
		return &lazy.OMENorm{Group: path}, nil
	case *lazy.LUT:
		path := op.Path
		if named, ok := b.Named.LUTs[path]; ok {
			path = named.Path
		} else if op.IsName() {
			return nil, fmt.Errorf("lut: no look-up table is named %q%s", path, suggest(path, b.Named.LUTs, "luts"))
		}
		path, err := absolute(b.Base, path)
		if err != nil {
			return nil, fmt.Errorf("lut: %w", err)
		}
		at := op.At(path)
		at.Path = at.File()
		b.use(field, Resource{Kind: KindLUT, ID: at.Path}, false, true)
		return at, nil
	}
	return op, nil
}

// checkLUTs reads the tables of a dataset's operations that no task of the pipeline writes.
func (s *Specs) checkLUTs(d *Dataset) error {
	for _, o := range d.operations() {
		if lut, ok := o.Op.(*lazy.LUT); ok && !s.PlannedLUT(lut.File()) {
			if err := lut.Check(); err != nil {
				return fmt.Errorf("lut of %s: %w", d.Store, orMissing(lut.File(), err))
			}
		}
	}
	return nil
}
