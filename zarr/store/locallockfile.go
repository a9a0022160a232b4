package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"

	"volara/fault"
)

// lockFileName is the file whose bytes stand for the locks of all keys of a node. It lies in the node's directory, so that
// it is the same however that was come upon.
const lockFileName = ".lock"

// lockFiles are the lock files that are open, by the prefix of their keys. Each Local has its own open files, and the locks
// belong to them, so that two Locals of one process exclude each other as two processes do. The zero value is ready.
type lockFiles struct {
	mu   sync.Mutex
	open map[string]*lockFile
}

// A lockFile is an open lock file, and how many use it.
type lockFile struct {
	f      *os.File
	prefix string
	users  int
	stale  bool // to be closed by the last of them
}

// maxLockFiles bounds how many are kept open that nobody uses.
const maxLockFiles = 16

// get opens the lock file of a prefix; who gets it puts it back.
func (l *lockFiles) get(in *Local, prefix string) (*lockFile, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.open[prefix]; f != nil {
		f.users++
		return f, nil
	}
	if err := in.writable(); err != nil {
		return nil, err
	}
	f, err := in.openLockFile(prefix)
	if err != nil {
		return nil, fault.FromOS(err)
	}
	if l.open == nil {
		l.open = map[string]*lockFile{}
	}
	opened := &lockFile{f: f, prefix: prefix, users: 1}
	l.open[prefix] = opened
	return opened, nil
}

// openLockFile opens a lock file, and creates it and its directory where they are not there.
func (l *Local) openLockFile(prefix string) (*os.File, error) {
	open := func() (*os.File, error) { return l.root.OpenFile(prefix+lockFileName, os.O_RDWR|os.O_CREATE, 0o666) }
	f, err := open()
	if errors.Is(err, fs.ErrNotExist) && prefix != "" {
		if err = makeDir(l.root, path.Clean(prefix), l.options.Sync); err == nil {
			f, err = open()
		}
	}
	return f, err
}

// put says that somebody does not use the file any more.
func (l *lockFiles) put(f *lockFile) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.users--; f.users == 0 && (f.stale || len(l.open) > maxLockFiles) {
		l.forget(f)
		f.f.Close()
	}
}

// forget takes the file out of those that are open; l.mu is held.
func (l *lockFiles) forget(f *lockFile) {
	if l.open[f.prefix] == f {
		delete(l.open, f.prefix)
	}
}

// isNow reports whether a lock file is the one that others find, and not that of a directory that was moved away. If not,
// it is not handed out any more.
func (l *lockFiles) isNow(in *Local, f *lockFile) (bool, error) {
	mine, err := f.f.Stat()
	if err != nil {
		return false, fault.FromOS(err)
	}
	theirs, err := in.root.Stat(f.prefix + lockFileName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fault.FromOS(err)
	}
	if err == nil && os.SameFile(mine, theirs) {
		return true, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f.stale = true
	l.forget(f)
	return false, nil
}

// close closes all lock files. Nobody may use one.
func (l *lockFiles) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range l.open {
		errs = append(errs, f.f.Close())
	}
	l.open = nil
	return errors.Join(errs...)
}
