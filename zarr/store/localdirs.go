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
	open map[string]*openDir
}

// An openDir stays open as long as somebody uses it, remembered or not.
type openDir struct {
	*os.File
	users   int
	dropped bool // it is remembered no more: the last user closes it
}

// maxDirs bounds how many directories are remembered.
const maxDirs = 16

// use opens a directory below root and creates it where it is not there; durable says that a created one is to survive a
// loss of power. Its user says when it is done with it.
func (d *dirs) use(root *os.Root, name string, durable bool) (*openDir, error) {
	d.mu.Lock()
	o := d.open[name]
	if o != nil {
		o.users++
	}
	d.mu.Unlock()
	if o != nil {
		return o, nil
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

// keep remembers an open directory and returns the one that is remembered, which the caller uses.
func (d *dirs) keep(name string, f *os.File) *openDir {
	d.mu.Lock()
	defer d.mu.Unlock()
	if other := d.open[name]; other != nil {
		f.Close()
		other.users++
		return other
	}
	if d.open == nil {
		d.open = map[string]*openDir{}
	}
	for other := range d.open {
		if len(d.open) < maxDirs {
			break
		}
		d.drop(other) //nolint:errcheck // only for reading
	}
	o := &openDir{File: f, users: 1}
	d.open[name] = o
	return o
}

// done says that a user needs the directory no more.
func (d *dirs) done(o *openDir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.users--; o.users == 0 && o.dropped {
		o.Close()
	}
}

// forget no longer remembers a directory that is of no use.
func (d *dirs) forget(name string, o *openDir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[name] == o {
		d.drop(name) //nolint:errcheck // only for reading
	}
}

// drop forgets a directory, and closes it when nobody uses it.
func (d *dirs) drop(name string) error {
	o := d.open[name]
	delete(d.open, name)
	if o.dropped = true; o.users > 0 {
		return nil
	}
	return o.Close()
}

// close forgets all directories; later ones are opened again.
func (d *dirs) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for name := range d.open {
		errs = append(errs, d.drop(name))
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
