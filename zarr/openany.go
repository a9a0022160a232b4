package zarr

import (
	"context"
	"errors"
	"strings"
	"sync"

	"volara/zarr/ngff"
	"volara/zarr/store"
)

// OpenAny opens what is at a node: an array, with what the image above it says of it, or a group, which may be a folder
// without metadata that has nodes below it. Both are nil where there is neither. Closing either closes the node's store.
func OpenAny(ctx context.Context, n *store.Node) (*Array, *Group, error) {
	above := &above{}
	a, g, err := openAny(ctx, n, above.image)
	if g != nil {
		g.above = above
	}
	return a, g, err
}

// openAny is OpenAny; images returns what a group above says of images.
func openAny(ctx context.Context, n *store.Node, images imageReader) (*Array, *Group, error) {
	doc, err := readNode(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	var g *Group
	switch {
	case doc.isArray():
		a, err := doc.open(ctx, n, images)
		return a, nil, err
	case doc.v3 != nil:
		g, err = parseGroupV3(n, doc)
	case doc.v2group != nil || doc.attrs != nil:
		g, err = parseGroupV2(n, doc)
	default:
		var found bool
		if found, err = holdsNodes(ctx, n); found {
			g = &Group{node: n}
		}
	}
	return nil, g, err
}

// open opens a node that is an array.
func (d nodeDoc) open(ctx context.Context, n *store.Node, images imageReader) (*Array, error) {
	m, err := d.array(n)
	if err != nil {
		return nil, err
	}
	a := newArray(n.Store, n.Prefix, nil)
	a.state.meta = m
	a.image, a.level, a.noLevel = findLevel(ctx, n, images)
	return a, ctx.Err()
}

// holdsNodes reports whether there is a node below a folder, as far as it is worth looking. A store that cannot list has
// no folders.
func holdsNodes(ctx context.Context, n *store.Node) (bool, error) {
	const looked, most = 500, 1000 // folders, and names in each
	queue := []*store.Node{n}
	for i := 0; i < len(queue); i++ {
		names, err := queue[i].Names(ctx, most)
		if errors.Is(err, store.ErrNoList) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, name := range names {
			switch name {
			case "zarr.json", ".zarray", ".zgroup":
				return true, nil
			}
			if !strings.HasSuffix(name, "/") || strings.HasPrefix(name, ".") || len(queue) >= looked {
				continue
			}
			if child, err := queue[i].Child(name); err == nil {
				queue = append(queue, child)
			}
		}
	}
	return false, nil
}

// An imageReader returns what the group at a node says of images, nil when nothing.
type imageReader func(ctx context.Context, n *store.Node) (*ngff.Group, error)

// above remembers what is said of images above the group that was opened first. It may be used concurrently.
type above struct {
	mu   sync.Mutex
	read map[string]*ngff.Group // by path; nil is none
}

func (a *above) image(ctx context.Context, n *store.Node) (*ngff.Group, error) {
	at := n.String()
	a.mu.Lock()
	g, ok := a.read[at]
	a.mu.Unlock()
	if ok {
		return g, nil
	}
	g, err := ngff.Read(ctx, n)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	const most = 1000
	if a.read == nil || len(a.read) >= most {
		a.read = map[string]*ngff.Group{}
	}
	a.read[at] = g
	return g, nil
}

// imageAt is what the group and those it was opened through say, without reading them again, or else what is above.
func (g *Group) imageAt(ctx context.Context, n *store.Node) (*ngff.Group, error) {
	at := n.String()
	for up := g; up != nil; up = up.up {
		if up.Path() == at {
			return up.Image()
		}
	}
	return g.above.image(ctx, n)
}
