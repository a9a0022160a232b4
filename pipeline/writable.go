package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"volara/config"
)

// checkWritable makes sure, before anything is written, that every output and the state can be.
func (p *Plan) checkWritable(stateDir string) error {
	if err := writable(stateDir); err != nil {
		return &InputError{fmt.Errorf("the state directory: %w; choose another one with --state", err)}
	}
	var errs []error
	for _, t := range p.Tasks {
		for _, u := range t.Uses {
			if !u.Write || u.Place.Remote() { // planning has asked the server; only writing would tell more
				continue
			}
			if err := writable(u.Resource.ID); err != nil {
				errs = append(errs, t.node.At(u.Field).Errorf("%s of %s: %w", u.Field, t.Name, err))
			}
		}
	}
	return config.Join(errs...)
}

// writable reports why nothing could be written to a path: because of itself, or of the nearest folder above it.
func writable(path string) error {
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
		if at != path && !info.IsDir() {
			return fmt.Errorf("%s cannot be written: %s is a file", path, at)
		}
		if err := unix.Access(at, unix.W_OK); err != nil {
			return fmt.Errorf("%s cannot be written: %s: %w", path, at, err)
		}
		if info.IsDir() {
			return nil
		}
		// A file is replaced by renaming: its folder counts as well.
		path = filepath.Dir(at)
	}
}
