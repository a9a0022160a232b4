package stages

import (
	"maps"
	"slices"
)

// A Factory makes an empty configuration of one task type.
type Factory func() Stage

// Builtin returns the task types by their name in the pipeline file. Callers may add to the map: it is theirs.
func Builtin() map[string]Factory {
	return map[string]Factory{
		"extract-frags": func() Stage { return new(ExtractFrags) },
		"aff-agglom":    func() Stage { return new(AffAgglom) },
		"graph-mws":     func() Stage { return new(GraphMWS) },
		"relabel":       func() Stage { return new(Relabel) },
		"noop":          func() Stage { return new(Noop) },
	}
}

// Later lists Volara's task types that are not built yet, so that they can be refused by name.
func Later() []string {
	return []string{"seeded-extract-frags", "distance-agglom", "argmax", "threshold", "lambda", "compute_shift",
		"apply_shifts", "clahe", "predict"}
}

// TypeNames returns the names in alphabetical order.
func TypeNames(types map[string]Factory) []string { return slices.Sorted(maps.Keys(types)) }
