package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/url"
	"strings"

	"volara/fault"
)

// ErrReadOnly is what errors of stores wrap that cannot be written.
var ErrReadOnly = errors.New("the store is read-only")

// HTTP is a Store on a web server: each value what a GET of its URL returns. It is for reading; it cannot list. Requests
// are repeated where that may help (see Retry); what is missing (404, 410) is ErrNotExist, as is what is forbidden (403)
// as long as other values of the store can be read, since servers that list nothing say so of what is missing.
type HTTP struct {
	base    *url.URL // without user
	options HTTPOptions
	user    *url.Userinfo
	client  *http.Client
	access  access
}

// HTTPOptions are the choices for an HTTP.
type HTTPOptions struct {
	// Header is sent with every request.
	Header http.Header
	// Retry says how requests are repeated.
	Retry Retry
}

var (
	_ Store        = (*HTTP)(nil)
	_ Sizer        = (*HTTP)(nil)
	_ BufferGetter = (*HTTP)(nil)
	_ Namer        = (*HTTP)(nil)
	_ NamesLister  = (*HTTP)(nil)
)

// NewHTTP returns the store below a URL. User and password in it, or else those of the host in the netrc file (NETRC, or
// ~/.netrc), are sent to the server and not shown; a query is sent with every request and shown as "?…". Proxies are those of the environment (HTTPS_PROXY, NO_PROXY, …).
func NewHTTP(base *url.URL, options HTTPOptions) *HTTP {
	options.Retry = options.Retry.orDefault()
	clean := *base
	clean.User, clean.Fragment, clean.RawFragment = nil, "", ""
	user := base.User
	if user == nil {
		user = netrcUser(base.Hostname())
	}
	return &HTTP{base: &clean, user: user, options: options, client: &http.Client{Transport: newTransport()}}
}

// newTransport returns a transport of many connections to few servers, which takes bodies as they are stored.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.DisableCompression = true
	return t
}

// Close releases connections that are not in use.
func (h *HTTP) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

// String implements Store: the URL.
func (h *HTTP) String() string { return shown(h.base) }

// Name implements Namer: the URL of the value.
func (h *HTTP) Name(key string) string { return shown(h.url(key)) }

// shown returns a URL for people: without what may be secret.
func shown(u *url.URL) string {
	v := *u
	v.User, v.RawQuery, v.ForceQuery, v.Fragment, v.RawFragment = nil, "", false, "", ""
	text := v.String()
	if u.RawQuery != "" {
		text += "?…"
	}
	return text
}

func (h *HTTP) url(key string) *url.URL {
	u := *h.base
	u.Path = strings.TrimSuffix(h.base.Path, "/") + "/" + key
	if u.RawPath != "" {
		u.RawPath = strings.TrimSuffix(h.base.EscapedPath(), "/") + "/" + (&url.URL{Path: key}).EscapedPath()
	}
	return &u
}

// Get implements Store.
func (h *HTTP) Get(ctx context.Context, key string) ([]byte, error) {
	return h.GetBuffer(ctx, key, nil, math.MaxInt64)
}

// GetBuffer implements BufferGetter.
func (h *HTTP) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) (value []byte, err error) {
	err = h.do(ctx, http.MethodGet, key, "", func(r *http.Response, alive func()) error {
		value, err = readBody(r.Body, r.ContentLength, buf, limit, alive)
		return err
	})
	return value, err
}

// GetRange implements Store. Where the server does not know of ranges, it reads the value up to the range's end.
func (h *HTTP) GetRange(ctx context.Context, key string, offset, length int64) (value []byte, err error) {
	s := span{offset, length}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", h.Name(key), err)
	}
	if length == 0 { // no header can ask for nothing
		size, err := h.Size(ctx, key)
		if err == nil {
			_, err = window(size, offset, 0)
		}
		return nil, err
	}
	err = h.do(ctx, http.MethodGet, key, s.header(), func(r *http.Response, alive func()) error {
		value, err = s.read(r.StatusCode, r.Header, r.ContentLength, r.Body, alive)
		return err
	})
	return value, err
}

// Size implements Sizer.
func (h *HTTP) Size(ctx context.Context, key string) (size int64, err error) {
	err = h.do(ctx, http.MethodHead, key, "", func(r *http.Response, _ func()) error {
		size = r.ContentLength
		return nil
	})
	if errors.Is(err, errNoHead) || err == nil && size < 0 {
		err = h.do(ctx, http.MethodGet, key, "bytes=0-0", func(r *http.Response, _ func()) error {
			if size = r.ContentLength; r.StatusCode != http.StatusPartialContent {
				return nil
			}
			var err error
			_, size, err = contentRange(r.Header.Get("Content-Range"))
			return err
		})
		if errors.Is(err, ErrRange) {
			return 0, nil // even the first byte is beyond its end
		}
	}
	if err == nil && size < 0 {
		err = fmt.Errorf("looking at %s: the server does not tell its length", h.Name(key))
	}
	return size, err
}

// errNoHead says that a server does not know the method HEAD.
var errNoHead = errors.New("the server does not take HEAD requests")

// do makes a request, as often as needed, and hands its answer to use.
func (h *HTTP) do(ctx context.Context, method, key, bytes string, use func(r *http.Response, alive func()) error) error {
	err := checkKey(key)
	if err == nil {
		err = h.try(ctx, method, key, bytes, use)
	}
	if errors.Is(err, errForbidden) {
		err = h.access.refused(ctx, key, err, func(ctx context.Context, known string) error {
			return h.try(ctx, http.MethodGet, known, "bytes=0-0", func(*http.Response, func()) error { return nil })
		})
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", h.Name(key), err)
	}
	h.access.allowed(key)
	return nil
}

func (h *HTTP) try(ctx context.Context, method, key, bytes string, use func(*http.Response, func()) error) error {
	return h.options.Retry.do(ctx, func(ctx context.Context, alive func()) error {
		request, err := h.request(ctx, method, key, bytes)
		if err != nil {
			return err
		}
		r, err := h.client.Do(request)
		if err != nil {
			return ofNetwork(hideURL(err))
		}
		defer finish(r.Body)
		alive()
		if err := statusError(r); err != nil {
			return err
		}
		return use(r, alive)
	})
}

func (h *HTTP) request(ctx context.Context, method, key, bytes string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.url(key).String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range h.options.Header {
		r.Header[name] = values
	}
	if h.user != nil {
		password, _ := h.user.Password()
		r.SetBasicAuth(h.user.Username(), password)
	}
	if bytes != "" {
		r.Header.Set("Range", bytes)
	}
	r.Header.Set("Accept-Encoding", "identity")
	return r, nil
}

// statusError returns what a status means for a reader; nil: there is a value in the answer.
func statusError(r *http.Response) error {
	status := r.StatusCode
	switch {
	case status == http.StatusOK || status == http.StatusPartialContent && r.Request.Header.Get("Range") != "":
		if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
			return fault.Permanent(fmt.Errorf("the server encodes what it stores as %q, which is not supported", e))
		}
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return fmt.Errorf("the server answers %s: %w", r.Status, ErrNotExist)
	case status == http.StatusForbidden:
		return fmt.Errorf("the server answers %s: %w", r.Status, errForbidden)
	case status == http.StatusUnauthorized:
		return fault.Permanent(fmt.Errorf("the server answers %s: it wants a user and a password, as in https://user:password@host/, or in ~/.netrc", r.Status))
	case status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("the server answers %s: %w", r.Status, ErrRange)
	case r.Request.Method == http.MethodHead && (status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented):
		return errNoHead
	case isPassing(status):
		return passing{fmt.Errorf("the server answers %s", r.Status), retryAfter(r.Header)}
	}
	return fault.Permanent(fmt.Errorf("the server answers %s", r.Status))
}

// Put implements Store: it is an error.
func (h *HTTP) Put(_ context.Context, key string, _ []byte) error { return h.readOnly("writing", key) }

// Delete implements Store: it is an error.
func (h *HTTP) Delete(_ context.Context, key string) error { return h.readOnly("deleting", key) }

func (h *HTTP) readOnly(doing, key string) error {
	return fault.Permanent(fmt.Errorf("%s %s: %w; object stores are written by s3://bucket/key (with endpoint_url)", doing, h.Name(key), ErrReadOnly))
}

// List implements Store: it is ErrNoList.
func (h *HTTP) List(_ context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		yield(Entry{}, h.noList(prefix))
	}
}

// Names implements NamesLister: it is ErrNoList.
func (h *HTTP) Names(_ context.Context, prefix string, _ int) ([]string, error) {
	return nil, h.noList(prefix)
}

func (h *HTTP) noList(prefix string) error {
	return fault.Permanent(fmt.Errorf("listing %s: %w", h.Name(prefix), ErrNoList))
}
