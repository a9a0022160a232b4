package volume

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"volara/fault"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/store"
)

// Findings are what Verify has found in the arrays of a node.
type Findings struct {
	// Arrays and Objects count what was read: arrays, and stored chunks or shards.
	Arrays  int   `json:"arrays"`
	Objects int64 `json:"objects"`
	// Damaged are those that cannot be read or decoded, in no particular order; Omitted counts more of them.
	Damaged []Damage `json:"damaged"`
	Omitted int64    `json:"damaged_omitted,omitempty"`
}

// Damage is a chunk that cannot be read or decoded.
type Damage struct {
	Array  string `json:"array"`
	Offset []int  `json:"offset"` // its first voxel
	Error  string `json:"error"`  // which names its file
}

// maxDamages bounds the list of damaged chunks.
const maxDamages = 10000

// A verification is one Verify.
type verification struct {
	limits  Limits
	mu      sync.Mutex
	found   Findings
	objects atomic.Int64
}

// Verify reads every stored chunk of an array, or of all arrays below a group, and tells which cannot be decoded. Links are
// followed, but for those that lead back to a folder that they lie in. An error means that it could not go on.
func Verify(ctx context.Context, n *Node, l Limits) (Findings, error) {
	v := &verification{limits: l}
	v.found.Damaged = []Damage{}
	err := v.node(ctx, n)
	v.found.Objects = v.objects.Load()
	return v.found, err
}

func (v *verification) node(ctx context.Context, n *Node) error {
	if n.Array != nil {
		v.found.Arrays++
		return v.array(ctx, n.Array)
	}
	names, err := n.Children(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if n.Where.Astray(name) != "" {
			continue
		}
		child, err := n.Child(ctx, name)
		switch {
		case err != nil && (ctx.Err() != nil || fault.IsEnvironment(err)):
			return err
		case err != nil:
			v.add(Damage{Array: n.Where.String() + "/" + name, Offset: []int{}, Error: err.Error()})
		case child != nil:
			if err := v.node(ctx, child); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verification) add(d Damage) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.found.Damaged) == maxDamages {
		v.found.Omitted++
		return
	}
	v.found.Damaged = append(v.found.Damaged, d)
}

// array reads what of an array is stored, several objects at once.
func (v *verification) array(ctx context.Context, a *zarr.Array) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(v.limits.Workers)
	a = a.With(v.limits.Option())
	for object, err := range storedBoxes(ctx, a) {
		if err != nil {
			g.Go(func() error { return err })
			break
		}
		g.Go(func() error { return v.object(ctx, a, object) })
	}
	return g.Wait()
}

// storedBoxes yields the boxes of the stored objects, or of all where the store cannot tell.
func storedBoxes(ctx context.Context, a *zarr.Array) iter.Seq2[Box, error] {
	return func(yield func(Box, error) bool) {
		m := a.Metadata()
		whole := Whole(m.Shape)
		for o, err := range a.Objects(ctx) {
			if errors.Is(err, store.ErrNoList) {
				for b := range whole.Tiles(m.Chunks) {
					if !yield(b, nil) {
						return
					}
				}
				return
			}
			b := Box{Offset: o.Index, Shape: m.Chunks}
			for d := range b.Offset {
				b.Offset[d] *= m.Chunks[d]
			}
			if err == nil {
				b = b.intersect(whole)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// object reads one object in parts that keep within the memory; where that fails, its chunks one by one.
func (v *verification) object(ctx context.Context, a *zarr.Array, object Box) error {
	v.objects.Add(1)
	m := a.Metadata()
	told := map[string]bool{} // what is wrong with the object as a whole is told once
	share := Limits{1, v.limits.Memory / int64(max(1, v.limits.Workers))}
	parts, _ := share.Blocks(m.Inner, object, m.DType.Size(), blockBytes, nil)
	for part := range parts {
		data := nd.New(m.DType, part.Shape...)
		err := a.ReadInto(ctx, data, part.Offset)
		if err == nil {
			continue
		}
		if errors.Is(err, zarr.ErrTooLarge) {
			return TooLarge(err)
		}
		if err := v.chunks(ctx, a, m, part, told); err != nil {
			return err
		}
	}
	return nil
}

// chunks tells which chunks of a part that cannot be read are damaged.
func (v *verification) chunks(ctx context.Context, a *zarr.Array, m zarr.Metadata, part Box, told map[string]bool) error {
	for chunk := range part.Tiles(m.Inner) {
		err := a.ReadInto(ctx, nd.New(m.DType, chunk.Shape...), chunk.Offset)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.IsEnvironment(err):
			return fmt.Errorf("reading %s: %w", a.Path(), err)
		case !told[err.Error()]:
			told[err.Error()] = true
			v.add(Damage{Array: a.Path(), Offset: chunk.Offset, Error: err.Error()})
		}
	}
	return nil
}
