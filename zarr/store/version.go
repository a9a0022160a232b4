package store

import "context"

// A Versioner is a Store that tells of a value whether it was replaced.
type Versioner interface {
	// Version returns a text that changes when the value does. A missing key is ErrNotExist.
	Version(ctx context.Context, key string) (string, error)
}
