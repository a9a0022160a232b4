package zarr

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"volara/fault"
	"volara/zarr/store"
)

// maxMembers bounds the names that are listed of a group.
const maxMembers = 1 << 20

// Names returns the names directly below the group, sorted: of folders, whether there is a node in them or not. Names that
// start with a dot are left out. Where the store cannot list (a web server), they are those that consolidated metadata and
// OME-NGFF metadata name, of the group and of those that it was opened through; where nothing names them, the error wraps
// store.ErrNoList.
func (g *Group) Names(ctx context.Context) ([]string, error) {
	listed, err := g.node.Names(ctx, maxMembers+1)
	switch {
	case errors.Is(err, store.ErrNoList):
		return g.named(ctx)
	case err != nil:
		return nil, fmt.Errorf("listing the group %s: %w", g.Path(), err)
	case len(listed) > maxMembers:
		return nil, fault.Permanent(fmt.Errorf("%s holds more than %d names: too many for a group", g.Path(), maxMembers))
	}
	var names []string
	for _, name := range listed {
		if folder, ok := strings.CutSuffix(name, "/"); ok && !strings.HasPrefix(name, ".") {
			names = append(names, folder)
		}
	}
	return names, nil
}

// named returns the names below the group that metadata tells of.
func (g *Group) named(ctx context.Context) ([]string, error) {
	paths, known, err := g.pathsBelow(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fault.Permanent(fmt.Errorf("what the group %s holds cannot be known: %w, and neither consolidated nor OME-NGFF metadata names it; "+
			"name an array or an image in it, or consolidate the metadata where it is stored (zarr.consolidate_metadata of zarr-python)", g.Path(), store.ErrNoList))
	}
	var names []string
	for _, p := range paths {
		name, _, _ := strings.Cut(p, "/")
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// namesBelow reports whether metadata names nodes below a path where the store cannot list.
func (g *Group) namesBelow(ctx context.Context, at string) bool {
	if _, err := g.node.Names(ctx, 1); !errors.Is(err, store.ErrNoList) {
		return false
	}
	paths, _, err := g.pathsBelow(ctx)
	return err == nil && len(below(paths, cleanPath(at))) > 0
}

// pathsBelow returns the paths of nodes that metadata names below the group; known is false when nothing says what there is.
func (g *Group) pathsBelow(ctx context.Context) (paths []string, known bool, err error) {
	if g.up != nil {
		around, _, err := g.up.pathsBelow(ctx)
		if err != nil {
			return nil, false, err
		}
		paths = below(around, g.path)
		known = len(paths) > 0 || g.up.isConsolidated()
	}
	own, err := g.ownPaths(ctx)
	return slices.Concat(paths, own), known || own != nil, err
}

// ownPaths returns the paths of nodes that the group's own metadata names, nil when it does not tell of any. What cannot be
// understood is a warning.
func (g *Group) ownPaths(ctx context.Context) ([]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked {
		return g.own, nil
	}
	if err := g.consolidateV2(ctx); err != nil {
		return nil, err
	}
	var images []string
	if g.image != nil {
		var err error
		switch images, err = g.image.Paths(ctx, g.node); {
		case fault.IsPermanent(err):
			g.warnings = append(g.warnings, err.Error())
		case err != nil:
			return nil, err
		}
	}
	if g.consolidated != nil || images != nil {
		g.own = append(append([]string{}, g.consolidated...), images...)
	}
	g.asked = true
	return g.own, nil
}

// isConsolidated reports whether consolidated metadata covers the group.
func (g *Group) isConsolidated() bool {
	for ; g != nil; g = g.up {
		g.mu.Lock()
		there := g.consolidated != nil
		g.mu.Unlock()
		if there {
			return true
		}
	}
	return false
}

// below returns those of some paths that are below a path, from there.
func below(paths []string, at string) []string {
	var inner []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, at+"/"); ok {
			inner = append(inner, rest)
		}
	}
	return inner
}

func cleanPath(p string) string { return path.Clean(strings.Trim(p, "/")) }
