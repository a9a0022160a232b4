package store

import (
	"fmt"
	"path/filepath"
	"strings"

	"volara/fault"
)

// A Location is where a node lies, as a person has written it.
type Location struct {
	// Path is the absolute path of a directory or a file.
	Path string
}

// ParseLocation reads a location: a path, or file:// and a path. What it names need not exist; what is no location of a
// store that is known here is an error.
func ParseLocation(text string) (Location, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if ok && scheme != "file" {
		return Location{}, fault.Permanent(fmt.Errorf("opening %s: %s:// is not supported; local paths are", text, scheme))
	}
	if !ok {
		rest = text
	}
	if rest == "" {
		return Location{}, fault.Permanent(fmt.Errorf("the path is empty"))
	}
	dir, err := filepath.Abs(rest)
	if err != nil {
		return Location{}, fmt.Errorf("opening %s: %w", text, err)
	}
	return Location{Path: dir}, nil
}
