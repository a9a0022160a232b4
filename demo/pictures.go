package demo

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"volara/geometry"
	"volara/nd"
	"volara/zarr"
)

// Pictures draws what a pipeline made of a volume into PNG files in a folder, which it creates where needed, and
// returns their paths: panels.png (raw, affinities, fragments and segments side by side, along z and, in three
// dimensions, along y), overlay.png (segments over raw) and, in three dimensions, neurites.png (some segments in
// space). It reads files' Raw, Affs, Fragments and Segments; of a large volume only the middle. Ids have the same
// colours in all pictures, also in those of another run.
func Pictures(ctx context.Context, files Files, dir string) ([]string, error) {
	return drawAll(ctx, files, dir, widths{panel: 512, overlay: 960, neurites: 920})
}

// widths are the pixels across a picture without its frame.
type widths struct{ panel, overlay, neurites int }

func drawAll(ctx context.Context, files Files, dir string, wide widths) ([]string, error) {
	s, err := newStyle()
	if err != nil {
		return nil, err
	}
	v, err := readView(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	type picture struct {
		name  string
		draw  func(*style, int) *image.RGBA
		width int
	}
	pictures := []picture{{"panels.png", v.panels, wide.panel}, {"overlay.png", v.overlay, wide.overlay}}
	if v.dims == 3 {
		pictures = append(pictures, picture{"neurites.png", v.neurites, wide.neurites})
	}
	var paths []string
	for _, p := range pictures {
		if err := ctx.Err(); err != nil {
			return paths, err
		}
		path := filepath.Join(dir, p.name)
		if err := save(path, p.draw(s, p.width)); err != nil {
			return paths, fmt.Errorf("pictures: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func save(path string, img image.Image) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, img)
}

// A view is the part of a volume that pictures show.
type view struct {
	frame
	dims      int
	whole     []int // shape of the volume
	unit      string
	axes      string // names of the affinities' direct channels
	raw       []uint8
	affs      [][]uint8
	fragments []uint64
	segments  []uint64
}

// widest is the number of voxels along an axis that pictures show at most.
const widest = 384

// readView reads the middle of a volume.
func readView(ctx context.Context, files Files) (*view, error) {
	raw, err := zarr.Open(ctx, files.Raw)
	if err != nil {
		return nil, err
	}
	place, err := raw.Spatial(zarr.Overrides{})
	if err != nil {
		return nil, err
	}
	voxel, _, _, err := place.Rounded()
	if err != nil {
		return nil, err
	}
	v := &view{whole: raw.Metadata().Shape, dims: len(voxel)}
	if len(v.whole) != v.dims || v.dims < 2 || v.dims > 3 {
		return nil, fmt.Errorf("%s has the shape %v; pictures show 2 or 3 dimensions without channels", files.Raw, v.whole)
	}
	v.unit = place.Units[0]
	offset, shape := make([]int, v.dims), make([]int, v.dims)
	for d, n := range v.whole {
		shape[d] = min(n, widest)
		offset[d] = (n - shape[d]) / 2
	}
	if v.frame, err = newFrame(shape, voxel); err != nil {
		return nil, err
	}
	box, err := raw.Read(ctx, offset, shape)
	if err != nil {
		return nil, err
	}
	if box.DType() != nd.Uint8 {
		return nil, fmt.Errorf("%s is %v; pictures show uint8", files.Raw, box.DType())
	}
	v.raw = nd.Values[uint8](box)
	if err := v.readAffinities(ctx, files.Affs, offset, shape); err != nil {
		return nil, err
	}
	if v.fragments, err = readIDs(ctx, files.Fragments, offset, shape); err != nil {
		return nil, err
	}
	v.segments, err = readIDs(ctx, files.Segments, offset, shape)
	return v, err
}

// readAffinities reads the channels of direct neighbours, as many as there are axes.
func (v *view) readAffinities(ctx context.Context, path string, offset, shape []int) error {
	affs, err := zarr.Open(ctx, path)
	if err != nil {
		return err
	}
	var neighborhood []geometry.Coordinate
	m := affs.Metadata()
	if _, err := m.Attribute("neighborhood", &neighborhood); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var names []string
	for channel := range min(v.dims, m.Shape[0]) {
		box, err := affs.Read(ctx, append([]int{channel}, offset...), append([]int{1}, shape...))
		if err != nil {
			return err
		}
		if box.DType() != nd.Uint8 {
			return fmt.Errorf("%s is %v; pictures show uint8", path, box.DType())
		}
		v.affs = append(v.affs, nd.Values[uint8](box))
		if channel < len(neighborhood) {
			names = append(names, direction(neighborhood[channel]))
		}
	}
	v.axes = strings.Join(names, ", ")
	return nil
}

// direction names the axis that an offset points along, or writes the offset.
func direction(offset geometry.Coordinate) string {
	axes := []string{"z", "y", "x"}[max(0, 3-len(offset)):]
	name := ""
	for d, by := range offset {
		if by != 0 && d < len(axes) {
			name += axes[d]
		}
	}
	if len(name) != 1 {
		return offset.String()
	}
	return name
}

// readIDs reads a box of an array of any unsigned type.
func readIDs(ctx context.Context, path string, offset, shape []int) ([]uint64, error) {
	a, err := zarr.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	box, err := a.Read(ctx, offset, shape)
	if err != nil {
		return nil, err
	}
	if t := box.DType(); !t.IsUnsigned() || t == nd.Uint8 {
		return nil, fmt.Errorf("%s is %v; pictures show ids of uint16, uint32 or uint64", path, t)
	}
	return nd.Values[uint64](box.As(nd.Uint64)), nil
}
