package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/fault"
	"volara/nd"
	"volara/pipeline"
	"volara/stream"
	"volara/transfer"
	"volara/zarr/lazy"
)

type zarrCpCmd struct {
	Src string `arg:"" help:"Array, image or group: a path or a URL."`
	Dst string `arg:"" help:"Where the copy goes."`
	regionArgs
	arrayArgs
	Zarr       int    `help:"Zarr format of the copy, 2 or 3; default: that of the source." placeholder:"2|3"`
	Chunks     []int  `help:"Shape of the chunks." placeholder:"Z,Y,X"`
	Shards     string `help:"Shape of the objects that hold chunks, whole multiples of them, or none; zarr v3." placeholder:"Z,Y,X|none"`
	Codec      string `help:"Codecs: none, or names with settings, as zstd, zstd:5, gzip:6, blosc:zstd:5:bitshuffle, zstd+crc32c, or a JSON list." placeholder:"CODEC"`
	DType      string `name:"dtype" help:"Type of the voxels: uint8, float32, …" placeholder:"TYPE"`
	Cast       string `help:"What becomes of values that the type does not have: exact refuses them, nearest rounds, saturate rounds and takes the nearest value in range, wrap drops the fraction and keeps the lowest bits, as numpy's astype." enum:"exact,nearest,saturate,wrap" default:"exact"`
	Fill       string `help:"Value of voxels that are not stored." placeholder:"VALUE"`
	Separator  string `help:"Between the numbers in names of chunks: / or ." enum:"/,.," default:""`
	Endian     string `help:"Byte order of numbers." enum:"little,big," default:"" placeholder:"little|big"`
	Order      string `help:"Order of the axes in chunks." enum:"C,F," default:"" placeholder:"C|F"`
	WriteEmpty bool   `help:"Store chunks that hold nothing but the fill value, too."`
	Sync       bool   `help:"Make every chunk survive a loss of power before it counts as copied."`
	Overwrite  bool   `help:"Remove what is at the destination first."`
	limitArgs
	Progress string `help:"How progress is shown." enum:"auto,tty,plain,json,off" default:"auto"`
}

// Run is called by kong.
func (c *zarrCpCmd) Run(ctx context.Context) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	plan, err := planned(ctx, c.Src, c.Dst, o)
	if err != nil {
		return err
	}
	defer plan.Close()
	if plan.Unlisted() {
		fmt.Fprintf(os.Stderr, "warning: %s cannot list what it holds: what its metadata names is copied\n", c.Src)
	}
	warn(plan, c.Dst, "copied")
	if kept := plan.KeptLabels(); len(kept) > 0 {
		fmt.Fprintf(os.Stderr, "note: labels keep their type: %s\n", strings.Join(kept, ", "))
	}
	return c.run(ctx, plan)
}

// options returns what the flags ask for.
func (c *zarrCpCmd) options() (transfer.Options, error) {
	if c.Zarr != 0 && c.Zarr != 2 && c.Zarr != 3 {
		return transfer.Options{}, refusal("--zarr %d: 2 or 3 is possible", c.Zarr)
	}
	o := transfer.Options{Level: c.Level, Format: c.Zarr, Chunks: c.Chunks, Cast: transfer.Cast(c.Cast), Separator: c.Separator,
		Endian: c.Endian, Order: c.Order, WriteEmpty: c.WriteEmpty, Sync: c.Sync, Overwrite: c.Overwrite}
	var err error
	if o.Limits, err = c.limits(); err != nil {
		return o, err
	}
	if o.Region, err = c.region(); err != nil {
		return o, err
	}
	if o.Ops, err = lazy.ParseOps(c.Op); err != nil {
		return o, refusal("--op: %w", err)
	}
	if c.Fill != "" {
		o.Fill = &c.Fill
	}
	if o.Shards, o.NoShards, err = parseShards(c.Shards); err != nil {
		return o, err
	}
	for _, l := range []struct {
		name  string
		shape []int
	}{{"chunks", o.Chunks}, {"shards", o.Shards}} {
		for _, n := range l.shape {
			if n < 1 {
				return o, refusal("--%s %v: lengths are at least 1", l.name, l.shape)
			}
		}
	}
	if c.Codec != "" {
		if o.Codecs, err = transfer.ParseCodecs(c.Codec); err != nil {
			return o, refusal("--codec %s: %w", c.Codec, err)
		}
	}
	if c.DType != "" {
		if o.DType, err = nd.ParseDType(c.DType); err != nil {
			return o, refusal("--dtype %s: %w", c.DType, err)
		}
	}
	return o, nil
}

// refusal returns a mistake in the flags.
func refusal(format string, args ...any) error {
	return &pipeline.InputError{Err: fmt.Errorf(format, args...)}
}

func parseShards(text string) (shape []int, none bool, err error) {
	if text == "" || text == "none" {
		return nil, text == "none", nil
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false, refusal("--shards %s: lengths separated by commas are meant, or none", text)
		}
		shape = append(shape, n)
	}
	return shape, false, nil
}

// planned plans a copy.
func planned(ctx context.Context, src, dst string, o transfer.Options) (*transfer.Copy, error) {
	plan, err := transfer.Plan(ctx, src, dst, o)
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "interrupted: nothing was written")
		return nil, cli.ErrInterrupted
	}
	return plan, asInput(err)
}

// warn says what is amiss with a copy that is planned, and that what its destination has lost is copied, or made, again.
func warn(plan *transfer.Copy, dst, made string) {
	for _, w := range plan.Warnings() {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	if n := plan.Lost(); n > 0 {
		fmt.Fprintf(os.Stderr, "warning: %s was complete and lacks %s now: what is missing is %s again\n", dst, console.Plural(n, "stored chunk"), made)
	}
}

// run makes the copy.
func (c *zarrCpCmd) run(ctx context.Context, plan *transfer.Copy) error {
	return c.report(ctx, plan, transferShown(ctx, plan, "cp", path.Base(c.Dst), c.Progress))
}

// transferShown makes a copy and shows how far it is.
func transferShown(ctx context.Context, plan *transfer.Copy, command, name, mode string) error {
	progress := console.NewProgress(console.ProgressOptions{Mode: console.Mode(mode)})
	watch := newWatch(command, name, plan)
	shown := make(chan struct{})
	watching, stop := context.WithCancel(context.Background())
	go func() {
		defer close(shown)
		progress.Follow(watching, watch.status)
	}()
	err := plan.Run(ctx)
	watch.end(err)
	stop()
	<-shown
	progress.Close()
	return err
}

// report says what came of it.
func (c *zarrCpCmd) report(ctx context.Context, plan *transfer.Copy, err error) error {
	var total, done, skipped int64
	for _, p := range plan.Progress() {
		total, done, skipped = total+p.Total, done+p.Done, skipped+p.Skipped
	}
	switch {
	case err == nil && skipped == total && plan.Resumed():
		fmt.Printf("%s is a copy of %s already: nothing was left to do\n", c.Dst, c.Src)
		return nil
	case err == nil:
		before := ""
		if skipped > 0 {
			before = fmt.Sprintf(" (%s before)", console.Count(skipped))
		}
		fmt.Printf("copied %s to %s: %s in %s%s\n", c.Src, c.Dst, console.Plural(int64(len(plan.Progress())), "array"), console.Plural(total, "piece"), before)
		return nil
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(os.Stderr, "interrupted: %s of %s are copied; the same command goes on from there\n", console.Count(done), console.Plural(total, "piece"))
		return cli.ErrInterrupted
	case fault.IsEnvironment(err):
		return fmt.Errorf("%w (%s of %s are copied; the same command goes on from there)", err, console.Count(done), console.Plural(total, "piece"))
	}
	return asInput(err)
}

// A watch makes the status of a copy that is shown.
type watch struct {
	plan    *transfer.Copy
	run     string // what the command is called
	name    string
	started time.Time
	state   chan string // of one: what the copy's state is
}

func newWatch(command, name string, plan *transfer.Copy) *watch {
	w := &watch{plan: plan, run: command + " " + name, name: name, started: time.Now(), state: make(chan string, 1)}
	w.state <- stream.StateRunning
	return w
}

// end says that the copy has ended.
func (w *watch) end(err error) {
	<-w.state
	if err == nil {
		w.state <- stream.StateDone
	} else {
		w.state <- stream.StateStopped
	}
}

// status returns how far the copy is.
func (w *watch) status() stream.Status {
	state := <-w.state
	w.state <- state
	s := stream.Status{Run: w.run, State: state, Started: w.started, Updated: time.Now()}
	for _, p := range w.plan.Progress() {
		t := stream.TaskStatus{Name: p.Name, Total: p.Total, Done: p.Done, Skipped: p.Skipped, Voxels: p.Voxels, Started: w.started}
		if t.Name == "" {
			t.Name = w.name
		}
		s.Tasks = append(s.Tasks, t)
	}
	return s
}
