package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// An EventTail reads the events that a tracker writes into its TrackerOptions.Dir as far as they have come, whenever it is
// asked. It is not safe for concurrent use.
type EventTail struct {
	dir  string
	file *os.File // the newest one when it was last asked; nil: none was there
	at   int64    // what of it was read, up to the end of a line
}

// NewEventTail returns a tail that begins with the oldest events that are kept. The caller closes it.
func NewEventTail(dir string) *EventTail { return &EventTail{dir: dir} }

// Close ends the tail.
func (t *EventTail) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// Read calls f with the events that have come since the last call, in order. When more came than the files hold, the rest is
// all that f is told. An error of f ends it; the events of that file come again.
func (t *EventTail) Read(f func(Event) error) error {
	if err := t.readOn(f); err != nil {
		return fmt.Errorf("read the events of the run: %w", err)
	}
	for newer := t.place() - 1; newer >= 0; newer-- {
		file, err := os.Open(eventsPath(t.dir, newer))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = t.Close()
			t.file, t.at = file, 0
		}
		if err == nil {
			err = t.readOn(f)
		}
		if err != nil {
			return fmt.Errorf("read the events of the run: %w", err)
		}
	}
	return nil
}

// place returns how many files are newer than the one that is read: all of them where that is not among them any more.
func (t *EventTail) place() int {
	if t.file == nil {
		return eventsFiles
	}
	mine, err := t.file.Stat()
	for i := 0; err == nil && i < eventsFiles; i++ {
		if info, err := os.Stat(eventsPath(t.dir, i)); err == nil && os.SameFile(info, mine) {
			return i
		}
	}
	return eventsFiles
}

// readOn reads the complete lines that the file holds by now.
func (t *EventTail) readOn(f func(Event) error) error {
	if t.file == nil {
		return nil
	}
	const piece = 1 << 20
	buf := make([]byte, 0, piece)
	for at := t.at; ; {
		n, err := t.file.ReadAt(buf[len(buf):cap(buf)], at)
		at += int64(n)
		buf = buf[:len(buf)+n]
		end := bytes.LastIndexByte(buf, '\n') + 1
		if err := decodeEvents(buf[:end], f); err != nil {
			return err
		}
		t.at += int64(end)
		rest := copy(buf, buf[end:])
		buf = buf[:rest]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(buf) == cap(buf): // a line longer than that
			buf = append(buf, make([]byte, piece)...)[:len(buf)]
		}
	}
}
