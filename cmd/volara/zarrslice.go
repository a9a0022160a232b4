package main

import (
	"context"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"volara/picture"
	"volara/pipeline"
	"volara/volume"
	"volara/zarr/ngff"
)

type zarrSliceCmd struct {
	Path string `arg:"" help:"Array, or level of an image."`
	arrayArgs
	regionArgs
	Out         string   `short:"o" help:"PNG file to write." default:"slice.png" type:"path"`
	Axis        string   `help:"Axis that is cut, by name or number; default: z, or the third from last of space and time." placeholder:"AXIS"`
	At          *int     `help:"Voxel along it; default: the middle." placeholder:"N" xor:"at"`
	World       *float64 `help:"Position along it in world units." placeholder:"POSITION" xor:"at"`
	Channel     []int    `help:"Channels to show as red, green and blue, or one in grey: N or N,N,N; default: those that an image says are shown, else the first ones." placeholder:"N,…"`
	As          string   `help:"How values are drawn; auto: labels for integers of 32 and 64 bits, rgb for three channels or more, else grey." enum:"auto,grey,labels,rgb" default:"auto"`
	Window      string   `help:"Values of black and of full brightness; either may be missing, for the lowest or highest value of the plane. Default: the image's own, the range of bytes, or that of the plane." placeholder:"LOW:HIGH" xor:"window"`
	Percentiles string   `help:"The window by percentiles of the plane, as 1:99." placeholder:"LOW:HIGH" xor:"window"`
	Zoom        float64  `help:"Pixels along a voxel's shortest side; below 1 voxels are left out." default:"1" placeholder:"X"`
	Square      bool     `help:"Draw voxels as squares, whatever their size in the world."`
	Memory      string   `help:"Memory that the picture may take, with chunks while they are decoded." default:"4GiB" placeholder:"SIZE"`
	Pipeline    string   `help:"Pipeline whose blocks are laid over the plane, in the colours of what became of them (as volara blocks draws them)." type:"path" placeholder:"FILE"`
	Task        string   `help:"The task whose blocks are meant, where the pipeline has several." placeholder:"TASK"`
	State       string   `help:"State directory of the pipeline; default .volara beside its file." type:"path" placeholder:"DIR"`
}

// maxZoom bounds the pixels of a voxel.
const maxZoom = 1024

// Run is called by kong.
func (c *zarrSliceCmd) Run(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	if dir := filepath.Dir(c.Out); !isFolder(dir) {
		return refusal("-o %s: there is no folder %s", c.Out, dir)
	}
	a, err := c.open(ctx, c.Path)
	if err != nil {
		return err
	}
	defer a.Close()
	if o.Omero, err = omero(a, len(c.Op) > 0); err != nil {
		fmt.Fprintln(os.Stderr, "warning:", err)
	}
	p, err := picture.Slice(ctx, a, o)
	if err != nil {
		return asInput(err)
	}
	overlaid, err := c.overlay(ctx, p)
	if err != nil {
		return err
	}
	if err := writeFile(c.Out, func(f *os.File) error { return png.Encode(f, p.Image) }); err != nil {
		return err
	}
	fmt.Println(caption(p, a, c.Out))
	if overlaid != "" {
		fmt.Println(overlaid)
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// options returns what the flags ask for.
func (c *zarrSliceCmd) options() (o picture.Options, err error) {
	o = picture.Options{Axis: c.Axis, At: c.At, World: c.World, Channels: c.Channel, Style: picture.Style(c.As), Zoom: c.Zoom, Voxels: c.Square}
	if o.Region, err = c.region(); err != nil {
		return o, err
	}
	memory, err := pipeline.ParseMemory(c.Memory)
	if err != nil {
		return o, err
	}
	memory.Soften()
	o.Memory = memory.Bytes
	if !(c.Zoom > 0 && c.Zoom <= maxZoom) {
		return o, &pipeline.InputError{Err: fmt.Errorf("--zoom %v: more than 0 and at most %d is possible", c.Zoom, maxZoom)}
	}
	if c.Window != "" {
		low, high, err := parseWindow(c.Window)
		if err != nil {
			return o, &pipeline.InputError{Err: fmt.Errorf("--window %s: %w", c.Window, err)}
		}
		o.Window = &picture.Window{Low: low, High: high}
	}
	if c.Percentiles != "" {
		low, high, err := parseWindow(c.Percentiles)
		if err == nil && !(low >= 0 && low < high && high <= 100) {
			err = fmt.Errorf("two numbers from 0 to 100 are meant, the lower one first")
		}
		if err != nil {
			return o, &pipeline.InputError{Err: fmt.Errorf("--percentiles %s: %w", c.Percentiles, err)}
		}
		o.Percentiles = &[2]float64{low, high}
	}
	return o, nil
}

// parseWindow reads LOW:HIGH; NaN is a missing one.
func parseWindow(text string) (low, high float64, err error) {
	from, to, ok := strings.Cut(text, ":")
	if !ok {
		return 0, 0, fmt.Errorf("LOW:HIGH is meant")
	}
	bounds := [2]float64{math.NaN(), math.NaN()}
	for i, s := range []string{from, to} {
		if s == "" {
			continue
		}
		if bounds[i], err = strconv.ParseFloat(s, 64); err != nil || bounds[i]-bounds[i] != 0 {
			return 0, 0, fmt.Errorf("%q is not a number", s)
		}
	}
	return bounds[0], bounds[1], nil
}

// omero returns what the image of an array says of how it is displayed, nil when it says nothing or operations have changed
// what there is to be seen.
func omero(a *volume.Array, ops bool) (*ngff.Omero, error) {
	if a.Stored.Image() == nil || ops {
		return nil, nil
	}
	return a.Stored.Image().Omero()
}

// caption says what a picture shows.
func caption(p *picture.Picture, a *volume.Array, out string) string {
	f, size := p.Frame, p.Image.Rect.Max
	text := fmt.Sprintf("wrote %s: %d × %d pixels, %s of %s", out, size.X, size.Y, p.Style, a.Path())
	if f.Axis >= 0 {
		for i, axis := range f.Place.Physical() {
			if axis == f.Axis {
				at := f.Box.Offset[axis]
				text += fmt.Sprintf(", %s = voxel %d (%v%s)", f.Place.AxisNames[axis], at,
					f.Place.Offset[i]+float64(at)*f.Place.VoxelSize[i], unit(f.Place.Units[axis]))
			}
		}
	}
	for i, w := range p.Windows {
		text += fmt.Sprintf(", channel %d from %.6g to %.6g", p.Channels[i], w.Low, w.High)
	}
	return text
}

// unit writes a unit behind a number.
func unit(name string) string {
	if name == "" {
		return ""
	}
	return " " + name
}
