package transfer

import (
	"slices"

	"volara/nd"
	"volara/volume"
)

// inherited is what an array takes from the groups above it.
type inherited struct {
	region volume.Region // in world units
	labels bool          // it belongs to a label image beside what is copied
}

// forLabels are the options of label images that come along with an image: their numbers are names, to which neither the
// type nor the fill value of the image's voxels applies.
func (o Options) forLabels() Options {
	o.DType, o.Cast, o.Fill = nd.Invalid, Exact, nil
	return o
}

// keepsLabels reports whether what is below a group are label images that come along. Where the source is a label image
// itself, or the group of them, they are what is meant.
func (c *Copy) keepsLabels(n, sub *volume.Node, child string) bool {
	if isLabels(c.from) {
		return false
	}
	return child == "labels" && n.Kind == volume.KindImage || isLabels(sub)
}

// isLabels reports whether a group says that it is a label image, or a list of them.
func isLabels(n *volume.Node) bool {
	return n.NGFF != nil && (n.NGFF.Has("image-label") || n.NGFF.Has("labels"))
}

// checkLabels refuses a type for label images that OME-NGFF does not have for them.
func (c *Copy) checkLabels() error {
	t := c.o.DType
	if c.from.Array != nil || c.o.Level != nil || !isLabels(c.from) || t == nd.Invalid || t.IsInteger() {
		return nil
	}
	return volume.Refuse("--dtype %v: %s holds label images, which are whole numbers; one level of them can be copied as an array of any type", t, c.source)
}

// KeptLabels returns the names of the arrays that belong to label images and keep their type though another one was asked
// for.
func (c *Copy) KeptLabels() []string { return slices.Clone(c.keptLabels) }
