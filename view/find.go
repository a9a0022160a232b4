package view

import (
	"context"
	"errors"
	"fmt"

	"volara/zarr"
	"volara/zarr/lazy"
)

// A finding collects what is at some locations, and what is wrong with the rest: one thing that cannot be read does not
// hide others.
type finding struct {
	overrides zarr.Overrides
	opening   []zarr.Option // of arrays

	found    []Dataset
	problems []error
}

// find adds what is at a location: an array, an image with its labels, or what is in a group or a folder.
func (f *finding) find(ctx context.Context, r Request) {
	err := f.add(ctx, r)
	if errors.Is(err, zarr.ErrNotFound) {
		found, known := len(f.found), len(f.problems)
		f.search(ctx, r)
		if len(f.found) > found || len(f.problems) > known {
			return
		}
	}
	if err != nil {
		f.problems = append(f.problems, err)
	}
}

// add adds an array, or an image with its labels. Where there is neither the error is that of zarr.Open.
func (f *finding) add(ctx context.Context, r Request) error {
	first, err := zarr.Open(ctx, r.Path, f.opening...)
	if err != nil {
		return err
	}
	d := Dataset{Name: nameOf(r.Path), Kind: r.Kind}
	arrays := []*zarr.Array{first}
	if first.Through() != "" {
		coarser, err := d.readImage(ctx, r.Path, first, f.opening)
		if err != nil {
			return err
		}
		arrays = append(arrays, coarser...)
	}
	for i, a := range arrays {
		level, err := levelOf(a, f.overrides)
		switch {
		case err != nil && i == 0:
			return err
		case err != nil:
			d.note("a coarser level is left out: %v", err)
			continue
		}
		d.Levels = append(d.Levels, level)
	}
	if d.Kind == "" {
		_, neighborhood := first.Metadata().Attributes["neighborhood"]
		d.Kind = guessKind(d.Name, first.DType(), d.Levels[0].Spatial.ChannelAxes > 0, neighborhood)
	}
	if err := d.seeThrough(ctx, r.LUT); err != nil {
		return err
	}
	f.found = append(f.found, d)
	if image := first.Through(); image != "" {
		f.addLabels(ctx, r.below(image))
	}
	return nil
}

// seeThrough puts a look-up table before labels of whole numbers; others, masks of bool, stay as they are.
func (d *Dataset) seeThrough(ctx context.Context, lut *lazy.LUT) error {
	if lut == nil || d.Kind != Labels || !d.Levels[0].DType().IsInteger() {
		return nil
	}
	for i, l := range d.Levels {
		seen, err := lazy.Ops{lut}.Apply(ctx, l.Array)
		if err != nil {
			return fmt.Errorf("%s: %w", l.Path(), err)
		}
		d.Levels[i] = Level{Array: seen}
	}
	d.Table = lut.File()
	return nil
}
