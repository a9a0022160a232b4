package transfer

import (
	"context"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"volara/kernels"
	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// A Pyramid asks for an OME-Zarr image instead of a plain copy of an array: the array itself is its first level, every
// other one is made of the level before.
type Pyramid struct {
	// Levels is how many there are, the first one included; 0: as many as it takes until the last one is a single chunk.
	Levels int
	// Factor is by how much each level is coarser along every axis of space, or along every axis, where it is 1 for those of
	// time and channels; nil: 2 along those axes of space of which voxels are small, so that they become as long as wide.
	Factor []int
	// Method says how a coarser voxel is made; "" is the mode of what looks like labels and the mean of all else.
	Method kernels.Downsampling
	// Labels makes it a label image of the image at the destination: below that, at labels/NAME, with as many levels.
	Labels bool
	// Name is the image's name; "" is taken from the destination, or for labels from the source.
	Name string
}

// A pyramid is one that is planned.
type pyramid struct {
	Pyramid
	format  int         // of zarr
	image   ngff.Image  // what its metadata says
	parent  string      // where the labelled image is; "" where none is
	above   []ngff.Axis // of the labelled image
	factors [][]int     // of the labelled image's levels, from each to the next, along its axes
	seen    *extremes   // what is measured; nil where nothing is
	guessed bool        // the method was not given
}

// aim settles where a pyramid goes, and what follows from what is there.
func (c *Copy) aim(ctx context.Context) error {
	p := &pyramid{Pyramid: *c.o.Pyramid, format: c.o.Format}
	if p.format == 0 {
		p.format = 3
	}
	c.pyramid = p
	if p.Method != "" && !slices.Contains(kernels.Downsamplings(), p.Method) {
		return volume.Refuse("--method %s: possible are %v", p.Method, kernels.Downsamplings())
	}
	if p.Name == "" && p.Labels {
		p.Name = nameIn(c.source)
	} else if p.Name == "" {
		p.Name = nameIn(c.destination)
	}
	if p.Labels {
		if err := c.aimAtLabels(ctx); err != nil {
			return err
		}
	}
	c.o.Format, c.o.Separator = p.format, "/" // which 0.4 demands
	return nil
}

// nameIn makes a name of a location: its last part without endings.
func nameIn(location string) string {
	name := path.Base(strings.TrimRight(location, "/"))
	for _, ending := range []string{".zip", ".zarr", ".ome"} {
		if short := strings.TrimSuffix(name, ending); short != "" {
			name = short
		}
	}
	return name
}

// aimAtLabels looks at the image that is labelled.
func (c *Copy) aimAtLabels(ctx context.Context) error {
	p := c.pyramid
	if p.Name == "." || p.Name == ".." || strings.HasPrefix(p.Name, ".") || strings.ContainsAny(p.Name, "/\\\x00") {
		return volume.Refuse("--name %q cannot be the name of a label image: it is that of a folder", p.Name)
	}
	if p.Method == kernels.DownsampleMean {
		return volume.Refuse("--method mean: the mean of labels is none of them; mode, stride, min and max are possible")
	}
	n, err := volume.Find(ctx, c.destination)
	if err != nil {
		return err
	}
	defer n.Close()
	if n.Kind != volume.KindImage {
		return volume.Refuse("%s is no OME-Zarr image that could have labels: it is of kind %s", c.destination, n.Kind)
	}
	if c.o.Format != 0 && c.o.Format != n.Format {
		return volume.Refuse("the image %s is of zarr v%d, and so are its labels; leave out --format", c.destination, n.Format)
	}
	if v := n.NGFF.Version; v != "" && v != map[int]string{2: "0.4", 3: "0.5"}[n.Format] {
		return volume.Refuse("the image %s is of OME-NGFF %s in zarr v%d; labels are added to 0.4 in v2 and 0.5 in v3", c.destination, v, n.Format)
	}
	image, err := n.NGFF.Image()
	if err != nil {
		return &volume.InputError{Err: err}
	}
	levels, err := image.Levels()
	if err != nil {
		return &volume.InputError{Err: err}
	}
	if p.Levels != 0 && p.Levels != len(levels) {
		return volume.Refuse("--levels %d: the image %s has %d, and OME-NGFF demands as many of its labels; leave it out", p.Levels, c.destination, len(levels))
	}
	p.format, p.Levels, p.above = n.Format, len(levels), image.Axes
	for i := 1; i < len(levels); i++ {
		p.factors = append(p.factors, ratio(levels[i-1].Scale, levels[i].Scale))
	}
	p.parent = c.destination
	c.destination = strings.TrimRight(c.destination, "/") + "/labels/" + p.Name
	return nil
}

// collectPyramid plans the levels.
func (c *Copy) collectPyramid(ctx context.Context) error {
	if c.from.Array != nil && c.o.Level != nil {
		return volume.Refuse("--level %d: %s is an array and no image", *c.o.Level, c.source)
	}
	a, err := volume.Open(ctx, c.source, volume.OpenOptions{Level: c.o.Level})
	if err != nil {
		return err
	}
	c.level = a
	if err := c.add(ctx, a.Stored, "0", inherited{region: c.o.Region}, true); err != nil {
		return err
	}
	base := c.arrays[0]
	if err := c.settleMethod(base); err != nil {
		return err
	}
	if err := c.describeImage(base); err != nil {
		return err
	}
	factors, err := c.pyramid.steps(base.spec)
	if err != nil {
		return err
	}
	for _, f := range factors {
		c.addCoarser(f)
	}
	return c.checkImage(ctx)
}

// settleMethod chooses how levels are made where nobody has, and refuses what the type cannot have.
func (c *Copy) settleMethod(base *item) error {
	p, t := c.pyramid, base.spec.DType
	if p.Labels && !t.IsInteger() {
		return volume.Refuse("%s: labels are whole numbers, and these are %v; --dtype converts them", c.source, t)
	}
	if p.Method == "" {
		p.guessed = true
		p.Method = kernels.DownsampleMean
		above := base.from.Stored.Image()
		if p.Labels || t == nd.Bool || t.IsInteger() && (t.Size() >= 4 || above != nil && above.Has("image-label")) {
			p.Method = kernels.DownsampleMode
		}
	}
	if !p.Method.Takes(t) {
		return volume.Refuse("--method %s: complex numbers have no order; mean and stride are possible", p.Method)
	}
	return nil
}

// addCoarser plans one more level, coarser than the last one.
func (c *Copy) addCoarser(factor []int) {
	finer := c.arrays[len(c.arrays)-1]
	it := &item{name: strconv.Itoa(len(c.arrays)), spec: finer.spec}
	it.spec.Shape = kernels.CoarserShape(finer.spec.Shape, factor)
	it.spec.Attributes = maps.Clone(finer.spec.Attributes)
	delete(it.spec.Attributes, "neighborhood") // its offsets are in voxels of the finest level
	it.box = volume.Whole(it.spec.Shape)
	it.cache = c.o.Memory / 4
	buffer := it.cache / int64(max(1, c.o.Workers))
	it.coarse = newCoarser(finer.spec, factor, c.pyramid.Method, buffer, path.Join(c.destination, finer.name))
	it.from = &volume.Array{Array: lazy.Array{Source: it.coarse, Chunks: it.coarse.tile}}
	left := c.o.Memory - it.cache - int64(it.extent(objectShape(it.spec)))*int64(it.spec.DType.Size())
	chunk := int64(volume.Whole(it.spec.Chunks).Len()) * int64(it.spec.DType.Size())
	it.decoding = max(1, min(left, max(left/4, 2*chunk)))
	c.arrays = append(c.arrays, it)

	p, last := c.pyramid, c.pyramid.image.Levels[len(c.pyramid.image.Levels)-1]
	level := ngff.Level{Path: it.name}
	level.Scale, level.Translation = ngff.Coarser(last.Scale, last.Translation, factor, ngff.Method(p.Method))
	p.image.Levels = append(p.image.Levels, level)
}

// attach lets a level read the one before, which is there now.
func (c *Copy) attach(i int) {
	if it := c.arrays[i]; it.coarse != nil {
		it.coarse.finer = c.arrays[i-1].to.With(zarr.Bounded(it.decoding))
	}
}

// finish completes the metadata of a pyramid of which all levels are there.
func (c *Copy) finish(ctx context.Context, to *store.Node) error {
	p := c.pyramid
	if p.seen != nil {
		if err := c.measureSkipped(ctx, c.arrays[0]); err != nil {
			return err
		}
		image := p.image
		image.Omero = p.seen.omero(p.Name)
		if err := ngff.WriteImage(ctx, to, p.format, image); err != nil {
			return err
		}
	}
	if p.parent == "" {
		return nil
	}
	n, err := store.Open(ctx, p.parent, store.Options{LocalOptions: store.LocalOptions{Create: true, Sync: c.o.Sync}})
	if err != nil {
		return err
	}
	defer n.Close()
	return notWritable(ngff.AddLabels(ctx, n, p.format, p.Name))
}

// Guessed returns how the levels of a pyramid are made where that was not said and is no mean: "mode" of what looks like
// labels.
func (c *Copy) Guessed() kernels.Downsampling {
	if p := c.pyramid; p != nil && p.guessed && p.Method != kernels.DownsampleMean && !p.Labels {
		return p.Method
	}
	return ""
}

// request adds what decides how a pyramid is made to what is compared.
func (p *Pyramid) request(r map[string]string, set func(name string, v any)) {
	r["pyramid"] = "yes"
	set("levels", p.Levels)
	set("factor", p.Factor)
	set("method", p.Method)
	set("labels", p.Labels)
	set("name", p.Name)
}

// Destination returns where the copy goes: of labels, the folder below their image.
func (c *Copy) Destination() string { return c.destination }
