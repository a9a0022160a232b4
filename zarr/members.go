package zarr

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Kind is what a node is.
type Kind string

// The kinds of nodes.
const (
	KindArray Kind = "array"
	KindGroup Kind = "group"
)

// A Member is a node directly below a group.
type Member struct {
	// Name is the last name of the node's path.
	Name string
	// Kind says what it is.
	Kind Kind
	// Attributes are the user's attributes as JSON.
	Attributes map[string]json.RawMessage
	// Array describes an array; nil when Err says why it cannot be read.
	Array *Metadata
	// Err says what is wrong with the metadata of the member.
	Err error
}

// Members returns the arrays and groups directly below the group, sorted by name; folders without zarr metadata are not
// among them. Each is described by its own metadata file: consolidated metadata may be stale, and only tells the names
// where the store cannot list them (a web server).
func (g *Group) Members(ctx context.Context) ([]Member, error) {
	names, stale, err := g.names(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the group %s: %w", g.Path(), err)
	}
	found := make([]*Member, len(names))
	const atOnce = 16
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(atOnce)
	for i, name := range names {
		tasks.Go(func() (err error) {
			found[i], err = g.member(ctx, name)
			return err
		})
	}
	if err := tasks.Wait(); err != nil {
		return nil, fmt.Errorf("listing the group %s: %w", g.Path(), err)
	}
	var members []Member
	for i, m := range found {
		switch {
		case m != nil:
			members = append(members, *m)
		case stale:
			members = append(members, Member{Name: names[i], Kind: KindGroup})
			members[len(members)-1].Err = fmt.Errorf("%w: %s: only the consolidated metadata of the group tells of it", ErrNotFound, names[i])
		}
	}
	return members, nil
}

// member describes the node of a name, nil when there is none.
func (g *Group) member(ctx context.Context, name string) (*Member, error) {
	n, err := g.node.Child(name)
	if err != nil {
		return nil, nil // not a name that a node can have
	}
	doc, err := readNode(ctx, n)
	if err != nil {
		return nil, err
	}
	m := &Member{Name: name, Kind: KindGroup}
	switch {
	case doc.isArray():
		m.Kind = KindArray
		if m.Array, m.Err = doc.array(n); m.Err == nil {
			m.Attributes = m.Array.Attributes
		}
	case doc.v3 != nil:
		var child *Group
		if child, m.Err = openGroupV3(n, doc); m.Err == nil {
			m.Attributes = child.attributes
		}
	case doc.v2group != nil:
		m.Attributes, m.Err = doc.attributesV2(n)
	default:
		return nil, nil
	}
	return m, nil
}
