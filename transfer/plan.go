package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// A Copy is a copy that is planned, under way or done. Run may be called again after an error.
type Copy struct {
	source, destination string
	o                   Options
	from                *volume.Node
	level               *volume.Array // where a level of an image is copied, which is opened on its own
	to                  *store.Node   // for looking; Run opens it anew
	groups              []group
	files               []string // that are neither metadata nor chunks, below the root
	arrays              []*item
	record              record
	resumed             bool     // the destination holds a part of this copy
	unlisted            bool     // what is copied is what metadata names
	absent              []string // names without a node
	keptLabels          []string
	pyramid             *pyramid // nil for a plain copy
	warnings            []string
	lost                int64 // objects that are missing though the copy was done
}

// A group is a group of the destination; format 0 is a folder, of which nothing is written.
type group struct {
	name       string
	format     int
	attributes map[string]any
}

// Plan looks at source and destination and says what is to be copied. Nothing is written. What cannot be is an
// *volume.InputError.
func Plan(ctx context.Context, source, destination string, o Options) (*Copy, error) {
	if o.Cast == "" {
		o.Cast = Exact
	}
	c := &Copy{source: source, destination: destination, o: o}
	if err := c.plan(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Copy) plan(ctx context.Context) error {
	var err error
	if c.o.Pyramid != nil {
		if err := c.aim(ctx); err != nil {
			return err
		}
	}
	if c.from, err = volume.Find(ctx, c.source); err != nil {
		return err
	}
	if c.to, err = store.Open(ctx, c.destination, store.Options{}); err != nil {
		return &volume.InputError{Err: err}
	}
	if err := c.checkWritable(); err != nil {
		return err
	}
	if err := checkApart(c.from.Where, c.to); err != nil {
		return err
	}
	if err := c.collect(ctx); err != nil {
		return err
	}
	for _, it := range c.arrays {
		if err := it.divide(c.o); err != nil {
			return err
		}
	}
	if c.record, err = c.describe(ctx); err != nil {
		return err
	}
	return c.look(ctx)
}

// Close releases source and destination.
func (c *Copy) Close() error {
	var errs []error
	for _, it := range c.arrays {
		errs = append(errs, it.from.Array.Close()) // what operations have opened; the store is c.from's
	}
	if c.level != nil {
		errs = append(errs, c.level.Close())
	}
	if c.from != nil {
		errs = append(errs, c.from.Close())
	}
	if c.to != nil {
		errs = append(errs, c.to.Close())
	}
	return errors.Join(errs...)
}

// collect finds the arrays and groups that are to be copied.
func (c *Copy) collect(ctx context.Context) error {
	n := c.from
	if c.pyramid != nil {
		return c.collectPyramid(ctx)
	}
	if n.Array == nil && c.o.Level != nil {
		a, err := volume.Open(ctx, c.source, volume.OpenOptions{Level: c.o.Level})
		if err != nil {
			return err
		}
		c.level = a
		return c.add(ctx, a.Stored, "", inherited{region: c.o.Region}, true)
	}
	if n.Array != nil {
		if c.o.Level != nil {
			return volume.Refuse("--level %d: %s is an array and no image", *c.o.Level, c.source)
		}
		return c.add(ctx, n.Array, "", inherited{region: c.o.Region}, true)
	}
	if len(c.o.Ops) > 0 || c.o.Chunks != nil && n.Kind != volume.KindImage || c.o.Shards != nil && n.Kind != volume.KindImage {
		return volume.Refuse("%s is a %s; operations, chunks and shards are given for one array, or the levels of one image: name it", c.source, n.Kind)
	}
	if err := c.checkLabels(); err != nil {
		return err
	}
	region, err := c.worldRegion(ctx)
	if err != nil {
		return err
	}
	if err := c.walk(ctx, n, "", inherited{region: region}); err != nil {
		return err
	}
	for _, name := range c.absent {
		if c.unlisted {
			c.warnings = append(c.warnings, fmt.Sprintf("metadata names %s/%s, where neither array nor group is: it is left out", n.Where, name))
		}
	}
	return nil
}

// worldRegion returns the region in world units; that of an image may be given in voxels of its first level.
func (c *Copy) worldRegion(ctx context.Context) (volume.Region, error) {
	r := c.o.Region
	if r.Voxels == nil {
		return r, nil
	}
	if c.from.Kind != volume.KindImage {
		return r, volume.Refuse("%s is a %s: a region of all its arrays is given in world units, with --roi", c.source, c.from.Kind)
	}
	a, err := volume.Open(ctx, c.source, volume.OpenOptions{})
	if err != nil {
		return r, err
	}
	defer a.Close()
	b, err := r.Box(a)
	if err != nil {
		return r, err
	}
	world := volume.Region{}
	physical := a.Spatial.Physical()
	for i, axis := range physical {
		lo := a.Spatial.Offset[i] + float64(b.Offset[axis])*a.Spatial.VoxelSize[i]
		world.World = append(world.World, volume.Span{Begin: lo, End: lo + float64(b.Shape[axis])*a.Spatial.VoxelSize[i]})
	}
	for d, n := range a.Shape() {
		if b.Shape[d] != n && !slices.Contains(physical, d) {
			return r, volume.Refuse("an image is cropped along the axes of space and time; name one level to choose channels")
		}
	}
	return world, nil
}

// walk plans the copy of a group and of all below it.
func (c *Copy) walk(ctx context.Context, n *volume.Node, name string, in inherited) error {
	g := group{name: name, format: n.Format}
	if g.format != 0 && c.o.Format != 0 {
		g.format = c.o.Format
	}
	names, err := n.Children(ctx)
	if err != nil {
		return err
	}
	for _, child := range names {
		if c.astray(n.Where, child) {
			continue
		}
		if err := c.below(ctx, n, path.Join(name, child), child, in); err != nil {
			return err
		}
	}
	if err := c.others(ctx, n, name); err != nil {
		return err
	}
	attrs, err := c.groupAttributes(n, name, !in.region.IsZero(), g.format)
	if err != nil {
		return err
	}
	g.attributes = attrs
	c.groups = append(c.groups, g)
	return nil
}

// below plans the copy of what is in a folder of a group.
func (c *Copy) below(ctx context.Context, n *volume.Node, name, child string, in inherited) error {
	sub, err := n.Child(ctx, child)
	switch {
	case err != nil:
		return &volume.InputError{Err: err}
	case sub == nil:
		if child != "labels" { // which an image may have
			c.absent = append(c.absent, name)
		}
		return nil
	}
	in.labels = in.labels || c.keepsLabels(n, sub, child)
	if sub.Array != nil {
		return c.add(ctx, sub.Array, name, in, false)
	}
	return c.walk(ctx, sub, name, in)
}

// others notes the files of a group that are not zarr's.
func (c *Copy) others(ctx context.Context, n *volume.Node, name string) error {
	const most = 1 << 16
	names, err := n.Where.Names(ctx, most)
	if errors.Is(err, store.ErrNoList) {
		c.unlisted = true
		return nil
	}
	for _, file := range names {
		if !strings.HasSuffix(file, "/") && !strings.HasPrefix(file, ".") && file != "zarr.json" && !c.astray(n.Where, file) {
			c.files = append(c.files, path.Join(name, file))
		}
	}
	return err
}

// add plans the copy of an array. One that is copied alone takes with it where an image has placed it.
func (c *Copy) add(ctx context.Context, a *zarr.Array, name string, in inherited, alone bool) error {
	o, region := c.o, in.region
	if in.labels {
		o = c.o.forLabels()
	}
	seen, err := o.seen(ctx, a)
	if err != nil {
		return err
	}
	it := &item{name: name, from: seen}
	c.arrays = append(c.arrays, it)
	for _, w := range seen.Warnings {
		c.warnings = append(c.warnings, fmt.Sprintf("%s: %s", a.Path(), w))
	}
	if in.labels && c.o.DType != nd.Invalid && c.o.DType != seen.DType() {
		c.keptLabels = append(c.keptLabels, name)
	}
	if !alone { // chunks of an image are given for its axes; labels may lack the first ones, channels
		o.Chunks, o.Shards = trailing(o.Chunks, len(seen.Shape())), trailing(o.Shards, len(seen.Shape()))
	}
	if it.box, err = region.Box(seen); err != nil {
		return err
	}
	if it.spec, err = o.specOf(seen, it.box); err != nil {
		return err
	}
	bounded, err := o.bounded(ctx, it)
	if err != nil {
		return err
	}
	it.from = bounded
	owned := hasPlace(a.Metadata().Attributes)
	moved := !region.IsZero() || len(c.o.Ops) > 0
	it.ofImage = c.brings(a.Level())
	fromAbove := a.Level() != nil && !owned // where it is says the image alone
	rewritten := moved && !fromAbove || fromAbove && !it.ofImage
	if it.spec.Attributes, err = attributesOf(seen, it.box, rewritten); err != nil {
		return err
	}
	if l := a.Level(); it.ofImage && it.spec.Format == 3 && it.spec.DimensionNames == nil {
		for _, axis := range l.AxesFor(len(it.spec.Shape)) {
			it.spec.DimensionNames = append(it.spec.DimensionNames, axis.Name)
		}
	}
	return check(path.Join(c.destination, name), it.spec)
}

// brings reports whether the copy brings along the image that an array is a level of.
func (c *Copy) brings(l *ngff.Level) bool {
	return l != nil && c.level == nil && strings.HasPrefix(l.File, strings.TrimSuffix(c.from.Where.String(), "/")+"/")
}

// trailing returns the last n numbers of a list that has more.
func trailing(list []int, n int) []int {
	return list[max(0, len(list)-n):]
}

// groupAttributes returns the attributes of the copy of a group: what they say of its levels follows a crop, and OME-NGFF
// metadata the format of zarr.
func (c *Copy) groupAttributes(n *volume.Node, name string, cropped bool, format int) (map[string]any, error) {
	attrs := map[string]any{}
	for key, raw := range n.Attributes {
		var err error
		if attrs[key], err = pyjson.Any(raw); err != nil {
			return nil, fmt.Errorf("attribute %q of %s: %w", key, n.Where, err)
		}
	}
	if cropped && n.NGFF != nil {
		shiftLevels(attrs, func(level string) []int {
			for _, it := range c.arrays {
				if it.name == path.Join(name, level) && it.ofImage {
					return it.box.Offset
				}
			}
			return nil
		})
	}
	if n.NGFF != nil && format != n.Format && format != 0 {
		return convertNGFF(maps.Clone(attrs), n.NGFF.Version, format)
	}
	return attrs, nil
}
