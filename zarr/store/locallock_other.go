//go:build !linux

package store

import "os"

// lockByte takes no lock: only the users of one Local exclude each other here.
func lockByte(*os.File, int64) error { return errNoLocks }

func unlockByte(*os.File, int64) {}
