package store

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"volara/fault"
)

// A Location is where a node lies, as a person has written it.
type Location struct {
	// Scheme is "file", "http", "https" or "s3".
	Scheme string
	// Path is the absolute path of a directory or a file (file), or the path of names in the bucket (s3).
	Path string
	// URL is that of a web server, with what it holds of user and query (http, https).
	URL *url.URL
	// Bucket is that of an object store (s3).
	Bucket string
	// Zip says that the location is a zip file and Inner the path of names in it. A zip file in the middle of a path is
	// found only when the location is opened.
	Zip   bool
	Inner string
}

// ParseLocation reads a location:
//
//	volume.zarr/raw                            a path; also file:///data/volume.zarr/raw
//	https://host/volume.zarr/raw               a web server; user:password@host and a ?query are sent along
//	s3://bucket/volume.zarr/raw                an object store
//	volume.zarr.zip, volume.zip/raw            a zip file, also at the end or in the middle of any of the above
//	zip://raw::s3://bucket/volume.zip          the same as fsspec writes it; zip::s3://… means its root
//	s3://bucket/volume.zip|zip:raw|zarr3:      the same as Neuroglancer writes it
//
// What it names need not exist; what is no location of a store that is known here is an error.
func ParseLocation(text string) (Location, error) { return ParseLocationIn("", text) }

// ParseLocationIn is ParseLocation with relative paths in a folder; "" is the current one.
func ParseLocationIn(base, text string) (Location, error) {
	at, err := parseLocation(base, text)
	if err != nil {
		return at, fault.Permanent(err)
	}
	return at, nil
}

func parseLocation(base, text string) (Location, error) {
	if at, ok, err := parseChain(base, text); ok || err != nil {
		return at, err
	}
	if at, ok, err := parsePipeline(base, text); ok || err != nil {
		return at, err
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !isScheme.MatchString(scheme) {
		return localPath(base, text)
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "file":
		return localPath(base, rest)
	case "http", "https":
		return webURL(scheme, text)
	case "s3":
		return bucketURL(rest)
	case "gs", "gcs":
		return Location{}, fmt.Errorf("%s:// is not supported; public buckets of Google's are read by https://storage.googleapis.com/%s", scheme, rest)
	}
	return Location{}, fmt.Errorf("%s:// is not supported; paths, file://, http://, https:// and s3:// are", scheme)
}

var isScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

func localPath(base, text string) (Location, error) {
	if text == "" {
		return Location{}, fmt.Errorf("the path is empty")
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(base, text)
	}
	dir, err := filepath.Abs(text)
	return Location{Scheme: "file", Path: dir}, err
}

func webURL(scheme, text string) (Location, error) {
	u, err := url.Parse(text)
	if err != nil { // its text may hold a password
		return Location{}, fmt.Errorf("the URL (%s://…) is not well formed", scheme)
	}
	if u.Host == "" {
		return Location{}, fmt.Errorf("%s is a URL without a host", shown(u))
	}
	u.Scheme = scheme
	return Location{Scheme: scheme, URL: u}, nil
}

func bucketURL(rest string) (Location, error) {
	bucket, key, _ := strings.Cut(rest, "/")
	if bucket == "" {
		return Location{}, fmt.Errorf("s3://%s names no bucket; s3://bucket/path is meant", rest)
	}
	if i := strings.IndexAny(bucket, "@?#:"); i >= 0 {
		return Location{}, fmt.Errorf("%q is not a bucket's name; s3://bucket/path is meant, credentials come from the environment", bucket[:i]+"…")
	}
	key = strings.Trim(key, "/")
	if key != "" && checkKey(key) != nil {
		return Location{}, fmt.Errorf("s3://%s: %q is not a path of names", rest, key)
	}
	return Location{Scheme: "s3", Bucket: bucket, Path: key}, nil
}

// parseChain reads fsspec's form: zip://inner::location.
func parseChain(base, text string) (at Location, ok bool, err error) {
	first, rest, chained := strings.Cut(text, "::")
	scheme, inner, _ := strings.Cut(first, "://")
	if !chained || !isScheme.MatchString(scheme) || strings.Contains(scheme, ".") {
		return at, false, nil
	}
	if scheme != "zip" {
		return at, true, fmt.Errorf("%s:: is not supported; zip:: is", scheme)
	}
	at, err = parseLocation(base, rest)
	return at.zip(inner), true, err
}

// parsePipeline reads Neuroglancer's form: location|zip:inner|zarr3:path.
func parsePipeline(base, text string) (at Location, ok bool, err error) {
	parts := strings.Split(text, "|")
	if len(parts) == 1 || !slices.ContainsFunc(parts[1:], func(p string) bool { return strings.HasPrefix(p, "z") && strings.Contains(p, ":") }) {
		return at, false, nil
	}
	if at, err = parseLocation(base, parts[0]); err != nil {
		return at, true, err
	}
	for _, part := range parts[1:] {
		kind, inner, _ := strings.Cut(part, ":")
		switch kind {
		case "zip":
			at = at.zip(inner)
		case "zarr", "zarr2", "zarr3":
			at = at.below(inner)
		default:
			return at, true, fmt.Errorf("|%s: is not supported; |zip: and |zarr: are", kind)
		}
	}
	return at, true, nil
}

// zip returns a path of names in a zip file at the location.
func (l Location) zip(inner string) Location {
	l.Zip, l.Inner = true, strings.Trim(inner, "/")
	return l
}

// below returns a path of names below the location.
func (l Location) below(inner string) Location {
	inner = strings.Trim(inner, "/")
	switch {
	case inner == "":
	case l.Zip:
		l.Inner = strings.Trim(l.Inner+"/"+inner, "/")
	case l.URL != nil:
		l.URL = l.URL.JoinPath((&url.URL{Path: inner}).EscapedPath())
	default:
		l.Path = strings.TrimPrefix(l.Path+"/"+inner, "/")
		if l.Scheme == "file" {
			l.Path = "/" + l.Path
		}
	}
	return l
}

// Remote reports whether the location is on a server.
func (l Location) Remote() bool { return l.Scheme != "file" }

// Canonical returns one text for all that mean the same location: ParseLocation reads it as this location. It may hold
// what is secret in a URL.
func (l Location) Canonical() string {
	text := l.Path
	switch {
	case l.Scheme == "s3":
		text = strings.TrimSuffix("s3://"+l.Bucket+"/"+l.Path, "/")
	case l.URL != nil:
		u := *l.URL
		u.Path, u.RawPath, u.Fragment, u.RawFragment = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/"), "", ""
		text = u.String()
	}
	switch {
	case !l.Zip:
		return text
	case !hasZipName(text):
		return "zip://" + l.Inner + "::" + text
	}
	return strings.TrimSuffix(text+"/"+l.Inner, "/")
}

// String returns the location for people, without what may be secret: of a path the absolute one.
func (l Location) String() string {
	text := l.Path
	switch l.Scheme {
	case "s3":
		text = strings.TrimSuffix("s3://"+l.Bucket+"/"+l.Path, "/")
	case "http", "https":
		text = strings.TrimSuffix(shown(l.URL), "/")
	}
	if l.Zip && l.Inner != "" {
		text += "/" + l.Inner
	}
	return text
}
