// Package fault says what can be done about an error. The place where an error is born knows whether a retry can help;
// it says so by wrapping, and whoever schedules the work asks with errors.As-style predicates.
//
// An error that is not wrapped here is an ordinary one: the block is tried again, up to its number of retries.
package fault

import "errors"

type permanent struct{ error }

func (e permanent) Unwrap() error { return e.error }

// Permanent marks an error that no retry can cure: a corrupt chunk, NaN affinities. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent reports whether err, or an error it wraps, was marked by Permanent.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}

type environment struct{ error }

func (e environment) Unwrap() error { return e.error }

// Environment marks an error that is the world's fault and not the block's: a full disk, a locked database, a lost
// connection. The run pauses and goes on when the world has recovered; no attempt is spent. Environment(nil) is nil.
func Environment(err error) error {
	if err == nil {
		return nil
	}
	return environment{err}
}

// IsEnvironment reports whether err, or an error it wraps, was marked by Environment.
func IsEnvironment(err error) bool {
	_, ok := errors.AsType[environment](err)
	return ok
}

type takenOver struct{ error }

func (e takenOver) Unwrap() error { return e.error }

// TakenOver marks an error that says that an output belongs to somebody else by now, another run or another life of this
// one: no block of the task can be done. The run stops; no block is failed for it. Such an error is permanent as well.
// TakenOver(nil) is nil.
func TakenOver(err error) error {
	if err == nil {
		return nil
	}
	return Permanent(takenOver{err})
}

// IsTakenOver reports whether err, or an error it wraps, was marked by TakenOver.
func IsTakenOver(err error) bool {
	_, ok := errors.AsType[takenOver](err)
	return ok
}
