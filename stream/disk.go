package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// diskPeriod is how often the free space is looked at.
const diskPeriod = 500 * time.Millisecond

// bareTime is how long there is no ballast after a write has failed.
const bareTime = 10 * time.Second

// A disk watches the free space of a file system and keeps a ballast on it: a file that is given up when the space
// runs out, so that what is in work can still be recorded.
type disk struct {
	path    string
	minFree int64
	ballast string // path of the file; empty: none
	size    int64
	free    func(path string) (int64, error)
	at      time.Time
	bare    time.Time // until when no ballast is made
	reason  string
}

// newDisk watches as the options say; nil when they say not to.
func newDisk(o TrackerOptions) *disk {
	if o.DiskPath == "" || o.MinFree < 0 {
		return nil
	}
	d := &disk{path: o.DiskPath, minFree: o.MinFree, free: freeSpace}
	if o.Dir != "" && o.BallastSize > 0 {
		d.ballast, d.size = filepath.Join(o.Dir, "ballast"), o.BallastSize
	}
	return d
}

// check returns why nothing may be dispatched, or "".
func (d *disk) check(now time.Time) string {
	if now.Sub(d.at) < diskPeriod {
		return d.reason
	}
	d.at = now
	free, err := d.free(d.path)
	switch {
	case err != nil:
		d.reason = fmt.Sprintf("the free space of %s is unknown: %v", d.path, err)
	case free < d.minFree:
		d.dropBallast()
		d.reason = fmt.Sprintf("%d MiB free on the disk of %s, %d MiB are needed", free>>20, d.path, d.minFree>>20)
	default:
		d.reason = ""
		if free > d.minFree+2*d.size && now.After(d.bare) {
			d.layBallast()
		}
	}
	return d.reason
}

// full gives up the ballast because nothing could be written, whatever the free space is said to be: quotas do not show
// there. It is not made again at once.
func (d *disk) full(now time.Time) {
	if d == nil {
		return
	}
	d.dropBallast()
	d.bare = now.Add(bareTime)
}

// layBallast makes the file; without it the run is a little less safe, no more.
func (d *disk) layBallast() {
	if d.ballast == "" {
		return
	}
	if info, err := os.Stat(d.ballast); err == nil && info.Size() == d.size {
		return
	}
	if err := os.WriteFile(d.ballast, make([]byte, d.size), 0o644); err != nil {
		d.dropBallast()
	}
}

func (d *disk) dropBallast() {
	if d.ballast == "" {
		return
	}
	if err := os.Remove(d.ballast); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.ballast = ""
	}
}

// freeSpace returns the bytes that an ordinary user may still write.
func freeSpace(path string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
