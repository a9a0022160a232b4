package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"volara/config"
	"volara/fault"
)

// An InputError is a mistake in what the user gave: nothing was run, the exit status is 2.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }

func (e *InputError) Unwrap() error { return e.Err }

func inputErrorf(format string, args ...any) error { return &InputError{fmt.Errorf(format, args...)} }

// blameInput returns err as an *InputError, unless the world is at fault, a full disk say, for which there is nothing
// to mend in what was given.
func blameInput(err error) error {
	if err == nil || fault.IsEnvironment(err) {
		return err
	}
	return &InputError{err}
}

// IsInput reports whether the user's input is at fault: an InputError, or an error that points into a file, unless the world
// is at fault for it: a server that does not answer.
func IsInput(err error) bool {
	if _, ok := errors.AsType[*InputError](err); ok {
		return true
	}
	if several, ok := errors.AsType[config.Errors](err); ok {
		return slices.ContainsFunc(several, func(e *config.Error) bool { return !fault.IsEnvironment(e) })
	}
	one, ok := errors.AsType[*config.Error](err)
	return ok && !fault.IsEnvironment(one)
}
