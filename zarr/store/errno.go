package store

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"syscall"
)

// notDirectory reports whether a path leads through a file.
func notDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// randomName tells the temporary files of concurrent writers apart.
func randomName() string { return strconv.FormatUint(rand.Uint64(), 36) }
