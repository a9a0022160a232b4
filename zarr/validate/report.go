package validate

import (
	"slices"

	"volara/zarr/ngff"
)

// A Report says whether a hierarchy follows the specification, and where it does not.
type Report struct {
	Valid bool `json:"valid"`
	// Version is that of the metadata, Kinds what it describes; empty for an array alone.
	Version string      `json:"version,omitempty"`
	Kinds   []ngff.Kind `json:"kinds,omitempty"`
	// Problems make it invalid. Warnings are about what the specification recommends, and what cannot be told.
	Problems []ngff.Problem `json:"problems,omitempty"`
	Warnings []ngff.Problem `json:"warnings,omitempty"`
}

// Options are the choices for a check.
type Options struct {
	// Strict demands what the specification recommends, as its strict schemas do, and arrays where metadata alone would do.
	Strict bool
}

// A collector gathers what is found in a hierarchy.
type collector struct {
	options Options
	report  Report
	beyond  []ngff.Problem // against the text of the specification alone
	missing []ngff.Problem // arrays that are not there
	arrays  int            // that are
	alone   bool           // whether there is a document only
}

// document takes what was found in one document.
func (c *collector) document(p ngff.Problems) {
	c.report.Problems = append(c.report.Problems, p.Broken...)
	c.beyond = append(c.beyond, p.Beyond...)
	c.report.Warnings = append(c.report.Warnings, p.Advice...)
}

func (c *collector) problem(where, what string) {
	c.report.Problems = append(c.report.Problems, ngff.Problem{Where: where, What: what})
}

func (c *collector) warn(where, what string) {
	c.report.Warnings = append(c.report.Warnings, ngff.Problem{Where: where, What: what})
}

// finish returns the report. Metadata without any of its arrays is judged by the published schemas alone, as they judge a
// document; the rest is then a warning.
func (c *collector) finish() Report {
	r := &c.report
	rest := append(c.beyond, c.missing...)
	if c.arrays > 0 || c.options.Strict && !c.alone {
		r.Problems = append(r.Problems, rest...)
	} else {
		r.Warnings = append(r.Warnings, rest...)
		if len(c.missing) > 0 {
			c.warn(c.missing[0].Where, "none of the arrays is there: only the metadata was checked")
		}
	}
	r.Problems, r.Warnings = distinct(r.Problems), distinct(r.Warnings)
	r.Valid = len(r.Problems) == 0
	return *r
}

// distinct leaves out what was said before.
func distinct(list []ngff.Problem) []ngff.Problem {
	said := map[ngff.Problem]bool{}
	return slices.DeleteFunc(list, func(p ngff.Problem) bool {
		again := said[p]
		said[p] = true
		return again
	})
}
