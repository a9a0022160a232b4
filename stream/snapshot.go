package stream

import (
	"context"
)

// ReadStatus reads the status that a tracker last wrote into its TrackerOptions.Dir; fs.ErrNotExist when none did.
// It is never torn: the file is replaced as a whole. A run whose tracker was killed still reads "running".
func ReadStatus(dir string) (Status, error) { panic("being written") }

// ReadEvents calls f with the events in the files of dir, oldest first; with follow it then waits for more, like Events.
func ReadEvents(ctx context.Context, dir string, follow bool, f func(Event) error) error {
	panic("being written")
}
