package volume

import (
	"context"
	"errors"
	"fmt"

	"volara/fault"
)

// An InputError is a mistake in what the user gave: a path where nothing can be read, a box outside of the array, a
// combination that makes no sense. Nothing was done.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// IsInput reports whether err, or an error it wraps, is an *InputError.
func IsInput(err error) bool {
	_, ok := errors.AsType[*InputError](err)
	return ok
}

// Refuse returns an *InputError of that text.
func Refuse(format string, args ...any) error { return &InputError{fmt.Errorf(format, args...)} }

// opening marks an error of opening something as the user's mistake, unless it is the world's or a cancellation.
func opening(err error) error {
	if err == nil || fault.IsEnvironment(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &InputError{err}
}
