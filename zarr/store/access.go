package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"volara/fault"
)

// errForbidden says that a server refuses to show a value.
var errForbidden = errors.New("forbidden")

// access tells what is forbidden from what is missing. Servers that do not let the reader list, such as a public bucket,
// answer 403 for objects that they do not have. If that were taken for missing, values would read as background once the
// reader's rights have run out; so a value that could be read before is asked for again. Safe for concurrent use.
type access struct {
	mu    sync.Mutex
	known string // a key that could be read; "": none yet
}

// allowed notes that a value could be read.
func (a *access) allowed(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == "" {
		a.known = key
	}
}

// refused turns errForbidden for a key into what it means; look asks whether a key can be read. Before anything could be
// read it is ErrNotExist, in words that tell: what is looked for may lie under another name.
func (a *access) refused(ctx context.Context, key string, err error, look func(ctx context.Context, key string) error) error {
	a.mu.Lock()
	known := a.known
	a.mu.Unlock()
	switch {
	case known == "":
		return fmt.Errorf("%w, or not to be read without (other) credentials: %w", ErrNotExist, err)
	case known == key:
		return lostAccess(known, err)
	}
	switch lookErr := look(ctx, known); {
	case lookErr == nil:
		return fmt.Errorf("%w: %w", ErrNotExist, err)
	case errors.Is(lookErr, errForbidden):
		return lostAccess(known, err)
	default:
		return lookErr
	}
}

// lostAccess is the environment's: credentials that have run out can be renewed.
func lostAccess(known string, err error) error {
	return fault.Environment(fmt.Errorf("%w; %s could be read before and no more: have the credentials run out?", err, known))
}
