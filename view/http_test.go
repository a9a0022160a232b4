package view

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr"
)

// ask sends a request as it is written: path is not cleaned.
func ask(t *testing.T, base, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = path
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	noRedirect := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := noRedirect.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// TestRequests is what a browser and a reader of zarr rely on.
func TestRequests(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "raw")
	create(t, path, zarr.Spec{Shape: []int{20, 20}, Chunks: []int{10, 10}, DType: nd.Uint8, Codec: "raw"})
	os.Remove(filepath.Join(path, "c/1/1"))
	chunk, err := os.ReadFile(filepath.Join(path, "c/0/1"))
	if err != nil {
		t.Fatal(err)
	}
	_, base := serving(t, path)
	first, _ := ask(t, base, "GET", "/raw/c/0/1")
	tag := first.Header.Get("ETag")
	if tag == "" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("headers: %v", first.Header)
	}
	const viewer = "https://neuroglancer-demo.appspot.com"
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
		body         string
		answers      []string
	}{
		{"GET", "/raw/c/0/1", nil, 200, string(chunk), []string{"Accept-Ranges", "bytes"}},
		{"GET", "/raw/c/0/1", []string{"Range", "bytes=3-7"}, 206, string(chunk[3:8]), []string{"Content-Range", "bytes 3-7/100"}},
		{"GET", "/raw/c/0/1", []string{"Range", "bytes=90-"}, 206, string(chunk[90:]), nil},
		{"GET", "/raw/c/0/1", []string{"Range", "bytes=-6"}, 206, string(chunk[94:]), []string{"Content-Range", "bytes 94-99/100"}},
		{"GET", "/raw/c/0/1", []string{"Range", "bytes=200-300"}, 416, "*", nil},
		{"HEAD", "/raw/c/0/1", nil, 200, "", []string{"Content-Length", "100"}},
		{"GET", "/raw/c/0/1", []string{"If-None-Match", tag}, 304, "", nil},
		{"GET", "/raw/c/0/1", []string{"If-None-Match", `"x"`}, 200, string(chunk), nil},
		{"GET", "/raw/c/1/1", nil, 404, "*", nil},
		{"GET", "/raw/zarr.json", nil, 200, "*", []string{"Content-Type", "application/json"}},
		{"GET", "/raw", nil, 404, "*", nil},
		{"GET", "/raw/", nil, 404, "*", nil},
		{"GET", "/other/zarr.json", nil, 404, "*", nil},
		{"PUT", "/raw/c/0/1", nil, 405, "*", []string{"Allow", "GET, HEAD, OPTIONS"}},
		{"DELETE", "/raw/c/0/1", nil, 405, "*", nil},
		{"POST", "/", nil, 405, "*", nil},
		{"GET", "/raw/c/0/1", []string{"Origin", viewer}, 200, "*", []string{"Access-Control-Allow-Origin", viewer}},
		{"GET", "/raw/c/1/1", []string{"Origin", viewer}, 404, "*", []string{"Access-Control-Allow-Origin", viewer}},
		{"GET", "/raw/c/0/1", []string{"Origin", "http://localhost:8080"}, 200, "*", []string{"Access-Control-Allow-Origin", "http://localhost:8080"}},
		{"GET", "/raw/c/0/1", []string{"Origin", "https://example.org"}, 200, "*", []string{"Access-Control-Allow-Origin", ""}},
		{"OPTIONS", "/raw/c/0/1", []string{"Origin", viewer, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "range",
			"Access-Control-Request-Private-Network", "true"}, 204, "",
			[]string{"Access-Control-Allow-Origin", viewer, "Access-Control-Allow-Private-Network", "true", "Access-Control-Allow-Methods", "GET, HEAD"}},
		{"OPTIONS", "/raw/c/0/1", []string{"Origin", "https://example.org", "Access-Control-Request-Private-Network", "true"}, 204, "",
			[]string{"Access-Control-Allow-Origin", "", "Access-Control-Allow-Private-Network", ""}},
		{"GET", "/state.json", nil, 200, "*", []string{"Content-Type", "application/json"}},
	} {
		r, body := ask(t, base, c.method, c.path, c.headers...)
		if r.StatusCode != c.status || c.body != "*" && body != c.body {
			t.Errorf("%s %s %v: %d %q, want %d", c.method, c.path, c.headers, r.StatusCode, body, c.status)
		}
		for i := 0; i < len(c.answers); i += 2 {
			if got := r.Header.Get(c.answers[i]); got != c.answers[i+1] {
				t.Errorf("%s %s %v: %s is %q, want %q", c.method, c.path, c.headers, c.answers[i], got, c.answers[i+1])
			}
		}
	}
	if r, _ := ask(t, base, "GET", "/"); r.StatusCode != 302 || !strings.HasPrefix(r.Header.Get("Location"), viewer+"/#!%7B%22dimensions") {
		t.Errorf("/ leads to %d %s", r.StatusCode, r.Header.Get("Location"))
	}
	r, _ := ask(t, base, "HEAD", "/raw/zarr.json", "Origin", viewer)
	if !strings.Contains(r.Header.Get("Access-Control-Expose-Headers"), "Content-Range") {
		t.Errorf("%v", r.Header)
	}
}

// TestNothingElse demands that nothing but the arrays can be reached, by whatever path.
func TestNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "in", "raw")
	create(t, path, zarr.Spec{Shape: []int{20, 20}, Chunks: []int{10, 10}, DType: nd.Uint8, Codec: "raw"})
	const secret = "secret"
	for _, in := range []string{"in/0", "in/raw/notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, in), []byte(secret), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"c/0/7": filepath.Join(dir, "in/0"), "c/0/8": "../../../0", "c/7": dir, ".zattrs": filepath.Join(dir, "in/0")}
	for link, to := range links {
		if err := os.Symlink(to, filepath.Join(path, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("0", filepath.Join(path, "c/0/6")); err != nil {
		t.Fatal(err)
	}
	_, base := serving(t, "image="+path)
	if r, _ := ask(t, base, "GET", "/raw/c/0/6"); r.StatusCode != 200 {
		t.Errorf("a link within the array: %d", r.StatusCode)
	}
	for _, path := range []string{"/raw/../0", "/raw/..%2f0", "/raw/%2e%2e/0", "/raw/c/../../../0", "/raw//0", "//etc/passwd", "/raw/%2fetc%2fpasswd",
		"/raw/c/0/7", "/raw/c/0/8", "/raw/c/7/in/0", "/raw/c/7/0", "/raw/.zattrs", "/raw/notes.txt", "/raw/c/0/1%00", "/raw/c\\0\\1", "/../raw/zarr.json/../../0",
		"/raw/.volara.lock", "/raw/c/0", "/raw/c", "/raw/c/00/1", "/raw/c/0/1/", "/raw/c/-1/0", "/raw/C/0/1", "/..", "/raw/..", "/state.json/x"} {
		r, body := ask(t, base, "GET", path)
		if r.StatusCode < 400 || strings.Contains(body, secret) || strings.Contains(body, dir) {
			t.Errorf("%s: %d %q", path, r.StatusCode, body)
		}
	}
}

// broken is a source that cannot be read.
type broken struct{ *zarr.Array }

func (broken) ReadInto(context.Context, *nd.Array, []int) error {
	return errors.New("/a/path/nobody/should/see: input/output error")
}

// TestErrors demands that the log tells what the browser is not told.
func TestErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw")
	create(t, path, zarr.Spec{Shape: []int{20}, Chunks: []int{10}, DType: nd.Float64})
	a, err := zarr.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	level, err := levelOf(a, zarr.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	level.Source = broken{a}
	var log bytes.Buffer
	find := func(context.Context, ...zarr.Option) ([]Dataset, []error) {
		return []Dataset{{Name: "raw", Kind: Image, Levels: []Level{level}}}, nil
	}
	s := NewServer(Options{Find: find, Log: slog.New(slog.NewTextHandler(&log, nil))})
	h := httptest.NewServer(s.Handler("/"))
	defer h.Close()
	r, body := ask(t, h.URL, "GET", "/raw/c/0")
	if r.StatusCode != 500 || strings.Contains(body, "nobody") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	if !strings.Contains(log.String(), "nobody/should/see") || !strings.Contains(log.String(), "c/0") {
		t.Errorf("the log says %s", log.String())
	}
}

// TestHosts demands that a server which only this machine reaches answers to its own names only.
func TestHosts(t *testing.T) {
	l, hosts, err := Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(Options{Find: Paths(nil, zarr.Overrides{}), Hosts: hosts, Log: slog.New(slog.DiscardHandler)})
	h := httptest.NewUnstartedServer(s.Handler("/"))
	h.Listener.Close()
	h.Listener = l
	h.Start()
	defer h.Close()
	for host, want := range map[string]int{"evil.example": 421, "evil.example:80": 421, "localhost:1": 404, "127.0.0.1": 404, "[::1]:8": 404} {
		if r, _ := ask(t, h.URL, "GET", "/x", "Host", host); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, r.StatusCode, want)
		}
	}
}

// TestListen demands a word before whoever may read.
func TestListen(t *testing.T) {
	for address, says := range map[string]string{"8080": "HOST:PORT", ":8080": "names no host", "0.0.0.0:0": "--public", "[::]:0": "--public", "192.0.2.1:0": "--public", "example.org:80": "--public"} {
		if _, _, err := Listen(address, false); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
	}
	l, hosts, err := Listen("0.0.0.0:0", true)
	if err != nil || hosts != nil {
		t.Fatalf("%v %v", hosts, err)
	}
	defer l.Close()
	if _, _, err := Listen(l.Addr().(*net.TCPAddr).AddrPort().String(), true); err == nil || !strings.Contains(err.Error(), "another port") {
		t.Errorf("a port that is taken: %v", err)
	}
}

// TestLink demands a link that holds the state.
func TestLink(t *testing.T) {
	state := `{"a b":"%\"#&?<é>'^"}`
	link := Link("https://example.org/viewer/", []byte(state))
	before, after, _ := strings.Cut(link, "#!")
	got, err := url.PathUnescape(after)
	if before != "https://example.org/viewer/" || err != nil || got != state || strings.ContainsAny(link, "\"' <>") {
		t.Errorf("%s (%v)", link, err)
	}
}

// TestReaches is which pages browsers let read, and what is answered where a page of the viewer could not.
func TestReaches(t *testing.T) {
	for _, c := range []struct {
		viewer, base string
		want         bool
	}{
		{DefaultViewer, "http://127.0.0.1:8080/", true},
		{DefaultViewer, "http://localhost:8080/", true},
		{DefaultViewer, "http://[::1]:8080/", true},
		{DefaultViewer, "https://node:8080/", true},
		{DefaultViewer, "http://node:8080/", false},
		{DefaultViewer, "http://10.0.0.7:8080/", false},
		{"http://ng.example", "http://node:8080/", true},
	} {
		if got := Reaches(c.viewer, c.base); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	_, base := serving(t)
	if r, body := ask(t, base, "GET", "/", "Host", "node:8080"); r.StatusCode != 200 || !strings.Contains(body, "ssh -L") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}
