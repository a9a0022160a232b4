package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// An Error is one thing that is wrong in a file. Its text is several lines: place and message, the line of the file,
// and a caret under the offending word, with a hint if there is one.
type Error struct {
	File         string
	Line, Column int // from 1, in characters; 0: the error has no place

	width  int
	source string
	hint   string
	cause  error
}

// Hint adds what would be right, shown beside the caret, and returns e.
func (e *Error) Hint(format string, args ...any) *Error {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// Message returns what is wrong and the hint in one line, without the place.
func (e *Error) Message() string {
	if e.hint == "" {
		return e.cause.Error()
	}
	return e.cause.Error() + "; " + e.hint
}

// Error renders the error without colour.
func (e *Error) Error() string { return e.Render(false) }

// Unwrap returns the error that was given to Errorf with its operands.
func (e *Error) Unwrap() error { return e.cause }

func (e *Error) locate(f *file, s span) {
	s = f.place(s)
	e.File, e.Line, e.Column, e.width = f.name, s.line, s.column, s.width
	e.source = f.line(s.line)
}

// Terminal colours of a rendered error.
const (
	bold  = "\x1b[1m"
	red   = "\x1b[1;31m"
	blue  = "\x1b[34m"
	green = "\x1b[32m"
	reset = "\x1b[0m"
)

// Render returns the error's text, coloured for a terminal if asked.
func (e *Error) Render(colour bool) string {
	paint := func(style, s string) string {
		if !colour || s == "" {
			return s
		}
		return style + s + reset
	}
	if e.Line == 0 {
		place := ""
		if e.File != "" {
			place = e.File + ": "
		}
		return paint(bold, place) + e.Message()
	}
	gutter := fmt.Sprintf("%5d", e.Line)
	text, before, width := excerpt(e.source, e.Column-1, e.width)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", paint(bold, fmt.Sprintf("%s:%d:%d:", e.File, e.Line, e.Column)), e.cause)
	fmt.Fprintf(&b, "%s %s\n", paint(blue, gutter+" |"), text)
	fmt.Fprintf(&b, "%s %s%s", paint(blue, strings.Repeat(" ", len(gutter))+" |"), before, paint(red, strings.Repeat("^", width)))
	if e.hint != "" {
		b.WriteString(" " + paint(green, e.hint))
	}
	return b.String()
}

// excerptWidth is how much of a line is shown: a whole task serialised as JSON is one line of a thousand characters.
const excerptWidth = 100

// excerpt cuts a line to what surrounds the characters [from, from+width) and returns it with the blank that brings a
// caret under them, and the caret's width, both in terminal columns. Tabs become spaces, other control characters dots.
func excerpt(line string, from, width int) (text, before string, carets int) {
	runes := []rune(line)
	for i, r := range runes {
		switch {
		case r == '\t':
			runes[i] = ' '
		case r < ' ' || r == 0x7f:
			runes[i] = '·'
		}
	}
	from = min(max(from, 0), len(runes))
	to := min(from+max(width, 0), len(runes))
	low, high := 0, len(runes)
	if high > excerptWidth {
		low = max(0, min(from-excerptWidth/3, high-excerptWidth))
		high = low + excerptWidth
		to = min(to, high)
	}
	left, right := "", ""
	if low > 0 {
		left = "…"
	}
	if high < len(runes) {
		right = "…"
	}
	before = strings.Repeat(" ", runewidth.StringWidth(left+string(runes[low:from])))
	carets = max(1, runewidth.StringWidth(string(runes[from:to])))
	return left + string(runes[low:high]) + right, before, carets
}

// Errors is what is wrong in one or several files. It is never empty when returned as an error.
type Errors []*Error

// shownErrors is how many of several errors are rendered; the rest is counted.
const shownErrors = 10

// Error renders the errors without colour.
func (e Errors) Error() string { return e.Render(false) }

// Render returns the texts of the first ten errors, each on lines of its own, and the number of the others.
func (e Errors) Render(colour bool) string {
	var texts []string
	for i, err := range e {
		if i == shownErrors {
			texts = append(texts, fmt.Sprintf("… and %d more", len(e)-shownErrors))
			break
		}
		texts = append(texts, err.Render(colour))
	}
	return strings.Join(texts, "\n")
}

// Unwrap returns the single errors, for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, err := range e {
		list[i] = err
	}
	return list
}

// Join collects errors of any kind into one Errors, ordered by place: by file in the order of their first appearance,
// then line and column; those without a place first. nil errors are left out, repeated ones are said once; it returns
// nil when none is left. A joined error that has no place keeps its text.
func Join(errs ...error) error {
	var all Errors
	for _, err := range errs {
		all = appendFlat(all, err)
	}
	if len(all) == 0 {
		return nil
	}
	order := map[string]int{"": -1}
	for _, e := range all {
		if _, seen := order[e.File]; !seen {
			order[e.File] = len(order)
		}
	}
	slices.SortStableFunc(all, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(all, func(a, b *Error) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message() == b.Message()
	})
}

func appendFlat(to Errors, err error) Errors {
	switch e := err.(type) {
	case nil:
		return to
	case *Error:
		return append(to, e)
	case Errors:
		return append(to, e...)
	case interface{ Unwrap() []error }:
		if e.(error).Error() != errors.Join(e.Unwrap()...).Error() {
			break // more than a list: fmt.Errorf with several %w
		}
		for _, inner := range e.Unwrap() {
			to = appendFlat(to, inner)
		}
		return to
	}
	return append(to, &Error{cause: err})
}

// Render returns err's text, coloured if asked and if it is, or wraps, errors of this package.
func Render(err error, colour bool) string {
	if !colour {
		return err.Error()
	}
	var plain, painted string
	if all, ok := errors.AsType[Errors](err); ok {
		plain, painted = all.Error(), all.Render(true)
	} else if one, ok := errors.AsType[*Error](err); ok {
		plain, painted = one.Error(), one.Render(true)
	}
	return strings.Replace(err.Error(), plain, painted, 1)
}
