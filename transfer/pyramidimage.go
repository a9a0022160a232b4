package transfer

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"volara/kernels"
	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// describeImage settles the metadata of the image and of its first level.
func (c *Copy) describeImage(base *item) error {
	p := c.pyramid
	place, err := base.from.Place()
	if err != nil {
		return err
	}
	place.Offset = slices.Clone(place.Offset)
	for i, axis := range place.Physical() {
		place.Offset[i] += float64(base.box.Offset[axis]) * place.VoxelSize[i]
	}
	level := place.Level(base.name)
	nameAxes(level.Axes, base.spec.DimensionNames)
	p.image = ngff.Image{Name: p.Name, Axes: level.Axes, Levels: []ngff.Level{level}, Method: ngff.Method(p.Method)}

	// Where the levels are is the image's to say: readers go by it, also the one of this program.
	for _, name := range []string{"offset", "voxel_size", "axis_names", "units", "types", "resolution"} {
		delete(base.spec.Attributes, name)
	}
	base.spec.DimensionNames = nil
	if p.format == 3 {
		for _, a := range level.Axes {
			base.spec.DimensionNames = append(base.spec.DimensionNames, a.Name)
		}
	}
	if p.Labels {
		p.image.Label = labelsOf(base)
	} else if p.Method != kernels.DownsampleMode && !base.spec.DType.IsComplex() {
		c.planOmero(base)
	}
	return nil
}

// defaultName are the names that axes without one have.
var defaultName = regexp.MustCompile(`^([cd])[0-9]+$`)

// nameAxes gives axes the names of the array's dimensions, and those that have none the usual ones.
func nameAxes(axes []ngff.Axis, dimensions []string) {
	if len(dimensions) == len(axes) && !slices.Contains(dimensions, "") {
		for i, name := range dimensions {
			axes[i].Name = name
		}
		return
	}
	taken, plain := map[string]bool{}, []int{}
	for i, a := range axes {
		if defaultName.MatchString(a.Name) {
			plain = append(plain, i)
		} else {
			taken[a.Name] = true
		}
	}
	usual := map[string][]string{"space": {"x", "y", "z"}, "time": {"t"}, "channel": {"c"}}
	for _, i := range slices.Backward(plain) {
		for _, name := range usual[axes[i].Type] {
			if !taken[name] {
				axes[i].Name, taken[name] = name, true
				break
			}
		}
	}
}

// labelsOf returns what the metadata of a label image says of its labels: what that of the source did, or that 0 is none.
func labelsOf(base *item) *ngff.ImageLabel {
	if g := base.from.Stored.Image(); g != nil {
		if l, err := g.ImageLabel(); err == nil && l != nil {
			l.Version, l.Source = "", nil
			return l
		}
	}
	return &ngff.ImageLabel{Colors: []ngff.LabelColor{{Value: "0", RGBA: []uint8{0, 0, 0, 0}}}} // which the strict schemas demand
}

// planOmero takes over how the source's channels are displayed; where it does not say, or its values are changed, they are
// measured.
func (c *Copy) planOmero(base *item) {
	p := c.pyramid
	axis := slices.IndexFunc(p.image.Axes, func(a ngff.Axis) bool { return a.Type == "channel" })
	channels, first := 1, 0
	if axis >= 0 {
		channels, first = base.spec.Shape[axis], base.box.Offset[axis]
	}
	g := base.from.Stored.Image()
	if g != nil && len(c.o.Ops) == 0 && base.spec.DType == base.from.Stored.DType() {
		if o, err := g.Omero(); err == nil && o != nil && first+channels <= len(o.Channels) {
			o.Channels = o.Channels[first : first+channels]
			if _, err := o.Windows(); err == nil {
				p.image.Omero = o
				return
			}
		}
	}
	p.seen = newExtremes(axis, channels)
	base.seen = p.seen
}

// checkImage refuses an image that OME-NGFF does not allow, before anything is written.
func (c *Copy) checkImage(ctx context.Context) error {
	p := c.pyramid
	var factors [][]int
	for _, it := range c.arrays[1:] {
		factors = append(factors, it.coarse.factor)
	}
	p.image.Metadata = map[string]any{"method": "volara zarr pyramid", "kwargs": map[string]any{"factors": factors}}
	image := p.image
	if p.seen != nil {
		image.Omero = p.seen.omero(p.Name)
	}
	scratch := &store.Node{Store: store.NewMemory()}
	if err := ngff.WriteImage(ctx, scratch, p.format, image); err != nil {
		why := strings.ReplaceAll(err.Error(), scratch.String(), c.destination)
		return volume.Refuse("%s cannot become an OME-Zarr image, which has axes of time, channels and space in this order, 2 or 3 of space and 5 at most: %s", c.source, why)
	}
	return nil
}

// An extremes measures the least and the greatest value of every channel. It may be added to concurrently.
type extremes struct {
	axis   int           // of the channels, -1 where there is none
	ranges chan []window // of one: what has been seen of every channel
}

type window struct {
	least, greatest float64
	any             bool
}

func newExtremes(axis, channels int) *extremes {
	e := &extremes{axis, make(chan []window, 1)}
	e.ranges <- make([]window, channels)
	return e
}

// add looks at the voxels of a box.
func (e *extremes) add(t volume.Box, data *nd.Array) {
	outer, channels, first, inner := 1, 1, 0, data.Len()
	if e.axis >= 0 {
		channels, first = t.Shape[e.axis], t.Offset[e.axis]
		outer, inner = nd.Len(t.Shape[:e.axis]), nd.Len(t.Shape[e.axis+1:])
	}
	own := make([]window, channels)
	for i := range outer * channels {
		w := &own[i%channels]
		w.add(kernels.FiniteRange(data, i*inner, (i+1)*inner))
	}
	all := <-e.ranges
	for i, w := range own {
		all[first+i].add(w.least, w.greatest, w.any)
	}
	e.ranges <- all
}

func (w *window) add(least, greatest float64, ok bool) {
	switch {
	case !ok:
	case !w.any:
		*w = window{least, greatest, true}
	default:
		w.least, w.greatest = min(w.least, least), max(w.greatest, greatest)
	}
}

// omero returns how channels are displayed: from black at the least value to their colour at the greatest.
func (e *extremes) omero(name string) *ngff.Omero {
	all := <-e.ranges
	defer func() { e.ranges <- all }()
	o := &ngff.Omero{Name: name}
	for i, w := range all {
		if w.least >= w.greatest { // nothing can be told apart
			w.greatest = max(w.least+1, math.Nextafter(w.least, math.Inf(1)))
		}
		active := true
		o.Channels = append(o.Channels, ngff.Channel{
			Label: fmt.Sprint(i), Color: channelColor(i, len(all)), Active: &active,
			Window: &ngff.Window{Min: w.least, Max: w.greatest, Start: w.least, End: w.greatest},
		})
	}
	return o
}

// channelColor returns a colour for one of so many channels: white for one alone.
func channelColor(i, n int) string {
	colors := []string{"FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF", "FFFFFF"}
	if n == 1 {
		return "FFFFFF"
	}
	return colors[i%len(colors)]
}

// measureSkipped looks at what of the first level was stored before.
func (c *Copy) measureSkipped(ctx context.Context, it *item) error {
	return c.inParallel(ctx, it, func(yield func(volume.Box) bool) {
		for t := range volume.Whole(it.spec.Shape).Tiles(it.tile) {
			if it.stored != nil && it.stored.all(t) && !yield(t) {
				return
			}
		}
	}, func(ctx context.Context, t volume.Box) error {
		data, err := it.to.With(zarr.Bounded(it.decoding)).Read(ctx, t.Offset, t.Shape)
		if err == nil {
			it.seen.add(t, data)
		}
		return err
	})
}
