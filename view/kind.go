package view

import (
	"fmt"
	"slices"
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

// parseKind returns the kind of a name, for which there are several.
func parseKind(name string) (Kind, error) {
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

// wordKind tells a kind by a word that people call their datasets, as far as that tells the kind.
func wordKind(word string) Kind {
	switch word {
	case "aff", "affs", "affinity", "affinities":
		return Affinities
	case "label", "labels", "seg", "segs", "segment", "segments", "segmentation", "frag", "frags", "fragment", "fragments",
		"supervoxel", "supervoxels", "mask", "masks", "gt", "id", "ids", "groundtruth", "neuron", "neurons", "nuclei", "cells",
		"instance", "instances", "component", "components", "seed", "seeds", "blocksdone":
		return Labels
	case "raw", "em", "image", "images", "lsd", "lsds", "intensity", "intensities":
		return Image
	}
	return ""
}

var wordsJoined = strings.NewReplacer("ground_truth", "groundtruth", "blocks_done", "blocksdone")

// guessKind tells what a dataset is by the attribute that affinities have, by its name, of which the last word that fits the
// type decides (raw_labels are labels), and by its type.
func guessKind(name string, t nd.DType, channels, neighborhood bool) Kind {
	if neighborhood && channels {
		return Affinities
	}
	whole := t.IsInteger() || t == nd.Bool
	words := strings.FieldsFunc(wordsJoined.Replace(strings.ToLower(name)), func(r rune) bool { return r < 'a' || r > 'z' })
	for _, word := range slices.Backward(words) {
		switch kind := wordKind(word); {
		case kind == Affinities && channels, kind == Labels && whole, kind == Image:
			return kind
		}
	}
	if whole && !channels && (t == nd.Bool || t.Size() >= 4) {
		return Labels
	}
	return Image
}
