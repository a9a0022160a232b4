package ngff

import (
	"context"
	"path"

	"volara/zarr/store"
)

// Paths returns the paths, below the group at a node, of all nodes that its metadata names: levels of images, wells, fields
// of view, images, labels. Not all of them need be there. It returns nil where the metadata is of no kind that names nodes.
func (g *Group) Paths(ctx context.Context, n *store.Node) ([]string, error) {
	var named []string
	image, err := g.Image()
	if err != nil {
		return nil, err
	}
	if image != nil {
		named = append(image.paths(), keyLabels) // if there are any
	}
	plate, err := g.Plate()
	if err != nil {
		return nil, err
	}
	if plate != nil {
		named = append(named, plate.paths()...)
	}
	if g.Has(keyLayout) {
		named = append(named, ome)
	}
	images, err := g.Images(ctx, n)
	if err != nil {
		return nil, err
	}
	var paths []string
	if g.Has(keyWell) || g.Has(keyLabels) || g.Has(keySeries) {
		paths = []string{} // the list may be empty; that of a series is of what is beside the group
	}
	for _, p := range append(named, images...) {
		if isLocal(p) {
			paths = append(paths, path.Clean(p))
		}
	}
	return paths, nil
}
