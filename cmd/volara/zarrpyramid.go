package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/fault"
	"volara/kernels"
	"volara/transfer"
)

type zarrPyramidCmd struct {
	Src string `arg:"" help:"Array, or image of which a level is taken: a path or a URL."`
	Dst string `arg:"" help:"Where the image goes; with --labels, the image that they are labels of."`
	regionArgs
	arrayArgs
	Levels     int    `help:"How many levels, the array itself included; default: until the coarsest is a single chunk. Labels have as many as their image." placeholder:"N"`
	Method     string `help:"How a coarser voxel is made of those it covers: mean, mode (the most frequent), stride (the first), min or max; default: mode of labels and integers of 32 bits or more, mean of all else." enum:"mean,mode,stride,min,max," default:"" placeholder:"METHOD"`
	Factor     []int  `help:"By how much each level is coarser, along the axes of space or along all; default: 2 along those of which voxels are no longer than the others." placeholder:"Z,Y,X"`
	Labels     bool   `help:"Add it to the image at DST as a label image."`
	Name       string `help:"Name of the image, and folder of labels; default: from DST, of labels from SRC." placeholder:"NAME"`
	Format     string `help:"Version of OME-NGFF: 0.5 in zarr v3 or 0.4 in v2; default: 0.5, for labels that of their image." enum:"0.4,0.5," default:"" placeholder:"0.4|0.5"`
	Chunks     []int  `help:"Shape of the chunks of every level; default: that of the source." placeholder:"Z,Y,X"`
	Shards     string `help:"Shape of the objects that hold chunks, whole multiples of them, or none; zarr v3." placeholder:"Z,Y,X|none"`
	Codec      string `help:"Codecs, as for cp." placeholder:"CODEC"`
	DType      string `name:"dtype" help:"Type of the voxels: uint8, float32, …" placeholder:"TYPE"`
	Cast       string `help:"What becomes of values that the type does not have, as for cp." enum:"exact,nearest,saturate,wrap" default:"exact"`
	Fill       string `help:"Value of voxels that are not stored." placeholder:"VALUE"`
	WriteEmpty bool   `help:"Store chunks that hold nothing but the fill value, too."`
	Sync       bool   `help:"Make every chunk survive a loss of power before it counts as written."`
	Overwrite  bool   `help:"Remove what is at the destination first: with --labels, labels of that name."`
	limitArgs
	Progress string `help:"How progress is shown." enum:"auto,tty,plain,json,off" default:"auto"`
}

// Run is called by kong.
func (c *zarrPyramidCmd) Run(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	plan, err := planned(ctx, c.Src, c.Dst, o)
	if err != nil {
		return err
	}
	defer plan.Close()
	warn(plan, plan.Destination(), "made")
	if m := plan.Guessed(); m != "" {
		fmt.Fprintf(os.Stderr, "note: it looks like labels: coarser voxels are made by %s; --method says otherwise\n", m)
	}
	err = transferShown(ctx, plan, "pyramid", path.Base(plan.Destination()), c.Progress)
	return c.report(ctx, plan, err)
}

// options returns what the flags ask for.
func (c *zarrPyramidCmd) options() (transfer.Options, error) {
	cp := zarrCpCmd{Src: c.Src, Dst: c.Dst, regionArgs: c.regionArgs, arrayArgs: c.arrayArgs, Chunks: c.Chunks, Shards: c.Shards,
		Codec: c.Codec, DType: c.DType, Cast: c.Cast, Fill: c.Fill, WriteEmpty: c.WriteEmpty, Sync: c.Sync, Overwrite: c.Overwrite,
		limitArgs: c.limitArgs}
	o, err := cp.options()
	if err != nil {
		return o, err
	}
	if c.Levels < 0 {
		return o, refusal("--levels %d: at least 1 is possible", c.Levels)
	}
	o.Format = map[string]int{"0.4": 2, "0.5": 3}[c.Format]
	if o.Format == 2 && o.Shards != nil {
		return o, refusal("--shards: only zarr v3 has them, and OME-NGFF 0.4 is zarr v2; leave out --format or --shards")
	}
	o.Pyramid = &transfer.Pyramid{Levels: c.Levels, Factor: c.Factor, Method: kernels.Downsampling(c.Method), Labels: c.Labels, Name: c.Name}
	return o, nil
}

// report says what came of it.
func (c *zarrPyramidCmd) report(ctx context.Context, plan *transfer.Copy, err error) error {
	var total, done, skipped int64
	for _, p := range plan.Progress() {
		total, done, skipped = total+p.Total, done+p.Done, skipped+p.Skipped
	}
	levels := console.Plural(int64(len(plan.Progress())), "level")
	switch {
	case err == nil && skipped == total && plan.Resumed():
		fmt.Printf("%s is made of %s already: nothing was left to do\n", plan.Destination(), c.Src)
		return nil
	case err == nil:
		before := ""
		if skipped > 0 {
			before = fmt.Sprintf(" (%s before)", console.Count(skipped))
		}
		fmt.Printf("made %s of %s: %s in %s%s\n", plan.Destination(), c.Src, levels, console.Plural(total, "piece"), before)
		return nil
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(os.Stderr, "interrupted: %s of %s are made; the same command goes on from there\n", console.Count(done), console.Plural(total, "piece"))
		return cli.ErrInterrupted
	case fault.IsEnvironment(err):
		return fmt.Errorf("%w (%s of %s are made; the same command goes on from there)", err, console.Count(done), console.Plural(total, "piece"))
	}
	return asInput(err)
}
