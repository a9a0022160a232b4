package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func connect(t *testing.T, s *Server) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := s.Conn("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

func fill(t *testing.T, js jetstream.JetStream, bucket string) {
	t.Helper()
	kv, err := js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
}

func TestRestartKeepsStore(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	_, js := connect(t, s)
	fill(t, js, "b")
	token, err := os.ReadFile(s.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	s = start(t, Options{Dir: dir})
	if took := time.Since(began); took > time.Second {
		t.Errorf("the start took %v", took)
	}
	_, js = connect(t, s)
	kv, err := js.KeyValue(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Get(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(s.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(token) {
		t.Error("the token changed: workers of other processes cannot come back")
	}
}

func TestToken(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	info, err := os.Stat(s.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("token file has mode %v", info.Mode())
	}
	if nc, err := nats.Connect(s.URL()); err == nil {
		nc.Close()
		t.Error("connected without a token")
	}
	nc, err := Connect(dir, "other process")
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(dir, "other process"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
}

func TestListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, c := range map[string]struct {
		opts Options
		want string
	}{
		"taken":           {Options{Listen: l.Addr().String()}, "address already in use"},
		"no port":         {Options{Listen: "127.0.0.1"}, "HOST:PORT"},
		"bad port":        {Options{Listen: "127.0.0.1:http"}, "no port"},
		"open to all":     {Options{Listen: ":0", NoAuth: true}, "needs authentication"},
		"open by address": {Options{Listen: "0.0.0.0:0", NoAuth: true}, "needs authentication"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opts.Dir = t.TempDir()
			s, err := Start(t.Context(), c.opts)
			if err == nil {
				s.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
	start(t, Options{Dir: t.TempDir(), Listen: "localhost:0", NoAuth: true})
}

func TestCancelledStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A killed server leaves streams without metadata, or with metadata and no checksum.
func TestRepair(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	_, js := connect(t, s)
	fill(t, js, "kept")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	streams := streamsDir(filepath.Join(dir, "jetstream"))
	for _, path := range []string{"KV_half/msgs", "KV_half/obs", "KV_meta/msgs"} {
		if err := os.MkdirAll(filepath.Join(streams, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, data := range map[string]string{"KV_meta/meta.inf": `{"na`, "KV_kept/meta.sum": "0"} {
		if err := os.WriteFile(filepath.Join(streams, path), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	s = start(t, Options{Dir: dir})
	_, js = connect(t, s)
	kv, err := js.KeyValue(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Get(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	fill(t, js, "half")
	fill(t, js, "meta")
}

func TestDamagedStoreSaysHowToGoOn(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	_, js := connect(t, s)
	fill(t, js, "b")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	stream := filepath.Join(streamsDir(filepath.Join(dir, "jetstream")), "KV_b")
	if err := os.WriteFile(filepath.Join(stream, "meta.inf"), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if !fault.IsPermanent(err) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{stream, "delete", "what is done"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if err := os.RemoveAll(stream); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir}) // as the error promised
}

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	lock, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = LockDir(dir)
	held, ok := errors.AsType[*HeldError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if held.PID != os.Getpid() || !strings.Contains(held.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("holder is %+v", held)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	lock, err = LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := Start(b.Context(), Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// The example configuration is one that the server takes.
func TestExampleConfiguration(t *testing.T) {
	opts, err := server.ProcessConfigFile("../nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	if !opts.JetStream || opts.Authorization == "" {
		t.Errorf("JetStream %v, token %q", opts.JetStream, opts.Authorization)
	}
}

// A connection finds the server that takes the place of the one it knew, at another port.
func TestSuccessorIsFound(t *testing.T) {
	dir := t.TempDir()
	first := start(t, Options{Dir: dir})
	nc, err := Connect(dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{Dir: dir})
	if first.URL() == second.URL() {
		t.Fatalf("both servers are at %s", first.URL())
	}
	for began := time.Now(); !nc.IsConnected(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the successor was not found")
		}
	}
}

// TestReachable demands an address that other hosts can use where the server listens on all of this one's.
func TestReachable(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"nats://127.0.0.1:4222": "nats://127.0.0.1:4222",
		"nats://node-7:4222":    "nats://node-7:4222",
		"nats://0.0.0.0:4222":   "nats://" + name + ":4222",
		"nats://[::]:4222":      "nats://" + name + ":4222",
	} {
		if got := reachable(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
