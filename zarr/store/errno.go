package store

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"syscall"
)

// outOfResources reports whether an operation failed for want of something the whole machine shares.
func outOfResources(err error) bool {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.ENFILE, syscall.EMFILE, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// notDirectory reports whether a path leads through a file.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// randomName tells the temporary files of concurrent writers apart.
func randomName() string { return strconv.FormatUint(rand.Uint64(), 36) }
