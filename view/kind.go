package view

import (
	"fmt"
	"regexp"
	"strings"

	"volara/nd"
)

// A Kind says what the values of a dataset mean, and with that how it is shown.
type Kind string

// The kinds of datasets.
const (
	Image      Kind = "image"
	Affinities Kind = "affs"   // the first three channels as red, green and blue
	Labels     Kind = "labels" // a colour for each value
)

// ParseKind returns the kind of a name, for which there are several.
func ParseKind(name string) (Kind, error) {
	switch strings.ToLower(name) {
	case "image", "raw", "lsd", "lsds":
		return Image, nil
	case "affs", "affinities", "affinity":
		return Affinities, nil
	case "labels", "label", "seg", "segmentation":
		return Labels, nil
	}
	return "", fmt.Errorf("%q is no kind of dataset; image, affs and labels are", name)
}

// What people call their datasets, as far as that tells the kind.
var (
	affsName   = regexp.MustCompile(`(?i)(^|[^a-z])(affs?|affinit(y|ies))([^a-z]|$)`)
	labelsName = regexp.MustCompile(`(?i)(^|[^a-z])(labels?|segs?|segments?|segmentation|frags?|fragments?|supervoxels?|masks?|gt|ids?|ground_?truth|neurons?|nuclei|cells|instances?|components?|seeds?|blocks_done)([^a-z]|$)`)
	imageName  = regexp.MustCompile(`(?i)(^|[^a-z])(raw|em|images?|lsds?|intensit(y|ies))([^a-z]|$)`)
)

// guessKind tells what a dataset is by the attribute that affinities have, by its name, and by its type.
func guessKind(name string, t nd.DType, channels, neighborhood bool) Kind {
	if neighborhood && channels {
		return Affinities
	}
	whole := t.IsInteger() || t == nd.Bool
	switch {
	case channels && affsName.MatchString(name):
		return Affinities
	case imageName.MatchString(name):
		return Image
	case whole && labelsName.MatchString(name):
		return Labels
	case channels || !whole:
		return Image
	case t == nd.Bool, t.Size() >= 4:
		return Labels
	}
	return Image
}
