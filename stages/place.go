package stages

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"volara/zarr"
	"volara/zarr/store"
)

// A Place is where an array lies and how its store is opened. The zero value is no place.
type Place struct {
	// Path is an absolute path or a URL; it identifies the array in a pipeline.
	Path string

	s3 store.S3Options
}

// LocalPlace returns the place of a path without anything else to know.
func LocalPlace(path string) Place { return Place{Path: path} }

// Open opens the array.
func (p Place) Open(ctx context.Context, opts ...zarr.Option) (*zarr.Array, error) {
	return zarr.Open(ctx, p.Path, append(opts, p.in())...)
}

func (p Place) in() zarr.Option { return zarr.In(p.options()) }

func (p Place) options() store.Options { return store.Options{S3: p.s3} }

// Node opens the place in its store, also where there is no array.
func (p Place) Node(ctx context.Context) (*store.Node, error) {
	return store.Open(ctx, p.Path, p.options())
}

// Remove deletes the array; none there is no error.
func (p Place) Remove(ctx context.Context) error { return zarr.Remove(ctx, p.Path, p.in()) }

// Remote reports whether the place is on a server.
func (p Place) Remote() bool { return strings.Contains(p.Path, "://") }

// Differs returns in what a place of the same path is another one: the server; "" when it is the same.
func (p Place) Differs(o Place) string {
	if p.s3.Endpoint != o.s3.Endpoint {
		return fmt.Sprintf("endpoint_url %q and %q", p.s3.Endpoint, o.s3.Endpoint)
	}
	return ""
}

// Above returns the path or URL of the folder around a place; "" at the root.
func Above(path string) string {
	scheme, rest, remote := strings.Cut(path, "://")
	if !remote {
		if dir := filepath.Dir(path); dir != path {
			return dir
		}
		return ""
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return ""
	}
	return scheme + "://" + rest[:i]
}

// place returns where the dataset's array lies; the dataset is resolved.
func (d *Dataset) place() Place {
	if d.at.Path != "" {
		return d.at
	}
	p := Place{Path: d.Store}
	if strings.Contains(d.Store, "s3://") {
		p.s3, _ = d.s3() // resolve has looked at it
	}
	return p
}

// open opens the dataset's array for reading. Where a format of zarr is asked for, it must be of that.
func (d *Dataset) open(ctx context.Context, opts ...zarr.Option) (*zarr.Array, error) {
	array, err := d.place().Open(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if is, asked := array.Metadata().Format, d.zarr().format; asked != 0 && is != asked {
		err := fmt.Errorf("%s is of zarr format %d, not %d (zarr_kwargs)", d.Store, is, asked)
		return nil, errors.Join(err, array.Close())
	}
	return array, nil
}

// unwritable says what a path is that nobody can write to; "": none of that kind.
func unwritable(path string) string {
	switch {
	case strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://"):
		return "on a web server"
	case strings.HasPrefix(path, "zip://"):
		return "in a zip file"
	}
	for at := path; at != ""; at = Above(at) {
		if strings.EqualFold(filepath.Ext(at), ".zip") {
			return "in a zip file"
		}
	}
	return ""
}

func (d *Dataset) s3() (store.S3Options, error) {
	o, err := store.ParseS3Kwargs(d.S3Kwargs)
	if err != nil {
		return o, fmt.Errorf("s3_kwargs of %s: %w", d.Store, err)
	}
	return o, nil
}

// placeOf resolves the path or URL of an array: absolute, without links and without what is secret.
func placeOf(base, text string) (string, error) {
	at, err := store.ParseLocationIn(base, text)
	if err != nil {
		return "", err
	}
	if at.Remote() {
		if at.URL != nil && (at.URL.User != nil || at.URL.RawQuery != "") {
			return "", fmt.Errorf("%s: a user, a password or a query in a URL would be written into the records of the run; a user and a password for a web server belong in the file ~/.netrc", at)
		}
		return at.Canonical(), nil
	}
	inside := ""
	for path := at.Path; path != filepath.Dir(path); path = filepath.Dir(path) {
		if strings.EqualFold(filepath.Ext(path), ".zip") { // what is in a zip file is no path of the system's
			inside, at.Path = strings.TrimPrefix(at.Path, path), path
		}
	}
	real, err := RealPath(at.Path)
	if err != nil {
		return "", err
	}
	at.Path = real
	return at.Canonical() + inside, nil
}
