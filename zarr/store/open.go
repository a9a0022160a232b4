package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Open finds the node that a location names (see ParseLocation). Nothing need be there: reading from what does not exist
// is ErrNotExist for every key. Writing to a directory that does not exist is an error unless LocalOptions.Create is set;
// web servers and zip files cannot be written.
func Open(ctx context.Context, location string, o Options) (*Node, error) {
	at, err := ParseLocation(location)
	if err != nil {
		return nil, err
	}
	return at.Open(ctx, o)
}

// Open finds the node at the location; see the function Open.
func (l Location) Open(ctx context.Context, o Options) (*Node, error) {
	switch l.Scheme {
	case "s3":
		s, err := OpenS3(ctx, l.Bucket, o.S3)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", l, err)
		}
		return l.openZips(ctx, &Node{s, folder(l.Path)})
	case "http", "https":
		return l.openZips(ctx, webNode(l.URL, o.HTTP))
	}
	if l.Zip {
		return openZip(ctx, &Local{dir: filepath.Dir(l.Path)}, filepath.Base(l.Path), l.Inner)
	}
	for file := l.Path; file != filepath.Dir(file); file = filepath.Dir(file) {
		if hasZipName(file) && isFile(file) {
			inner, err := filepath.Rel(file, l.Path)
			if err != nil {
				return nil, err
			}
			return openZip(ctx, &Local{dir: filepath.Dir(file)}, filepath.Base(file), strings.TrimPrefix(filepath.ToSlash(inner), "."))
		}
	}
	return openLocal(l.Path, o)
}

// openLocal opens a directory, also one that is not there.
func openLocal(dir string, o Options) (*Node, error) {
	l, err := OpenLocal(dir, o.LocalOptions)
	if errors.Is(err, ErrNotExist) && !o.Create {
		l, err = &Local{dir: dir}, nil
	}
	if err != nil {
		return nil, err
	}
	return &Node{Store: l}, nil
}

// webNode returns the node at a URL: in the store of the whole server, where its path is one of names.
func webNode(u *url.URL, o HTTPOptions) *Node {
	key := strings.Trim(u.Path, "/")
	encodesSlash := strings.Contains(strings.ToLower(u.RawPath), "%2f")
	if key != "" && (checkKey(key) != nil || encodesSlash) {
		return &Node{Store: NewHTTP(u, o)}
	}
	root := *u
	root.Path, root.RawPath = "/", ""
	return &Node{NewHTTP(&root, o), folder(key)}
}

// openZips returns the node itself, or that in the zip file which the location names or leads through.
func (l Location) openZips(ctx context.Context, n *Node) (*Node, error) {
	names := strings.Split(strings.TrimSuffix(n.Prefix, "/"), "/")
	if l.Zip {
		return closing(n)(openZip(ctx, n.Store, strings.Join(names, "/"), l.Inner))
	}
	for i, name := range names {
		key := strings.Join(names[:i+1], "/")
		if !hasZipName(name) {
			continue
		}
		switch _, there, err := Size(ctx, n.Store, key); {
		case err != nil:
			return closing(n)(nil, err)
		case there:
			return closing(n)(openZip(ctx, n.Store, key, strings.Join(names[i+1:], "/")))
		}
	}
	return n, nil
}

// closing closes a node that was not needed when there is an error.
func closing(n *Node) func(*Node, error) (*Node, error) {
	return func(opened *Node, err error) (*Node, error) {
		if err != nil {
			return nil, errors.Join(err, n.Close())
		}
		return opened, nil
	}
}

// folder turns a path of names into a prefix.
func folder(path string) string {
	if path == "" {
		return ""
	}
	return path + "/"
}

func hasZipName(name string) bool { return strings.EqualFold(filepath.Ext(name), ".zip") }
