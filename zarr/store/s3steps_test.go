package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

// A large object takes longer to send than a server may be silent.
func TestS3SlowUpload(t *testing.T) {
	noAWS(t)
	const stall = time.Second
	var puts, got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		puts.Add(1)
		begun := time.Now()
		for time.Since(begun) < 2*stall {
			n, err := io.CopyN(io.Discard, r.Body, 1<<20)
			if got.Add(n); err != nil {
				break
			}
			time.Sleep(stall / 10)
		}
		n, _ := io.Copy(io.Discard, r.Body)
		got.Add(n)
		w.Header().Set("ETag", `"1"`)
	}))
	defer server.Close()
	s, err := store.OpenS3(t.Context(), "test-bucket", store.S3Options{Endpoint: server.URL, Key: "k", Secret: "s", Retry: store.Retry{Tries: 1, Stall: stall}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const size = 40 << 20 // more than sockets take in advance
	if err := s.Put(t.Context(), "c/0", make([]byte, size)); err != nil {
		t.Error(err)
	}
	if puts.Load() != 1 || got.Load() < size {
		t.Errorf("%d requests, %d bytes", puts.Load(), got.Load())
	}
}

// What another process writes while Change makes up its mind to delete stays, wherever in between it comes.
func TestS3ChangeDeletes(t *testing.T) {
	noAWS(t)
	for _, c := range []struct {
		name                 string
		there, plain, atLast bool
	}{
		{"nothing there", false, false, false},
		{"nothing there, a plain server", false, true, false},
		{"before the look", true, false, false},
		{"before the look, a plain server", true, true, false},
		{"after the look", true, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := storetest.NewS3(t)
			server.PlainDeletes = c.plain
			var s, other *store.S3
			raced := false
			race := func() {
				if raced {
					return
				}
				raced = true
				if err := other.Put(t.Context(), "c/0", []byte("of the other")); err != nil {
					t.Error(err)
				}
			}
			server.Before = func(r *http.Request) {
				if c.atLast && r.Method == http.MethodDelete {
					race()
				}
			}
			s, other = openS3(t, server, s3Options(server)), openS3(t, server, s3Options(server))
			if c.there {
				if err := s.Put(t.Context(), "c/0", []byte("old")); err != nil {
					t.Fatal(err)
				}
			}
			err := s.Change(t.Context(), "c/0", 100, nil, func(old []byte) ([]byte, error) {
				if !c.atLast {
					defer race()
				}
				if string(old) == "of the other" {
					return append(old, " and mine"...), nil
				}
				return nil, nil
			})
			want := "of the other and mine"
			if !c.there {
				want = "of the other" // nothing was to be done
			}
			if v, e := s.Get(t.Context(), "c/0"); err != nil || e != nil || string(v) != want {
				t.Errorf("%v; %q, %v", err, v, e)
			}
			if err := s.Change(t.Context(), "c/0", 100, nil, func([]byte) ([]byte, error) { return nil, nil }); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(t.Context(), "c/0"); !errors.Is(err, store.ErrNotExist) {
				t.Errorf("nobody was in between: %v", err)
			}
		})
	}
}

// listing serves pages of two names; every other page fails at first.
func listing(t *testing.T, keys []string) *httptest.Server {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		q := r.URL.Query()
		after, done := q.Get("start-after"), q.Get("continuation-token")
		var objects, folders []string
		truncated := false
		for _, key := range keys {
			name := key
			if head, _, cut := strings.Cut(key, "/"); cut && q.Get("delimiter") != "" {
				name = head + "/"
			}
			switch {
			case key <= after, done != "" && name <= done, slices.Contains(folders, name):
			case len(objects)+len(folders) == 2:
				truncated = true
			case name != key:
				folders = append(folders, name)
			default:
				objects = append(objects, name)
			}
		}
		fmt.Fprintf(w, "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%v</IsTruncated>", truncated)
		if last := slices.Max(append([]string{""}, append(folders, objects...)...)); truncated {
			fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", last)
		}
		for _, o := range objects {
			fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>1</Size></Contents>", url.QueryEscape(o))
		}
		for _, f := range folders {
			fmt.Fprintf(w, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", url.QueryEscape(f))
		}
		fmt.Fprint(w, "</ListBucketResult>")
	}))
	t.Cleanup(server.Close)
	return server
}

// A listing that fails again and again, but gets on, comes to its end: each name once, however long the caller takes.
func TestS3ListInSteps(t *testing.T) {
	noAWS(t)
	keys := []string{"a/1", "a/2", "a/3", "b", "c/1", "d", "e/1", "e/2", "f", "g", "h", "i/1", "j"}
	server := listing(t, keys)
	const stall = 400 * time.Millisecond
	s, err := store.OpenS3(t.Context(), "test-bucket", store.S3Options{Endpoint: server.URL, Key: "k", Secret: "s",
		Retry: store.Retry{Tries: 2, First: time.Millisecond, Stall: stall}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for e, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.Key); len(got) == 1 {
			time.Sleep(stall * 3 / 2)
		}
	}
	if !slices.Equal(got, keys) {
		t.Errorf("listed %v", got)
	}
	names, err := s.Names(t.Context(), "", 100)
	slices.Sort(names)
	if want := []string{"a/", "b", "c/", "d", "e/", "f", "g", "h", "i/", "j"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("names %v, %v", names, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	for _, err := range s.List(ctx, "") {
		if !errors.Is(err, gone) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

// A server without conditions is worth a warning, once: what is promised of writing parts does not hold there.
func TestS3UnconditionalWarns(t *testing.T) {
	noAWS(t)
	var told bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&told, nil)))
	defer slog.SetDefault(before)
	server := storetest.NewS3(t)
	server.Unconditional = true
	s := openS3(t, server, s3Options(server))
	for range 3 {
		for _, v := range [][]byte{[]byte("x"), nil} {
			if err := s.Change(t.Context(), "c/0", 10, nil, func([]byte) ([]byte, error) { return v, nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Get(t.Context(), "c/0"); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("deleted without conditions: %v", err)
	}
	if text := told.String(); strings.Count(text, "conditional writes") != 1 || !strings.Contains(text, "s3://test-bucket") {
		t.Errorf("told %q", text)
	}
}

func TestHTTPNamesTellsWhere(t *testing.T) {
	base, err := url.Parse("http://user:secret@127.0.0.1:1/data")
	if err != nil {
		t.Fatal(err)
	}
	h := store.NewHTTP(base, store.HTTPOptions{})
	_, err = h.Names(t.Context(), "v/", 10)
	if !errors.Is(err, store.ErrNoList) || !strings.Contains(err.Error(), "http://127.0.0.1:1/data/v/") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
