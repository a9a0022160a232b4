package stream

import (
	"os"
	"testing"
	"time"
)

// The ballast goes when nothing can be written, though there seems to be space, and comes back later.
func TestBallastGoesWithAFailedWrite(t *testing.T) {
	d := newDisk(TrackerOptions{DiskPath: t.TempDir(), Dir: t.TempDir(), MinFree: 1, BallastSize: 1 << 10})
	d.free = func(string) (int64, error) { return 1 << 30, nil }
	there := func() bool { _, err := os.Stat(d.ballast); return err == nil }
	now := time.Now()
	if d.check(now); !there() {
		t.Fatal("no ballast was made")
	}
	if d.full(now); there() {
		t.Error("the ballast was kept")
	}
	if d.check(now.Add(bareTime / 2)); there() {
		t.Error("the ballast is there again at once")
	}
	if d.check(now.Add(2 * bareTime)); !there() {
		t.Error("the ballast is not made again")
	}
	(*disk)(nil).full(now)
}
