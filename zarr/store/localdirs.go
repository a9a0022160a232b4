package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
)

// dirs keeps directories open in which values are written, so that a Put need not walk to its own. The zero value is
// ready.
type dirs struct {
	mu   sync.Mutex
	open map[string]*os.File
}

// maxDirs bounds how many directories are kept open.
const maxDirs = 16

// get opens a directory below root and creates it where it is not there; durable says that a created one is to survive a
// loss of power. Who uses the directory must count on its being closed meanwhile: os.ErrClosed.
func (d *dirs) get(root *os.Root, name string, durable bool) (*os.File, error) {
	d.mu.Lock()
	f := d.open[name]
	d.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) && name != "." {
		if err = makeDir(root, name, durable); err == nil {
			f, err = root.Open(name)
		}
	}
	if err != nil {
		return nil, err
	}
	return d.keep(name, f), nil
}

// keep remembers an open directory and returns the one that is remembered.
func (d *dirs) keep(name string, f *os.File) *os.File {
	d.mu.Lock()
	defer d.mu.Unlock()
	if other := d.open[name]; other != nil {
		f.Close()
		return other
	}
	if len(d.open) >= maxDirs || d.open == nil {
		d.closeAll() //nolint:errcheck // only for reading
		d.open = map[string]*os.File{}
	}
	d.open[name] = f
	return f
}

// forget closes a directory that is of no use any more.
func (d *dirs) forget(name string, f *os.File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[name] == f {
		delete(d.open, name)
		f.Close()
	}
}

// close closes all directories; later ones are opened again.
func (d *dirs) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.open = nil }()
	return d.closeAll()
}

func (d *dirs) closeAll() error {
	var errs []error
	for _, f := range d.open {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// makeDir creates a directory and those above it.
func makeDir(root *os.Root, name string, durable bool) error {
	if err := root.MkdirAll(name, 0o777); err != nil || !durable {
		return err
	}
	for name != "." {
		name = path.Dir(name)
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}
