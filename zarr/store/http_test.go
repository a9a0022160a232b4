package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"volara/fault"
	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

// quick retries as usual, without the usual pauses.
func quick() store.Retry {
	return store.Retry{Tries: 8, First: time.Millisecond, Most: 20 * time.Millisecond, Stall: 5 * time.Second}
}

// webOf serves values below /data/.
func webOf(values map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, ok := values[strings.TrimPrefix(r.URL.Path, "/data/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(value))
	})
}

// withoutRanges hides from a handler that a range was asked for.
func withoutRanges(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		h.ServeHTTP(w, r)
	})
}

// withoutHead knows no HEAD.
func withoutHead(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// secretive says of what is missing that it is forbidden.
func secretive(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		if h.ServeHTTP(answer, r); answer.Code == http.StatusNotFound {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func webStore(t *testing.T, at string) *store.HTTP {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	h := store.NewHTTP(u, store.HTTPOptions{Retry: quick()})
	t.Cleanup(func() { h.Close() })
	return h
}

func TestHTTP(t *testing.T) {
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"whole":          func(h http.Handler) http.Handler { return h },
		"without ranges": withoutRanges,
		"without head":   withoutHead,
		"secretive":      secretive,
		"faulty":         func(h http.Handler) http.Handler { return storetest.NewFaulty(h, 7, 0.2, storetest.AllFaults()...) },
	} {
		t.Run(name, func(t *testing.T) {
			storetest.RunReadOnly(t, webStore(t, serve(t, wrap(webOf(storetest.Values())))+"/data"), false)
		})
	}
}

// What is wrong for good ends at once or after so many tries, and says what it was about.
func TestHTTPErrors(t *testing.T) {
	for _, c := range []struct {
		status                 int
		environment, permanent bool
		tries                  int
		text                   string
	}{
		{http.StatusServiceUnavailable, true, false, 8, "tried 8 times"},
		{http.StatusTooManyRequests, true, false, 8, "429"},
		{http.StatusUnauthorized, false, true, 1, "password"},
		{http.StatusBadRequest, false, true, 1, "400"},
		{http.StatusNotImplemented, false, true, 1, "501"},
	} {
		tries := 0
		at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tries++
			w.WriteHeader(c.status)
		}))
		_, err := webStore(t, strings.Replace(at, "://", "://me:hush@", 1)+"/a?sig=hush").Get(t.Context(), "zarr.json")
		if err == nil || fault.IsEnvironment(err) != c.environment || fault.IsPermanent(err) != c.permanent || errors.Is(err, store.ErrNotExist) {
			t.Errorf("%d: %v", c.status, err)
			continue
		}
		if tries != c.tries || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), at+"/a/zarr.json?…") {
			t.Errorf("%d: %d tries, %v", c.status, tries, err)
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("a secret is told: %v", err)
		}
	}
}

func TestHTTPLimits(t *testing.T) {
	endless := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 1000 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	if _, err := webStore(t, endless).GetBuffer(t.Context(), "a", nil, 1000); !errors.Is(err, store.ErrRange) {
		t.Errorf("an endless value: %v", err)
	}
	claims := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000000000000")
		w.Write([]byte("little")) //nolint:errcheck // a test
	}))
	_, err := webStore(t, claims).Get(t.Context(), "a")
	if !fault.IsEnvironment(err) {
		t.Errorf("a value shorter than its length: %v", err)
	}
	for _, text := range []string{"", "bytes 0-3", "bytes 5-8/10", "bytes 0-3/*", "bytes -1-3/10", "bytes 0-3/3"} {
		lies := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", text)
			w.WriteHeader(http.StatusPartialContent)
			w.Write([]byte("0123")) //nolint:errcheck // a test
		}))
		if v, err := webStore(t, lies).GetRange(t.Context(), "a", 0, 4); err == nil {
			t.Errorf("Content-Range %q: %q", text, v)
		}
	}
}

// A server that stops in the middle is given up, and asked again.
func TestHTTPStalls(t *testing.T) {
	faulty := storetest.NewFaulty(webOf(storetest.Values()), 1, 1, storetest.Stalled)
	u, err := url.Parse(serve(t, faulty) + "/data")
	if err != nil {
		t.Fatal(err)
	}
	retry := quick()
	retry.Tries, retry.Stall = 2, 50*time.Millisecond
	h := store.NewHTTP(u, store.HTTPOptions{Retry: retry})
	if _, err := h.Get(t.Context(), "c/0/0"); !fault.IsEnvironment(err) || errors.Is(err, context.Canceled) {
		t.Errorf("told %v", err)
	}
	faulty.Set(0)
	if v, err := h.Get(t.Context(), "c/0/0"); err != nil || len(v) != 20000 {
		t.Errorf("afterwards: %d bytes, %v", len(v), err)
	}
}

func TestHTTPHonoursRetryAfter(t *testing.T) {
	var mu sync.Mutex
	var asked []time.Time
	ask := "1"
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked = append(asked, time.Now()); len(asked) == 1 {
			w.Header().Set("Retry-After", ask)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "value") //nolint:errcheck // a test
	}))
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	retry := quick()
	retry.Most = time.Second
	h := store.NewHTTP(u, store.HTTPOptions{Retry: retry})
	if _, err := h.Get(t.Context(), "a"); err != nil || asked[1].Sub(asked[0]) < time.Second {
		t.Errorf("%v; asked at %v", err, asked)
	}
	asked, ask = nil, "3600"
	if _, err := h.Get(t.Context(), "a"); !fault.IsEnvironment(err) || len(asked) != 1 {
		t.Errorf("asked to come in an hour: %v, %d requests", err, len(asked))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	asked, ask = nil, "1"
	if _, err := h.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || fault.IsEnvironment(err) {
		t.Errorf("given up while waiting: %v", err)
	}
}

// Credentials that run out do not turn values into background.
func TestHTTPCredentialsRunOut(t *testing.T) {
	values, out := storetest.Values(), false
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); out || user != "me" || password != "p@ss" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		secretive(webOf(values)).ServeHTTP(w, r)
	}))
	h := webStore(t, strings.Replace(at, "://", "://me:p%40ss@", 1)+"/data")
	if _, err := h.Get(t.Context(), ".zarray"); !errors.Is(err, store.ErrNotExist) || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("forbidden before anything was read: %v", err)
	}
	if _, err := h.Get(t.Context(), "zarr.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Get(t.Context(), "c/9/9"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a missing value: %v", err)
	}
	out = true
	for _, key := range []string{"c/0/0", "zarr.json"} {
		if _, err := h.Get(t.Context(), key); err == nil || errors.Is(err, store.ErrNotExist) || !fault.IsEnvironment(err) {
			t.Errorf("%s, credentials having run out: %v", key, err)
		}
	}
}

func TestHTTPNode(t *testing.T) {
	at := serve(t, webOf(storetest.Values()))
	for _, path := range []string{"/data", "/data/", "/data?token=hush", "//data/x/..//", "/a%2Fb/data"} {
		n, err := store.Open(t.Context(), at+path, store.Options{HTTP: store.HTTPOptions{Retry: quick()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		if strings.Contains(n.String(), "hush") {
			t.Errorf("a secret is told: %s", n)
		}
		if path != "/data" {
			continue
		}
		child, err := n.Child("a b")
		if err != nil {
			t.Fatal(err)
		}
		if v, err := child.Get(t.Context(), "ö%2F?#.txt", 10); err != nil || string(v) != "odd" {
			t.Errorf("an odd name: %q, %v", v, err)
		}
		if up, ok := child.Parent(); !ok || up.String() != n.String() || n.String() != at+"/data" {
			t.Errorf("the parent of %v is %v, of %v", child, up, n)
		}
	}
}

// Connections are used again.
func TestHTTPConnections(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	h := webStore(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		mu.Unlock()
		webOf(storetest.Values()).ServeHTTP(w, r)
	}))+"/data")
	for i := range 20 {
		if _, err := h.GetRange(t.Context(), "digits", int64(i%10), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Get(t.Context(), fmt.Sprint("c/", i)); !errors.Is(err, store.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if len(connections) > 2 {
		t.Errorf("%d connections for 40 requests in a row", len(connections))
	}
}
