package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"golang.org/x/sync/errgroup"

	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// Run makes the copy, or what is missing of it. Whatever stops it, the same plan made again goes on from there.
func (c *Copy) Run(ctx context.Context) error {
	if c.isDone() {
		c.skipAll()
		return nil
	}
	release, err := c.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if c.isDone() { // since the plan was made
		c.skipAll()
		return nil
	}
	to, err := store.Open(ctx, c.destination, store.Options{LocalOptions: store.LocalOptions{Create: true, Sync: c.o.Sync}})
	if err != nil {
		return notWritable(err)
	}
	err = c.runIn(ctx, to)
	return errors.Join(err, to.Close())
}

// isDone reports whether the destination holds all of this copy.
func (c *Copy) isDone() bool { return c.resumed && c.record.State == stateDone }

// skipAll counts everything as done before.
func (c *Copy) skipAll() {
	for _, it := range c.arrays {
		it.skipped.Store(it.total)
		it.done.Store(it.total)
	}
}

// runIn makes the copy in its store.
func (c *Copy) runIn(ctx context.Context, to *store.Node) error {
	if err := c.writeRecord(ctx, to, stateRunning); err != nil {
		return notWritable(err)
	}
	if l, ok := to.Store.(*store.Local); ok && c.resumed { // under the lock, nobody else writes
		if _, err := l.Clean(ctx, 0); err != nil {
			return err
		}
	}
	if err := c.create(ctx, to); err != nil {
		return err
	}
	for _, it := range c.arrays {
		if err := c.runArray(ctx, it); err != nil {
			return fmt.Errorf("copying %s: %w", it.from.Path(), volume.TooLarge(err))
		}
	}
	if c.pyramid != nil {
		if err := c.finish(ctx, to); err != nil {
			return err
		}
	}
	var err error
	if c.record.Objects, err = c.countObjects(ctx, to); err != nil {
		return err
	}
	return c.writeRecord(ctx, to, stateDone)
}

// create writes all metadata and opens the arrays of the copy.
func (c *Copy) create(ctx context.Context, to *store.Node) error {
	helpers := zarr.NewHelpers(c.o.Workers)
	opts := []zarr.Option{zarr.Helped(helpers)}
	if !c.o.WriteEmpty {
		opts = append(opts, zarr.Sparse())
	}
	for _, g := range c.groups {
		if err := writeGroup(ctx, at(to, g.name), g); err != nil {
			return err
		}
	}
	for _, file := range c.files {
		if err := c.copyFile(ctx, to, file); err != nil {
			return err
		}
	}
	if c.pyramid != nil {
		if err := ngff.WriteImage(ctx, to, c.pyramid.format, c.pyramid.image); err != nil {
			return notWritable(err)
		}
	}
	for i, it := range c.arrays {
		n := at(to, it.name)
		var err error
		if it.to, err = zarr.CreateStore(ctx, n.Store, n.Prefix, it.spec, opts...); err != nil {
			return err
		}
		c.attach(i)
		if c.resumed {
			if it.stored, err = storedObjects(ctx, it.to); err != nil {
				return err
			}
		}
	}
	return nil
}

// longestFile bounds the files that are neither metadata nor chunks: each is copied through memory.
const longestFile = 64 << 20

// copyFile copies a file that is neither metadata nor a chunk.
func (c *Copy) copyFile(ctx context.Context, to *store.Node, file string) error {
	data, err := c.from.Where.Get(ctx, file, longestFile)
	if errors.Is(err, store.ErrRange) {
		return volume.Refuse("%w: files beside arrays are copied up to 64 MiB each; move it elsewhere, or copy the groups and arrays around it one by one", err)
	}
	if err == nil {
		err = to.Store.Put(ctx, to.Prefix+file, data)
	}
	return err
}

// at returns the node of a name below another one.
func at(n *store.Node, name string) *store.Node {
	if name == "" {
		return n
	}
	return &store.Node{Store: n.Store, Prefix: n.Prefix + name + "/"}
}

// writeGroup writes the metadata of a group.
func writeGroup(ctx context.Context, n *store.Node, g group) error {
	type file struct {
		name string
		doc  any
	}
	var files []file
	switch g.format {
	case 2:
		if len(g.attributes) > 0 {
			files = append(files, file{".zattrs", g.attributes})
		}
		files = append(files, file{".zgroup", map[string]int{"zarr_format": 2}})
	case 3:
		files = append(files, file{"zarr.json", map[string]any{"zarr_format": 3, "node_type": "group", "attributes": g.attributes}})
	}
	for _, f := range files {
		data, err := pyjson.Marshal(f.doc)
		if err == nil {
			err = n.Store.Put(ctx, n.Prefix+f.name, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// runArray copies the tiles of an array, several at once.
func (c *Copy) runArray(ctx context.Context, it *item) error {
	return c.inParallel(ctx, it, it.tiles(), func(ctx context.Context, t volume.Box) error { return it.copy(ctx, t, c.o.Cast) })
}

// inParallel does something with tiles of an array, with as many at once as the memory allows.
func (c *Copy) inParallel(ctx context.Context, it *item, tiles iter.Seq[volume.Box], do func(context.Context, volume.Box) error) error {
	g, tasks := errgroup.WithContext(ctx)
	g.SetLimit(it.workersFor(c.o.Limits))
	for t := range tiles {
		if tasks.Err() != nil {
			break
		}
		g.Go(func() error { return do(tasks, t) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// writeRecord says of what the destination is a copy.
func (c *Copy) writeRecord(ctx context.Context, to *store.Node, state string) error {
	c.record.State = state
	data, err := json.MarshalIndent(c.record, "", "  ")
	if err != nil {
		return err
	}
	return to.Store.Put(ctx, to.Prefix+recordKey, append(data, '\n'))
}

// notWritable marks an error of writing where nobody may as the user's mistake.
func notWritable(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errReadOnly) || errors.Is(err, store.ErrReadOnly) {
		return &volume.InputError{Err: err}
	}
	return err
}

// Progress counts what of an array is copied.
type Progress struct {
	// Name is the array's place below the root.
	Name string
	// Total, Done and Skipped count pieces; Skipped were there before, and are in Done.
	Total, Done, Skipped int64
	// Voxels is the number of all.
	Voxels int64
}

// Progress returns how far every array is. It may be called while Run runs.
func (c *Copy) Progress() []Progress {
	var all []Progress
	for _, it := range c.arrays {
		p := Progress{Name: it.name, Total: it.total, Done: it.done.Load(), Skipped: it.skipped.Load(), Voxels: int64(volume.Whole(it.spec.Shape).Len())}
		all = append(all, p)
	}
	return all
}

// Resumed reports whether the destination held a part of the copy, or all of it, before Run.
func (c *Copy) Resumed() bool { return c.resumed }

// Unlisted reports whether the source cannot list what it holds, so that only what its metadata names is copied.
func (c *Copy) Unlisted() bool { return c.unlisted }
