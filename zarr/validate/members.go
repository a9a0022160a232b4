package validate

import (
	"context"
	"fmt"
	"path"
	"slices"

	"volara/zarr/ngff"
	"volara/zarr/store"
)

// labelsBelow checks the label images of an image, where it has any.
func (c *collector) labelsBelow(ctx context.Context, n *store.Node) error {
	child, err := n.Child("labels")
	if err != nil {
		return err
	}
	g, err := c.read(ctx, child)
	if g == nil || err != nil {
		return err
	}
	if !g.Is(ngff.KindLabels) {
		c.problem(g.File, `a group named "labels" beside an image must list label images`)
	}
	return c.group(ctx, child, g)
}

// label checks that a label image is an image, and that the image that it is of is there.
func (c *collector) label(ctx context.Context, n *store.Node, g *ngff.Group) error {
	if !g.Is(ngff.KindImage) {
		c.beyond = append(c.beyond, ngff.Problem{Where: g.Pointer(), What: "a label image must be an image: multiscales is missing"})
	}
	label, err := g.ImageLabel()
	if err != nil {
		c.repeat(g.File, err)
		return nil
	}
	if label.Source == nil || label.Source.Image == "" {
		return nil
	}
	source := resolve(n, label.Source.Image)
	if source == nil {
		c.warn(g.Pointer()+"/image-label/source/image", fmt.Sprintf("%q cannot be reached", label.Source.Image))
		return nil
	}
	if image, err := ngff.Read(ctx, source); err == nil && (image == nil || !image.Is(ngff.KindImage)) {
		c.warn(g.Pointer()+"/image-label/source/image", fmt.Sprintf("no image at %s", source))
	}
	return ctx.Err()
}

// resolve returns the node at a path relative to a node, which may lead upwards; nil where it cannot be reached.
func resolve(n *store.Node, at string) *store.Node {
	at = path.Clean(at)
	for at == ".." || len(at) > 2 && at[:3] == "../" {
		up, ok := n.Parent()
		if !ok {
			return nil
		}
		n, at = up, path.Clean("./"+at[min(3, len(at)):])
	}
	if at == "." {
		return n
	}
	child, err := n.Child(at)
	if err != nil {
		return nil
	}
	return child
}

// members checks the images that a group lists: label images, or those of a bioformats2raw container.
func (c *collector) members(ctx context.Context, n *store.Node, g *ngff.Group) error {
	if g.Is(ngff.KindPlate) {
		return nil
	}
	paths, err := g.Images(ctx, n)
	if err != nil {
		c.repeat(g.File, err)
		return ctx.Err()
	}
	labels := g.Is(ngff.KindLabels)
	for i, p := range paths {
		where := fmt.Sprintf("%s/labels/%d", g.Pointer(), i)
		if !labels {
			where = n.String() + "/" + p
		}
		child, member, err := c.child(ctx, n, p, where)
		if err != nil {
			return err
		}
		if member == nil {
			continue
		}
		if labels && !member.Is(ngff.KindLabel) {
			c.warn(member.File, "a label image without image-label")
		}
		if err := c.mustBe(ctx, child, member, ngff.KindImage); err != nil {
			return err
		}
	}
	if len(paths) == 0 && !labels && !g.Is(ngff.KindImage) {
		c.missing = append(c.missing, ngff.Problem{Where: n.String(), What: "a bioformats2raw container without an image"})
	}
	return nil
}

// plate checks the wells of a plate.
func (c *collector) plate(ctx context.Context, n *store.Node, g *ngff.Group) error {
	plate, err := g.Plate()
	if err != nil {
		c.repeat(g.File, err)
		return nil
	}
	for i, w := range plate.Wells {
		where := fmt.Sprintf("%s/plate/wells/%d/path", g.Pointer(), i)
		child, member, err := c.child(ctx, n, w.Path, where)
		if err != nil {
			return err
		}
		if member == nil {
			continue
		}
		if !member.Is(ngff.KindWell) {
			c.problem(member.File, "the group is no well")
			continue
		}
		c.document(member.Check(c.options.Strict))
		c.formats(ctx, child, member)
		if err := c.well(ctx, child, member, plate); err != nil {
			return err
		}
	}
	return nil
}

// well checks the fields of view of a well; plate is nil where it is not known.
func (c *collector) well(ctx context.Context, n *store.Node, g *ngff.Group, plate *ngff.Plate) error {
	well, err := g.Well()
	if err != nil {
		c.repeat(g.File, err)
		return nil
	}
	for i, image := range well.Images {
		where := fmt.Sprintf("%s/well/images/%d", g.Pointer(), i)
		c.acquisition(where, image.Acquisition, plate)
		child, member, err := c.child(ctx, n, image.Path, where+"/path")
		if err != nil {
			return err
		}
		if member == nil {
			continue
		}
		if err := c.mustBe(ctx, child, member, ngff.KindImage); err != nil {
			return err
		}
	}
	return nil
}

// acquisition checks that a field of view says which of the plate's acquisitions took it.
func (c *collector) acquisition(where string, id *int, plate *ngff.Plate) {
	switch {
	case plate == nil:
	case id == nil && len(plate.Acquisitions) > 1:
		c.beyond = append(c.beyond, ngff.Problem{Where: where, What: "no acquisition is given, although the plate has several"})
	case id != nil && len(plate.Acquisitions) > 0 && !slices.ContainsFunc(plate.Acquisitions, func(a ngff.Acquisition) bool { return a.ID == *id }):
		c.beyond = append(c.beyond, ngff.Problem{Where: where + "/acquisition", What: fmt.Sprintf("the plate has no acquisition %d", *id)})
	}
}
