package view

import (
	"context"
	"os"
	"strings"

	"volara/zarr"
	"volara/zarr/lazy"
)

// A Request names something to look at: a location, and perhaps what it is.
type Request struct {
	Path string
	Kind Kind      // "": guessed
	LUT  *lazy.LUT // that labels of whole numbers are seen through; nil: none
}

// ParseRequest reads PATH or KIND=PATH. A path that exists as it is written is one.
func ParseRequest(text string) Request {
	before, after, ok := strings.Cut(text, "=")
	if ok && after != "" {
		if kind, err := parseKind(before); err == nil {
			if _, err := os.Stat(text); err != nil {
				return Request{Path: after, Kind: kind}
			}
		}
	}
	return Request{Path: text}
}

// below returns the request for what lies below the path.
func (r Request) below(path string) Request {
	if path != "." {
		r.Path = strings.TrimSuffix(r.Path, "/") + "/" + path
	}
	return r
}

// Paths finds arrays, images with all their levels and labels, and groups with all that is in them. What o says of their
// place is believed in their stead.
func Paths(requests []Request, o zarr.Overrides) Finder {
	return func(ctx context.Context, opening ...zarr.Option) ([]Dataset, []error) {
		f := finding{overrides: o, opening: opening}
		for _, r := range requests {
			f.find(ctx, r)
		}
		return f.found, f.problems
	}
}
