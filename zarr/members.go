package zarr

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// A Member is a node directly below a group: an array or a group.
type Member struct {
	// Name is the last name of the node's path.
	Name string
	// Array and Group are the open node, one of them; both are nil when Err says why it cannot be read. They are closed
	// with the group that they are members of.
	Array *Array
	Group *Group
	// Err says what is wrong with the metadata of the member.
	Err error
}

// Members opens the arrays and groups directly below the group, sorted by name, at most so many; omitted is how many names
// were not looked at then. Folders without nodes below them are not among them. Each member is described by its own metadata
// file: consolidated metadata may be stale, and only tells names where the store cannot list them (see Names).
func (g *Group) Members(ctx context.Context, most int) (members []Member, omitted int, err error) {
	names, err := g.Names(ctx)
	if err != nil {
		return nil, 0, err
	}
	const atOnce = 16
	for len(names) > 0 && len(members) < most {
		batch := names[:min(atOnce, len(names), most-len(members))]
		names = names[len(batch):]
		found := make([]*Member, len(batch))
		tasks, ctx := errgroup.WithContext(ctx)
		for i, name := range batch {
			tasks.Go(func() error {
				found[i] = g.member(ctx, name)
				return ctx.Err()
			})
		}
		if err := tasks.Wait(); err != nil {
			return nil, 0, fmt.Errorf("listing the group %s: %w", g.Path(), err)
		}
		for _, m := range found {
			if m != nil {
				members = append(members, *m)
			}
		}
	}
	return members, len(names), nil
}

// member opens the node of a name, nil when there is none.
func (g *Group) member(ctx context.Context, name string) *Member {
	m := &Member{Name: name}
	if m.Array, m.Group, m.Err = g.Open(ctx, name); m.Array != nil || m.Group != nil || m.Err != nil {
		return m
	}
	if g.consolidates(name) {
		m.Err = fmt.Errorf("%w: %s: only the consolidated metadata of the group tells of it", ErrNotFound, name)
		return m
	}
	return nil
}
