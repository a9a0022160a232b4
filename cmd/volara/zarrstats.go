package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"volara/console"
	"volara/pipeline"
	"volara/volume"
)

type zarrStatsCmd struct {
	Path string `arg:"" help:"Array, or level of an image."`
	arrayArgs
	regionArgs
	limitArgs
	Bins     int      `help:"Bins of the histogram; 0: none; default: 16, and none for integers of more than two bytes, which are labels as a rule." default:"-1" placeholder:"N"`
	Low      *float64 `help:"Lower end of the histogram; default: the lowest value." placeholder:"VALUE"`
	High     *float64 `help:"Upper end of the histogram; default: the highest value." placeholder:"VALUE"`
	Distinct bool     `help:"Count different values of integers." default:"true" negatable:""`
	Temp     string   `help:"Folder for what does not fit the memory while different values are counted; default: the system's." type:"path" placeholder:"DIR"`
	JSON     bool     `name:"json" help:"Print JSON (docs/zarr.md)."`
}

// maxBins is the largest number of bins of a histogram.
const maxBins = 1 << 16

// Run is called by kong.
func (c *zarrStatsCmd) Run(ctx context.Context) error {
	l, err := c.limits()
	if err != nil {
		return err
	}
	region, err := c.region()
	if err != nil {
		return err
	}
	if c.Bins < -1 || c.Bins > maxBins {
		return &pipeline.InputError{Err: fmt.Errorf("--bins %d: 0 to %d are possible", c.Bins, maxBins)}
	}
	for _, end := range []struct {
		flag string
		at   *float64
	}{{"low", c.Low}, {"high", c.High}} {
		if end.at != nil && *end.at-*end.at != 0 {
			return refusal("--%s %v: the range of a histogram is finite", end.flag, *end.at)
		}
	}
	a, err := c.open(ctx, c.Path, l.Option())
	if err != nil {
		return err
	}
	defer a.Close()
	box, err := region.Box(a)
	if err != nil {
		return asInput(err)
	}
	t := a.DType()
	if c.Bins < 0 {
		if c.Bins = 16; t.IsInteger() && t.Size() > 2 && c.Low == nil && c.High == nil {
			c.Bins = 0
		}
	}
	s, err := volume.Measure(ctx, a, box, volume.StatsOptions{Limits: l, Bins: c.Bins, Low: c.Low, High: c.High, Distinct: c.Distinct, TempDir: c.Temp})
	if err != nil {
		return asInput(err)
	}
	if c.JSON {
		return console.WriteJSON(os.Stdout, s)
	}
	return printStats(os.Stdout, s)
}

func printStats(w io.Writer, s volume.Stats) error {
	fmt.Fprintf(w, "%s: %s of %s, %v from %v\n\n", s.Path, console.Plural(s.Voxels, "voxel"), s.DType, s.Shape, s.Offset)
	head := []string{"", ">min", ">max", ">mean", ">std", ">zero", ">nan", ">infinite", ">distinct"}
	if s.Of != "value" {
		head[0] = s.Of
	}
	t := console.NewTable(head...)
	row := func(name string, m volume.Moments, distinct *int64) {
		cells := []string{name, value(m.Min), value(m.Max), number(m.Mean), number(m.Std), fmt.Sprintf("%.4g%%", 100*m.Background), "", "", ""}
		for i, n := range []int64{m.NaN, m.Infinite} {
			if n > 0 {
				cells[6+i] = console.Count(n)
			}
		}
		if distinct != nil {
			cells[8] = console.Count(*distinct)
		}
		t.Row(cells...)
	}
	row("all", s.Moments, s.Distinct)
	for _, c := range s.Channels {
		row("channel "+strings.Trim(fmt.Sprint(c.Channel), "[]"), c.Moments, nil)
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	if s.Spilled > 0 {
		fmt.Fprintf(w, "\ncounting different values took %s of a temporary file\n", console.Bytes(s.Spilled))
	}
	if s.Histogram == nil {
		return nil
	}
	return printHistogram(w, *s.Histogram)
}

func printHistogram(w io.Writer, h volume.Histogram) error {
	const widest = 40
	most := int64(1)
	for _, n := range h.Counts {
		most = max(most, n)
	}
	t := console.NewTable(">from", ">below", ">voxels", "")
	for i, n := range h.Counts {
		bar := strings.Repeat("#", int(float64(n)/float64(most)*widest))
		if n > 0 && bar == "" {
			bar = "."
		}
		t.Row(short(h.Edges[i]), short(h.Edges[i+1]), console.Count(n), bar)
	}
	fmt.Fprintln(w)
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	if h.Outside > 0 {
		fmt.Fprintf(w, "%s outside\n", console.Plural(h.Outside, "voxel"))
	}
	return nil
}

// short writes a value with few digits where it is a fraction.
func short(v volume.Value) string {
	if strings.ContainsAny(string(v), ".e") {
		return fmt.Sprintf("%.5g", v.Float())
	}
	return string(v)
}

func value(v *volume.Value) string {
	if v == nil {
		return "none"
	}
	return string(*v)
}

func number(v *float64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprintf("%.6g", *v)
}
