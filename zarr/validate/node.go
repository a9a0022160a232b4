package validate

import (
	"context"
	"errors"
	"fmt"
	"path"

	"volara/fault"
	"volara/zarr"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// Node checks the group at a node with all that belongs to it, or an array, which is valid when it can be opened.
func Node(ctx context.Context, n *store.Node, o Options) (Report, error) {
	c := &collector{options: o}
	g, err := c.read(ctx, n)
	if err != nil {
		return Report{}, err
	}
	switch {
	case g != nil:
		c.report.Version, c.report.Kinds = g.Version, g.Kinds()
		err = c.group(ctx, n, g)
	case len(c.report.Problems) == 0:
		err = c.array(ctx, n)
	}
	return c.finish(), err
}

// Document checks a metadata file alone, a zarr.json, a .zattrs, or the attributes of either, by the published schemas.
func Document(file string, data []byte, o Options) Report {
	c := &collector{options: o, alone: true}
	g, err := ngff.Parse(file, data)
	switch {
	case err != nil:
		c.problem(file, err.Error())
	case g == nil:
		c.problem(file, "no OME-Zarr metadata")
	default:
		c.report.Version, c.report.Kinds = g.Version, g.Kinds()
		c.document(g.Check(o.Strict))
	}
	return c.finish()
}

// read reads a group's metadata; what cannot be understood is a problem.
func (c *collector) read(ctx context.Context, n *store.Node) (*ngff.Group, error) {
	g, err := ngff.Read(ctx, n)
	if fault.IsPermanent(err) {
		c.problem(n.String(), err.Error())
		return nil, nil
	}
	return g, err
}

// array checks what is neither group nor image.
func (c *collector) array(ctx context.Context, n *store.Node) error {
	_, err := zarr.OpenStore(ctx, n.Store, n.Prefix)
	switch {
	case errors.Is(err, zarr.ErrNotFound):
		c.problem(n.String(), "neither an array nor a group with OME-Zarr metadata is there")
	case fault.IsPermanent(err):
		c.problem(n.String(), err.Error())
	default:
		return err
	}
	return nil
}

// group checks a group and what it names.
func (c *collector) group(ctx context.Context, n *store.Node, g *ngff.Group) error {
	c.document(g.Check(c.options.Strict))
	c.formats(ctx, n, g)
	for _, kind := range g.Kinds() {
		var err error
		switch kind {
		case ngff.KindImage:
			if err = c.image(ctx, n, g); err == nil && !g.Is(ngff.KindLabel) {
				err = c.labelsBelow(ctx, n)
			}
		case ngff.KindLabel:
			err = c.label(ctx, n, g)
		case ngff.KindLabels, ngff.KindContainer:
			err = c.members(ctx, n, g)
		case ngff.KindPlate:
			err = c.plate(ctx, n, g)
		case ngff.KindWell:
			err = c.well(ctx, n, g, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// formats checks that the version of the metadata is in the version of zarr that it belongs to.
func (c *collector) formats(ctx context.Context, n *store.Node, g *ngff.Group) {
	switch {
	case g.Format == 3 && !g.Nested():
		c.beyond = append(c.beyond, ngff.Problem{Where: g.File, What: `metadata of zarr v3 belongs into the attribute "ome"`})
	case g.Format == 2 && g.Nested():
		c.beyond = append(c.beyond, ngff.Problem{Where: g.File, What: "metadata of version 0.5 belongs into a zarr.json, of zarr v3"})
	case g.Format == 2 && !n.Has(ctx, ".zgroup"):
		c.warn(n.Name(".zgroup"), "missing: zarr readers may not see the group")
	}
}

// child returns the group at a path below a node; nil where there is none, which is then among the missing.
func (c *collector) child(ctx context.Context, n *store.Node, at, where string) (*store.Node, *ngff.Group, error) {
	child, err := n.Child(path.Clean(at))
	if err != nil {
		return nil, nil, nil //nolint:nilerr // the check of the document has said so
	}
	before := len(c.report.Problems)
	g, err := c.read(ctx, child)
	if g == nil && err == nil && before == len(c.report.Problems) {
		c.missing = append(c.missing, ngff.Problem{Where: where, What: fmt.Sprintf("no group with OME-Zarr metadata at %s", child)})
	}
	return child, g, err
}

// mustBe checks a member of a group as what it has to be.
func (c *collector) mustBe(ctx context.Context, n *store.Node, g *ngff.Group, kind ngff.Kind) error {
	if !g.Is(kind) {
		c.problem(g.File, fmt.Sprintf("the group is no %s", kind))
	}
	return c.group(ctx, n, g)
}
