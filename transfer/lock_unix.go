//go:build unix

package transfer

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"volara/zarr/store"
)

// errReadOnly is what writing to a file system that is mounted so gives.
var errReadOnly error = unix.EROFS

// lock keeps other processes on this machine from making a copy in the same directory. File systems without such locks,
// and stores that are no directories, have none: copies of the same do each other no harm.
func lock(n *store.Node) (unlock func(), err error) {
	if _, ok := n.Store.(*store.Local); !ok {
		return func() {}, nil
	}
	dir, err := os.Open(n.String())
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		dir.Close()
		return nil, fmt.Errorf("another process is making a copy in %s", n)
	}
	return func() { dir.Close() }, nil
}
