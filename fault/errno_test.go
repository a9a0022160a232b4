package fault

import (
	"io/fs"
	"syscall"
	"testing"
)

func TestFromOS(t *testing.T) {
	for errno, environment := range map[syscall.Errno]bool{
		syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EMFILE: true,
		syscall.EACCES: false, syscall.EIO: false, syscall.ENOENT: false,
	} {
		err := FromOS(&fs.PathError{Op: "write", Path: "c/0", Err: errno})
		if got := IsEnvironment(err); got != environment {
			t.Errorf("%v: environment = %v", errno, got)
		}
	}
}
