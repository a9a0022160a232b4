package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the valid name that was most likely meant by name: equal but for case, '-' and '_', or within a few
// edits, fewer for short names. ok is false when none is near.
func Nearest(name string, valid []string) (nearest string, ok bool) {
	plain := simplify(name)
	best := 1 + max(1, len(plain)/3, min(2, len(plain)-2)) // two letters swapped are two edits
	for _, v := range valid {
		s := simplify(v)
		if s == plain {
			return v, true
		}
		if d := levenshtein.Distance(plain, s, nil); d < best && d < len([]rune(s)) {
			nearest, best, ok = v, d, true
		}
	}
	return nearest, ok
}

// Suggest returns a hint for a name that is not among the valid ones: the nearest, else the list of them, sorted and
// without repetition.
func Suggest(name string, valid []string) string {
	valid = slices.Compact(slices.Sorted(slices.Values(valid)))
	if near, ok := Nearest(name, valid); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	switch len(valid) {
	case 0:
		return "no name is valid here"
	case 1:
		return fmt.Sprintf("only %q is valid here", valid[0])
	}
	return "valid are " + strings.Join(valid, ", ")
}

func simplify(s string) string {
	const longest = 64 // of a name that can have been a slip; the distance costs the product of both lengths
	if len(s) > longest {
		s = s[:longest]
	}
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}
