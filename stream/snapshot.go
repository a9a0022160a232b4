package stream

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"volara/fault"
)

// Files of a run's snapshot.
const (
	statusFile = "status.json"
	eventsFile = "events.jsonl" // older ones: events.jsonl.1, the next older, .2, …
)

// The events are kept in this many files of this size.
const (
	eventsFiles    = 4
	eventsFileSize = 16 << 20
)

// ReadStatus reads the status that a tracker last wrote into its TrackerOptions.Dir; fs.ErrNotExist when none did.
// It is never torn: the file is replaced as a whole. A run whose tracker was killed still reads "running".
func ReadStatus(dir string) (Status, error) {
	var s Status
	data, err := os.ReadFile(filepath.Join(dir, statusFile))
	if err != nil {
		return s, fmt.Errorf("read the status of the run: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read the status of the run in %s: %w", filepath.Join(dir, statusFile), err)
	}
	return s, nil
}

func writeStatus(dir string, s Status) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = writeFile(filepath.Join(dir, statusFile), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the status of the run: %w", diskError(err))
	}
	return nil
}

// appendEvents adds lines to the newest file of events, after making room.
func appendEvents(dir string, lines []byte) (err error) {
	path := filepath.Join(dir, eventsFile)
	if info, e := os.Stat(path); e == nil && info.Size() > eventsFileSize {
		for i := eventsFiles - 1; i > 0; i-- {
			older := eventsPath(dir, i)
			if e := os.Rename(eventsPath(dir, i-1), older); e != nil && !errors.Is(e, fs.ErrNotExist) {
				return fmt.Errorf("rotate the events of the run: %w", diskError(e))
			}
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err == nil {
		_, err = f.Write(lines)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write the events of the run: %w", diskError(err))
	}
	return nil
}

// mendTail is how much of the newest file of events is searched for the last ones.
const mendTail = 4 << 20

// mendEvents appends those of the lines that the newest files of events lack: a tracker died between the two places
// where it stored them.
func mendEvents(dir string, lines [][]byte) error {
	var tail []byte
	for i := 1; i >= 0; i-- {
		data, err := os.ReadFile(eventsPath(dir, i))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the events of the run: %w", err)
		}
		tail = append(tail, data[max(0, len(data)-mendTail):]...)
	}
	var missing []byte
	if n := len(tail); n > 0 && tail[n-1] != '\n' {
		missing = []byte{'\n'} // ends a line that was torn
	}
	known := map[string]bool{}
	for line := range bytes.Lines(tail) {
		known[string(line)] = true
	}
	for _, line := range lines {
		if !known[string(line)] {
			missing = append(missing, line...)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return appendEvents(dir, missing)
}

// eventsPath returns the path of the i-th newest file of events.
func eventsPath(dir string, i int) string {
	path := filepath.Join(dir, eventsFile)
	if i > 0 {
		path = fmt.Sprintf("%s.%d", path, i)
	}
	return path
}

// ReadEvents calls f with the events in the files of dir, oldest first; with follow it then waits for more until ctx
// is cancelled (which is no error) or f returns an error. It returns what f returned. No server is needed.
func ReadEvents(ctx context.Context, dir string, follow bool, f func(Event) error) error {
	for i := eventsFiles - 1; i > 0; i-- {
		data, err := os.ReadFile(eventsPath(dir, i))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the events of the run: %w", err)
		}
		if err := decodeEvents(data, f); err != nil {
			return err
		}
	}
	return readEventsFile(ctx, eventsPath(dir, 0), follow, f)
}

// readEventsFile reads the newest file, and with follow whatever takes its place.
func readEventsFile(ctx context.Context, path string, follow bool, f func(Event) error) error {
	var file *os.File
	var lines *bufio.Reader
	var begun []byte // of a line
	defer func() {
		if file != nil {
			file.Close()
		}
	}()
	for {
		if file == nil {
			var err error
			if file, err = os.Open(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("read the events of the run: %w", err)
			}
			lines, begun = bufio.NewReader(file), nil
		}
		if file != nil {
			for {
				line, err := lines.ReadBytes('\n')
				begun = append(begun, line...)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					return fmt.Errorf("read the events of the run: %w", err)
				}
				if err := decodeEvents(begun, f); err != nil {
					return err
				}
				begun = begun[:0]
			}
		}
		if !follow {
			return nil
		}
		if file != nil && replaced(file, path) {
			file.Close()
			file = nil
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// replaced reports whether path is another file by now.
func replaced(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && !os.SameFile(mine, now)
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory of the run: %w", err)
	}
	return nil
}

// writeFile replaces a file as a whole.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// diskError marks a full disk as the environment's fault.
func diskError(err error) error {
	for _, full := range []error{unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EROFS} {
		if errors.Is(err, full) {
			return fault.Environment(err)
		}
	}
	return err
}
