package console

import (
	"os"
	"path/filepath"
	"strings"
)

// rotating is a log file of bounded size with one predecessor. It is opened with the first line, and again with a later
// one when that failed. It is not safe for concurrent use.
type rotating struct {
	path  string
	limit int64

	file *os.File
	size int64
}

// Write appends a line, and begins a new file before one that would exceed the limit.
func (r *rotating) Write(line []byte) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	if r.size > 0 && r.size+int64(len(line)) > r.limit {
		r.rotate()
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	n, err := r.file.Write(line)
	r.size += int64(n)
	return n, err
}

func (r *rotating) open() error {
	if r.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return err
	}
	r.file, r.size = f, info.Size()
	return nil
}

// rotate makes the file the predecessor. Where it cannot be renamed, it is begun anew: the bound matters more than
// old lines.
func (r *rotating) rotate() {
	_ = r.Close()
	if os.Rename(r.path, predecessor(r.path)) != nil {
		_ = os.Truncate(r.path, 0)
	}
}

// predecessor returns worker-0.1.jsonl for worker-0.jsonl.
func predecessor(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".1" + ext
}

// Close closes the file; a later Write opens it again.
func (r *rotating) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}
