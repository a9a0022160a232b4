package isolate

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

// attributes are those of a child: in a process group of its own, so that an interrupt from the terminal is the parent's
// to deal with, and killed by the kernel when the parent dies. (The kernel means the thread that started the child; the
// threads of a Go program end with it, but for those that a goroutine was locked to when it ended. A child that is
// killed for that is a crash among others.)
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// executable is the file to start this program from: its own, also when another one has been put in its place.
func executable() (string, error) {
	const self = "/proc/self/exe"
	path, err := os.Readlink(self)
	if err != nil {
		return os.Executable()
	}
	own, err1 := os.Stat(self)
	now, err2 := os.Stat(path)
	if err1 != nil || err2 != nil || !os.SameFile(own, now) {
		return self, nil
	}
	return path, nil
}

// describe says how a process ended.
func describe(state *os.ProcessState) string {
	text := state.String()
	status, ok := state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		text += " (out of memory?)"
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok && usage.Maxrss > 0 {
		text += fmt.Sprintf(", having used up to %s of memory", humanize.IBytes(uint64(usage.Maxrss)<<10))
	}
	return text
}

// moreKillable makes the kernel choose this process before its parent when memory runs out. It is a wish: where it
// cannot be had, nothing else changes.
func moreKillable() {
	const path, by, most = "/proc/self/oom_score_adj", 300, 1000
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return
	}
	_ = os.WriteFile(path, []byte(strconv.Itoa(min(score+by, most))), 0)
}
