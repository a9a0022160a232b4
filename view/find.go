package view

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volara/zarr"
	"volara/zarr/lazy"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// A Request names something to look at: a location, and perhaps what it is.
type Request struct {
	Path string
	Kind Kind      // "": guessed
	LUT  *lazy.LUT // that labels are seen through; nil: none
}

// ParseRequest reads PATH or KIND=PATH. A path that exists as it is written is one.
func ParseRequest(text string) Request {
	before, after, ok := strings.Cut(text, "=")
	if ok && after != "" {
		if kind, err := ParseKind(before); err == nil {
			if _, err := os.Stat(text); err != nil {
				return Request{Path: after, Kind: kind}
			}
		}
	}
	return Request{Path: text}
}

// Paths finds arrays, images with all their levels and labels, and groups with all that is in
// them. What o says of their place is believed in their stead.
func Paths(requests []Request, o zarr.Overrides) Finder {
	return func(ctx context.Context, cache *zarr.Cache) (found []Dataset, problems []error) {
		for _, r := range requests {
			datasets, err := find(ctx, r, o, cache)
			if err != nil {
				problems = append(problems, err)
			}
			found = append(found, datasets...)
		}
		return found, problems
	}
}

// find returns what is at a location.
func find(ctx context.Context, r Request, o zarr.Overrides, cache *zarr.Cache) ([]Dataset, error) {
	d, err := open(ctx, r, o, cache)
	if err == nil {
		return append([]Dataset{d}, labelsOf(ctx, r, d, o, cache)...), nil
	}
	if !errors.Is(err, zarr.ErrNotFound) {
		return nil, err
	}
	datasets, inside := findInside(ctx, r, o, cache)
	if len(datasets) == 0 && inside == nil {
		return nil, err
	}
	return datasets, inside
}

// open opens an array, or an image.
func open(ctx context.Context, r Request, o zarr.Overrides, cache *zarr.Cache) (Dataset, error) {
	first, err := zarr.Open(ctx, r.Path, zarr.Cached(cache))
	if err != nil {
		return Dataset{}, err
	}
	d := Dataset{Name: nameOf(r.Path), Kind: r.Kind}
	arrays := []*zarr.Array{first}
	// An image's path is not its level's.
	image := first.Level() != nil && first.Path() != (filepath.Clean(absolute(r.Path)))
	if image {
		if err := d.addLevels(ctx, r.Path, first, cache, &arrays); err != nil {
			return d, err
		}
	}
	for _, a := range arrays {
		level, err := LevelOf(a, o)
		if err != nil {
			return d, err
		}
		d.Levels = append(d.Levels, level)
	}
	if d.Kind == "" {
		d.Kind = KindOf(d.Name, d.Levels[0], first)
	}
	return d, d.mapLabels(ctx, r.LUT)
}

// mapLabels puts a look-up table before labels.
func (d *Dataset) mapLabels(ctx context.Context, lut *lazy.LUT) error {
	if lut == nil || d.Kind != Labels {
		return nil
	}
	for i, l := range d.Levels {
		seen, err := lazy.Ops{lut}.Apply(ctx, l.Array)
		if err != nil {
			return err
		}
		d.Levels[i] = Level{Array: seen}
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil && !strings.Contains(path, "://") {
		return abs
	}
	return strings.TrimSuffix(path, "/")
}

// addLevels opens the coarser levels of an image, and reads how it is displayed.
func (d *Dataset) addLevels(ctx context.Context, path string, first *zarr.Array, cache *zarr.Cache, arrays *[]*zarr.Array) error {
	group := first.Image()
	m, err := group.Image()
	if err != nil {
		return err
	}
	for i := 1; i < len(m.Datasets); i++ {
		a, err := zarr.Open(ctx, path, zarr.Level(i), zarr.Cached(cache))
		if err != nil {
			return err
		}
		*arrays = append(*arrays, a)
	}
	if d.Kind == "" && group.Has("image-label") {
		d.Kind = Labels
	}
	omero, err := group.Omero()
	if err != nil || omero == nil {
		return nil //nolint:nilerr // colours are chosen then
	}
	for _, c := range omero.Channels {
		d.Channels = append(d.Channels, channelOf(c))
	}
	return nil
}

func channelOf(c ngff.Channel) Channel {
	out := Channel{Colour: c.Color, Hidden: !c.Shown()}
	if w := c.Window; w != nil && w.Start < w.End {
		out.Window = &Range{w.Start, w.End}
		if c.Inverted {
			out.Window = &Range{w.End, w.Start}
		}
	}
	return out
}

// LevelOf returns an array as a level.
func LevelOf(a *zarr.Array, o zarr.Overrides) (Level, error) {
	seen, err := lazy.Of(a, o)
	l := Level{Array: seen}
	l.Dir = folder(a.Path())
	return l, err
}

// folder returns the path where it is that of a folder on this machine, else "".
func folder(path string) string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() || !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// KindOf guesses what an array is.
func KindOf(name string, l Level, a *zarr.Array) Kind {
	m := a.Metadata()
	_, neighborhood := m.Attributes["neighborhood"]
	return guessKind(name, m.DType, l.Spatial.ChannelAxes > 0, neighborhood)
}

// nameOf returns what people call the thing at a path: its last name, but for those that say nothing.
func nameOf(path string) string {
	parts := strings.Split(strings.Trim(filepath.ToSlash(path), "/"), "/")
	for len(parts) > 1 && len(parts[len(parts)-1]) < 3 && strings.Trim(parts[len(parts)-1], "s0123456789") == "" { // s0, 0: a level
		parts = parts[:len(parts)-1]
	}
	name := parts[len(parts)-1]
	for _, suffix := range []string{".ome.zarr", ".zarr", ".zip"} {
		if short := strings.TrimSuffix(name, suffix); short != "" {
			name = short
		}
	}
	return name
}

// labelsOf returns the labels that come with an image.
func labelsOf(ctx context.Context, r Request, image Dataset, o zarr.Overrides, cache *zarr.Cache) []Dataset {
	var found []Dataset
	for _, name := range labelNames(ctx, r.Path) {
		d, err := open(ctx, Request{join(r.Path, "labels/"+name), Labels, r.LUT}, o, cache)
		if err != nil || len(image.Levels) == 0 {
			continue // listed and not there
		}
		found = append(found, d)
	}
	return found
}

func labelNames(ctx context.Context, path string) []string {
	g, err := zarr.ReadGroup(ctx, join(path, "labels"))
	if err != nil || g == nil || !g.Has("labels") {
		return nil
	}
	names, err := g.Labels()
	if err != nil {
		return nil
	}
	return names
}

func join(path, below string) string { return strings.TrimSuffix(path, "/") + "/" + below }

// What a group is searched for.
const (
	deepestGroup = 4
	mostArrays   = 64
	mostFolders  = 1000
)

// leadsOut reports whether a folder of n is a link out of the root's folder, or to one that holds the link: neither is
// searched. The root itself may be a link.
func leadsOut(root, n *store.Node, child string) bool {
	if _, ok := n.Store.(*store.Local); !ok {
		return false
	}
	path := filepath.Join(n.String(), child)
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		return err != nil
	}
	top, err := filepath.EvalSymlinks(root.String())
	if err != nil {
		return true
	}
	parent, err := filepath.EvalSymlinks(n.String())
	if err != nil {
		return true
	}
	to, err := filepath.EvalSymlinks(path)
	return err != nil || !within(top, to) || within(to, parent)
}

// within reports whether a path is a folder's or one below it.
func within(folder, path string) bool {
	rest, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rest)
}

// findInside returns the arrays and images in a group, or in a folder that holds some.
func findInside(ctx context.Context, r Request, o zarr.Overrides, cache *zarr.Cache) ([]Dataset, error) {
	n, err := store.Open(ctx, r.Path, store.Options{})
	if err != nil {
		return nil, err
	}
	defer n.Close()
	root, found := n, []Dataset(nil)
	folders := 0
	var walk func(n *store.Node, below string, depth int) error
	walk = func(n *store.Node, below string, depth int) error {
		if folders++; folders > mostFolders {
			return fmt.Errorf("%s is a large tree of folders; name the arrays that are meant", r.Path)
		}
		names, err := n.Names(ctx, 1000)
		if err != nil {
			return nil //nolint:nilerr // a store that cannot be listed: the path is to be named
		}
		slices.Sort(names)
		for _, name := range names {
			child, dir := strings.CutSuffix(name, "/")
			if !dir || strings.HasPrefix(child, ".") || leadsOut(root, n, child) {
				continue
			}
			d, err := open(ctx, Request{join(r.Path, below+child), r.Kind, r.LUT}, o, cache)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				if found = append(found, d); len(found) > mostArrays {
					return fmt.Errorf("%s holds more than %d arrays; name those that are meant", r.Path, mostArrays)
				}
				continue
			case !errors.Is(err, zarr.ErrNotFound):
				return err
			case depth == deepestGroup:
				continue
			}
			next, err := n.Child(child)
			if err == nil {
				err = walk(next, below+child+"/", depth+1)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	err = walk(n, "", 1)
	return found, err
}
