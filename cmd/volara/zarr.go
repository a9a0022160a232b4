package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"volara/cmd/internal/cli"
	"volara/pipeline"
	"volara/transfer"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
	"volara/zarr/store"
)

// zarrCmd groups the commands on arrays.
type zarrCmd struct {
	Info     zarrInfoCmd     `cmd:"" help:"Say what is stored at a path: an array, an image of several levels, a group, a plate."`
	Cp       zarrCpCmd       `cmd:"" help:"Copy an array, an image or a group: as it is, or laid out, encoded, cropped or computed otherwise. Given again, it goes on where it was stopped."`
	Pyramid  zarrPyramidCmd  `cmd:"" help:"Write an array as an OME-Zarr image with coarser levels, or as labels of one. Given again, it goes on where it was stopped."`
	Stats    zarrStatsCmd    `cmd:"" help:"Minimum, maximum, mean, histogram and number of distinct labels of an array."`
	Slice    zarrSliceCmd    `cmd:"" help:"Draw a plane of an array: images in grey, labels in colours, channels as red, green and blue."`
	SHA256   zarrSHA256Cmd   `cmd:"" name:"sha256" help:"Checksums of the voxels of arrays, as little-endian bytes in C order."`
	Validate zarrValidateCmd `cmd:"" help:"Check an image, a plate or a group against OME-NGFF 0.4 and 0.5, and with --data every chunk."`
}

// arrayArgs say which array is meant at a path, and what is to be seen of it.
type arrayArgs struct {
	Level *int     `help:"Level of an OME-Zarr image, by its place in the image's list; default: 0, the finest." placeholder:"N"`
	Op    []string `help:"Operation on the voxels as they are read (may be repeated, in order), as in scale_shift=0.5,1, invert, lut=final.npz (docs/pipeline.md)." placeholder:"OP" sep:"none"`
}

// open opens the array at a path, and warns of what operations lose and of what is missing yet.
func (a *arrayArgs) open(ctx context.Context, path string, opts ...zarr.Option) (*volume.Array, error) {
	ops, err := lazy.ParseOps(a.Op)
	if err != nil {
		return nil, &pipeline.InputError{Err: fmt.Errorf("--op: %w", err)}
	}
	array, err := volume.Open(ctx, path, volume.OpenOptions{Level: a.Level, Ops: ops, Options: opts})
	if err != nil {
		return nil, asInput(err)
	}
	for _, w := range array.Warnings {
		fmt.Fprintf(os.Stderr, "warning: %s: %s\n", path, w)
	}
	if w := unfinished(ctx, array.Stored.Node()); w != "" {
		fmt.Fprintf(os.Stderr, "warning: %s: %s\n", path, w)
	}
	return array, nil
}

// unfinished says that a node is a copy that lacks voxels, "" where it does not.
func unfinished(ctx context.Context, n *store.Node) string {
	source := transfer.Unfinished(ctx, n)
	if source == "" {
		return ""
	}
	return "the copy of " + source + " is not complete; the command that makes it, given again, goes on with it"
}

// limitArgs bound what a command takes.
type limitArgs struct {
	Workers *int   `help:"Blocks in work at once; default: as many as cores." placeholder:"N"`
	Memory  string `help:"Memory that blocks in work may take together, as 512MiB or 10%." default:"1GiB" placeholder:"SIZE"`
}

// limits returns the bounds that are meant.
func (a *limitArgs) limits() (volume.Limits, error) {
	workers, err := cli.Slots(a.Workers, 1)
	if err != nil {
		return volume.Limits{}, err
	}
	memory, err := pipeline.ParseMemory(a.Memory)
	if err != nil {
		return volume.Limits{}, err
	}
	const unbounded = 1 << 50
	if memory.Bytes == 0 {
		memory.Bytes = unbounded
	}
	memory.Soften()
	return volume.Limits{Workers: workers, Memory: memory.Bytes}, nil
}

// regionArgs name a part of an array.
type regionArgs struct {
	ROI    string `name:"roi" help:"Only this region in world units, snapped outward to whole voxels: BEGIN:END for each axis of space and time; either may be missing." placeholder:"Z0:Z1,Y0:Y1,X0:X1"`
	Voxels string `help:"Only these voxels: BEGIN:END or a single index for every axis, or for those of space and time." placeholder:"Z0:Z1,Y0:Y1,X0:X1"`
}

// region returns the part that is meant.
func (a *regionArgs) region() (r volume.Region, err error) {
	if a.ROI != "" {
		if r.World, err = volume.ParseWorld(a.ROI); err != nil {
			return r, &pipeline.InputError{Err: fmt.Errorf("--roi %s: %w", a.ROI, err)}
		}
	}
	if a.Voxels != "" {
		if r.Voxels, err = volume.ParseVoxels(a.Voxels); err != nil {
			return r, &pipeline.InputError{Err: fmt.Errorf("--voxels %s: %w", a.Voxels, err)}
		}
	}
	return r, nil
}

// asInput gives the user's mistakes the exit status that they have in all commands.
func asInput(err error) error {
	if err != nil && volume.IsInput(err) {
		return &pipeline.InputError{Err: err}
	}
	return err
}

type zarrSHA256Cmd struct {
	Paths []string `arg:"" name:"path" help:"Arrays, or levels of images."`
	arrayArgs
	limitArgs
}

// Run is called by kong. All paths are tried; the first error decides the exit status, but for a mistake in a path, which
// comes before all.
func (c *zarrSHA256Cmd) Run(ctx context.Context) error {
	l, err := c.limits()
	if err != nil {
		return err
	}
	var failed []error
	for _, path := range c.Paths {
		a, err := c.open(ctx, path, l.Option())
		if err == nil {
			err = printSum(ctx, a, path, l)
			err = errors.Join(err, a.Close())
		}
		if err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return asInput(errors.Join(failed...))
}

func printSum(ctx context.Context, a *volume.Array, path string, l volume.Limits) error {
	sum, err := volume.SHA256(ctx, a, l)
	if err == nil {
		_, err = fmt.Fprintf(os.Stdout, "%x  %s\n", sum, path)
	}
	return err
}
