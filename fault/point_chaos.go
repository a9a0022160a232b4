//go:build failpoints

package fault

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The environment of a program that is to fail at points.
const (
	// envPoints is a list, separated by commas, of POINT:COUNT:ACTION. COUNT is the hit at which the action is taken,
	// counted over all processes of PointDir, so that a program that is started again is not hit again; * is every one.
	// ACTION is kill, stop (until SIGCONT), hang (this goroutine, for ever) or a duration to wait.
	envPoints = "VOLARA_POINTS"
	// envPointDir is where hits are counted: a byte a hit in a file named after the point.
	envPointDir = "VOLARA_POINT_DIR"
)

// Point does what VOLARA_POINTS says about the place of that name.
func Point(name string) {
	for spec := range strings.SplitSeq(os.Getenv(envPoints), ",") {
		parts := strings.Split(spec, ":")
		if parts[0] != name {
			continue
		}
		if len(parts) != 3 {
			panic(fmt.Sprintf("%s: %q is not POINT:COUNT:ACTION", envPoints, spec))
		}
		if n := hit(name); parts[1] == "*" || parts[1] == strconv.FormatInt(n, 10) {
			act(parts[2])
		}
	}
}

// hit counts a hit and returns its number. Appending is atomic between processes.
func hit(name string) int64 {
	f, err := os.OpenFile(filepath.Join(os.Getenv(envPointDir), name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.Write([]byte{'.'}); err != nil {
		panic(err)
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		panic(err)
	}
	return at
}

func act(action string) {
	switch action {
	case "kill":
		raise(unix.SIGKILL)
	case "stop":
		raise(unix.SIGSTOP)
	case "hang":
		select {}
	default:
		d, err := time.ParseDuration(action)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", envPoints, err))
		}
		time.Sleep(d)
	}
}

// raise sends a signal to this very thread: it does not take another step before the signal has its effect.
func raise(signal unix.Signal) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), signal); err != nil {
		panic(err)
	}
}
