package store

import (
	"io/fs"
	"syscall"
	"testing"

	"volara/fault"
)

func TestClassify(t *testing.T) {
	for errno, environment := range map[syscall.Errno]bool{
		syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EMFILE: true,
		syscall.EACCES: false, syscall.EIO: false, syscall.ENOENT: false,
	} {
		err := classify(&fs.PathError{Op: "write", Path: "c/0", Err: errno})
		if got := fault.IsEnvironment(err); got != environment {
			t.Errorf("%v: environment = %v", errno, got)
		}
	}
}
