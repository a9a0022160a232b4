package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// Options says what volume is made.
type Options struct {
	Shape  []int               // voxels, 2 or 3 axes
	Voxel  geometry.Coordinate // world units (nm)
	Offset geometry.Coordinate // world units: where the volume's corner lies
	Seed   uint64
}

// DefaultOptions returns a volume of (size/2, size, size) voxels of (40, 16, 16) nm, which is nearly a cube in the
// world, and does not begin at the origin.
func DefaultOptions(size int, seed uint64) Options {
	return Options{
		Shape:  []int{max(1, size/2), size, size},
		Voxel:  geometry.Coordinate{40, 16, 16},
		Offset: geometry.Coordinate{8000, 4800, 1920},
		Seed:   seed,
	}
}

// DefaultSize is the size at which the demo takes well under a minute on two cores.
const DefaultSize = 256

func (o Options) check() error {
	n := len(o.Shape)
	if n < 2 || n > 3 {
		return fmt.Errorf("the demo's volume has 2 or 3 dimensions, not %d", n)
	}
	if len(o.Offset) != n {
		return fmt.Errorf("shape %v and offset %v differ in dimensions", o.Shape, o.Offset)
	}
	_, err := newFrame(o.Shape, o.Voxel)
	return err
}

// Files says where Write has put what.
type Files struct {
	Container string // the zarr group
	Raw       string // its arrays
	Affs      string
	Labels    string
	Fragments string // where the pipeline will write
	Segments  string
	Pipeline  string // the pipeline file
	Neurites  int    // number of labels
}

// In returns where the demo's files are in a folder.
func In(dir string) Files {
	container := filepath.Join(dir, "volume.zarr")
	array := func(name string) string { return filepath.Join(container, name) }
	return Files{
		Container: container, Pipeline: filepath.Join(dir, "pipeline.yaml"),
		Raw: array("raw"), Affs: array("affs"), Labels: array("labels"),
		Fragments: array("fragments"), Segments: array("segments"),
	}
}

// Write makes a volume and stores it in a folder, which it creates where needed: volume.zarr with the arrays raw
// (uint8), labels (uint32) and affs (uint8, channel first), and pipeline.yaml, which segments affs. The same volume
// may be written again over itself; a different one, or a pipeline file over one that was changed, is refused. Apart from the labels, a slab of
// the volume is in memory at a time.
func Write(ctx context.Context, dir string, o Options) (Files, error) {
	files := In(dir)
	if err := o.check(); err != nil {
		return files, err
	}
	labels, err := Labels(o.Shape, o.Voxel, o.Seed)
	if err != nil {
		return files, err
	}
	for _, id := range nd.Values[uint32](labels) {
		files.Neurites = max(files.Neurites, int(id))
	}
	if err := ctx.Err(); err != nil {
		return files, err
	}
	w := writer{o, files, labels}
	for _, write := range []func(context.Context) error{w.group, w.labelled, w.pipeline, w.raw, w.affs} {
		if err := write(ctx); err != nil {
			return files, fmt.Errorf("writing the demo to %s: %w", dir, err)
		}
	}
	return files, nil
}

// A writer stores one volume.
type writer struct {
	Options
	files  Files
	labels *nd.Array
}

// group marks the container as a zarr v3 group.
func (w writer) group(context.Context) error {
	if err := os.MkdirAll(w.files.Container, 0o777); err != nil {
		return err
	}
	return writeFile(filepath.Join(w.files.Container, "zarr.json"), []byte(groupMetadata))
}

const groupMetadata = `{
  "zarr_format": 3,
  "node_type": "group",
  "attributes": {}
}
`

func (w writer) labelled(ctx context.Context) error {
	a, err := w.create(ctx, w.files.Labels, nd.Uint32, nil)
	if err != nil {
		return err
	}
	return a.Write(ctx, make([]int, len(w.Shape)), w.labels)
}

func (w writer) raw(ctx context.Context) error {
	a, err := w.create(ctx, w.files.Raw, nd.Uint8, nil)
	if err != nil {
		return err
	}
	f, err := newFrame(w.Shape, w.Voxel)
	if err != nil {
		return err
	}
	p := newPainter(f, nd.Values[uint32](w.labels), hash(w.Seed, 3))
	return w.slabs(func(from, to int, at, shape []int) error {
		slab := nd.New(nd.Uint8, shape...)
		out, plane := nd.Values[uint8](slab), f.shape[1]*f.shape[2]
		parallel(to-from, func(i int) { p.section(out[i*plane:(i+1)*plane], from+i) })
		return a.Write(ctx, at, slab)
	})
}

func (w writer) affs(ctx context.Context) error {
	o := DefaultAffinities(w.Voxel, w.Seed)
	a, err := w.create(ctx, w.files.Affs, nd.Uint8, o.Offsets)
	if err != nil {
		return err
	}
	made := newAffinities(w.labels, o)
	plane := made.shape[1] * made.shape[2]
	return w.slabs(func(from, to int, at, shape []int) error {
		slab := nd.New(nd.Uint8, append([]int{len(o.Offsets)}, shape...)...)
		parallel(len(o.Offsets), func(channel int) {
			values := make([]float32, (to-from)*plane)
			made.slab(values, channel, from, to)
			for i, out := 0, nd.Values[uint8](slab.Sub(channel)); i < len(values); i++ {
				out[i] = quantize(values[i])
			}
		})
		return a.Write(ctx, append([]int{0}, at...), slab)
	})
}

// slabs calls do for stretches of planes [from, to) that end where chunks do; at and shape are those of the stretch in
// the array. A two-dimensional volume is one plane.
func (w writer) slabs(do func(from, to int, at, shape []int) error) error {
	at, shape := make([]int, len(w.Shape)), append([]int{}, w.Shape...)
	if len(shape) == 2 {
		return do(0, 1, at, shape)
	}
	depth := w.chunks()[0]
	for from := 0; from < w.Shape[0]; from += depth {
		at[0], shape[0] = from, min(depth, w.Shape[0]-from)
		if err := do(from, from+shape[0], at, shape); err != nil {
			return err
		}
	}
	return nil
}

// chunks returns the chunk shape: about 128 KiB of uint8.
func (w writer) chunks() []int {
	chunks := []int{32, 64, 64}
	if len(w.Shape) == 2 {
		chunks = []int{256, 256}
	}
	for d, n := range w.Shape {
		chunks[d] = min(chunks[d], n)
	}
	return chunks
}

// create makes an array with its place in the world; with offsets, one of affinities.
func (w writer) create(ctx context.Context, path string, dtype nd.DType, offsets []geometry.Coordinate) (*zarr.Array, error) {
	n := len(w.Shape)
	place := zarr.Spatial{AxisNames: []string{"z", "y", "x"}[3-n:]}
	for d := range n {
		place.VoxelSize = append(place.VoxelSize, float64(w.Voxel[d]))
		place.Offset = append(place.Offset, float64(w.Offset[d]))
		place.Units = append(place.Units, "nm")
		place.Types = append(place.Types, "space")
	}
	spec := zarr.Spec{Shape: w.Shape, Chunks: w.chunks(), DType: dtype}
	if offsets != nil {
		spec.Shape, spec.Chunks = append([]int{len(offsets)}, spec.Shape...), append([]int{len(offsets)}, spec.Chunks...)
		place.AxisNames = append([]string{"c^"}, place.AxisNames...)
		place.Units = append([]string{""}, place.Units...)
		place.Types = append([]string{"channel"}, place.Types...)
		place.ChannelAxes = 1
	}
	spec.Attributes = place.Attributes()
	spec.Attributes["demo"] = map[string]any{"seed": w.Seed}
	spec.DimensionNames = place.AxisNames
	if offsets != nil {
		spec.Attributes["neighborhood"] = offsets
	}
	return zarr.Create(ctx, path, spec)
}

// writeFile replaces a file as a whole or not at all.
func writeFile(path string, data []byte) error {
	partial := path + ".partial"
	if err := os.WriteFile(partial, data, 0o666); err != nil {
		return err
	}
	return os.Rename(partial, path)
}
