//go:build !linux

package isolate

import (
	"os"
	"syscall"
)

// attributes are those of a child: in a process group of its own, so that an interrupt from the terminal is the parent's
// to deal with. It notices the death of its parent by the end of its pipe.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func executable() (string, error) { return os.Executable() }

func describe(state *os.ProcessState) string { return state.String() }

func moreKillable() {}
