package fault

import (
	"errors"
	"syscall"
)

// FromOS marks an error of the operating system as the Environment's where something was short that the whole machine
// shares: a full disk, a spent quota, no files or memory left. Others it returns as they are.
func FromOS(err error) error {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.ENFILE, syscall.EMFILE, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return Environment(err)
		}
	}
	return err
}
