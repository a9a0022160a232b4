//go:build !linux

package store

import "os"

// tryLockByte grants every lock: only the users of one Local exclude each other here.
func tryLockByte(*os.File, int64) (release func(), err error) { return func() {}, nil }
