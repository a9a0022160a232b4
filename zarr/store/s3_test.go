package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"volara/fault"
	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

// noAWS leaves a test no credentials but its own.
func noAWS(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
		"AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY", "AWS_SECRET_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func s3Options(server *storetest.S3Server) store.S3Options {
	return store.S3Options{Endpoint: server.URL, Key: storetest.S3Key, Secret: storetest.S3Secret, Retry: quick()}
}

func openS3(t *testing.T, server *storetest.S3Server, o store.S3Options) *store.S3 {
	t.Helper()
	s, err := store.OpenS3(t.Context(), server.Bucket, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestS3(t *testing.T) {
	noAWS(t)
	for name, unconditional := range map[string]bool{"conditional": false, "unconditional": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store {
				server := storetest.NewS3(t)
				server.Unconditional = unconditional
				return openS3(t, server, s3Options(server))
			})
		})
	}
}

// Whatever goes wrong on the way, what was stored is what is read, or there is an error.
func TestS3Faults(t *testing.T) {
	noAWS(t)
	server := storetest.NewS3(t)
	server.Set(0.2, storetest.AllFaults()...)
	s := openS3(t, server, s3Options(server))
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			for i := range 6 {
				key := fmt.Sprintf("c/%d/%d", g, i)
				value := make([]byte, random.IntN(40000))
				for j := range value {
					value[j] = byte(random.Uint32())
				}
				if err := s.Put(t.Context(), key, value); err != nil {
					t.Error(err)
					return
				}
				if got, err := s.Get(t.Context(), key); err != nil || string(got) != string(value) {
					t.Errorf("%s: %d bytes of %d, %v", key, len(got), len(value), err)
				}
				from := random.IntN(len(value) + 1)
				if got, err := s.GetRange(t.Context(), key, int64(from), int64(len(value)-from)); err != nil || string(got) != string(value[from:]) {
					t.Errorf("%s from %d on: %d bytes of %d, %v", key, from, len(got), len(value), err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, err := range s.List(t.Context(), "c/") {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 24 {
		t.Errorf("%d objects are listed of 24", n)
	}
	server.Set(1, storetest.SlowDown)
	requests, _ := server.Made()
	if err := s.Put(t.Context(), "c/9", nil); !fault.IsEnvironment(err) || !strings.Contains(err.Error(), "s3://test-bucket/c/9") {
		t.Errorf("a server that is busy for good: %v", err)
	}
	if after, _ := server.Made(); after-requests != quick().Tries {
		t.Errorf("%d requests", after-requests)
	}
}

// Two stores stand for two processes.
func TestS3ChangeByTwo(t *testing.T) {
	noAWS(t)
	server := storetest.NewS3(t)
	server.Set(0.1, storetest.Lost, storetest.Reset)
	var wg sync.WaitGroup
	for g := range 3 {
		s := openS3(t, server, s3Options(server))
		wg.Go(func() {
			for i := range 8 {
				mark := fmt.Sprintf("<%d %d>", g, i)
				err := store.Change(t.Context(), &store.Node{Store: s}, "counter", 1000, nil, func(old []byte) ([]byte, error) {
					if strings.Contains(string(old), mark) {
						return old, nil // an answer was lost
					}
					return append(old, mark...), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	v, err := openS3(t, server, s3Options(server)).Get(t.Context(), "counter")
	if n := strings.Count(string(v), "<"); err != nil || n != 24 {
		t.Errorf("%d changes of 24 are there, %v", n, err)
	}
}

// A writer that was held up between asking for its right and writing does not write over another's value.
func TestS3Fence(t *testing.T) {
	noAWS(t)
	server := storetest.NewS3(t)
	s := openS3(t, server, s3Options(server))
	for _, there := range []bool{false, true} {
		key := fmt.Sprint("c/", there)
		if there {
			if err := s.Put(t.Context(), key, []byte("old")); err != nil {
				t.Fatal(err)
			}
		}
		gone := errors.New("another has it")
		asked := 0
		ctx := store.WithFence(t.Context(), func() error {
			if asked++; asked > 1 {
				return gone
			}
			return s.Put(t.Context(), key, []byte("of the next"))
		})
		if err := s.Put(ctx, key, []byte("late")); !errors.Is(err, gone) {
			t.Errorf("told %v", err)
		}
		if v, err := s.Get(t.Context(), key); err != nil || string(v) != "of the next" {
			t.Errorf("the value is %q, %v", v, err)
		}
	}
}

func TestS3Access(t *testing.T) {
	noAWS(t)
	server := storetest.NewS3(t)
	server.Public = true
	writer := openS3(t, server, s3Options(server))
	for _, key := range []string{"v/zarr.json", "v/c/0"} {
		if err := writer.Put(t.Context(), key, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	// No credentials anywhere: what is public can be read; what is missing is told from what is forbidden.
	n, err := store.Open(t.Context(), "s3://test-bucket/v", store.Options{S3: store.S3Options{Endpoint: server.URL, Retry: quick()}})
	if err != nil {
		t.Fatal(err)
	}
	if n.String() != "s3://test-bucket/v" {
		t.Errorf("called %s", n)
	}
	if v, err := n.Get(t.Context(), "zarr.json", 10); err != nil || string(v) != "{}" {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := n.Get(t.Context(), "c/1", 10); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a missing object: %v", err)
	}
	if err := n.Store.Put(t.Context(), "v/x", nil); err == nil || !strings.Contains(err.Error(), "no credentials") || !strings.Contains(err.Error(), "s3://test-bucket/v/x") {
		t.Errorf("writing without credentials: %v", err)
	}
	if _, err := n.Names(t.Context(), 10); err == nil {
		t.Error("listed without rights")
	}
	wrong := s3Options(server)
	wrong.Key = "OTHER"
	if _, err := openS3(t, server, wrong).Get(t.Context(), "v/zarr.json"); err == nil || errors.Is(err, store.ErrNotExist) || strings.Contains(err.Error(), storetest.S3Secret) {
		t.Errorf("with a wrong key: %v", err)
	}
	if _, err := store.OpenS3(t.Context(), "test-bucket", store.S3Options{Key: "half"}); err == nil {
		t.Error("half a pair of keys was taken")
	}
	other, err := store.OpenS3(t.Context(), "no-such-bucket", s3Options(server))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Get(t.Context(), "zarr.json"); errors.Is(err, store.ErrNotExist) || err == nil || !strings.Contains(err.Error(), "no bucket") {
		t.Errorf("a missing bucket: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", wrong, store.Options{S3: wrong}, wrong); strings.Contains(text, storetest.S3Secret) {
		t.Errorf("a secret is printed: %s", text)
	}
}

// Endpoint, region and credentials come from the environment and the files that it names.
func TestS3Environment(t *testing.T) {
	server := storetest.NewS3(t)
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	keys := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", storetest.S3Key, storetest.S3Secret)
	for name, set := range map[string]map[string]string{
		"variables": {"AWS_ACCESS_KEY_ID": storetest.S3Key, "AWS_SECRET_ACCESS_KEY": storetest.S3Secret, "AWS_ENDPOINT_URL": server.URL},
		"for S3":    {"AWS_ACCESS_KEY_ID": storetest.S3Key, "AWS_SECRET_ACCESS_KEY": storetest.S3Secret, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": server.URL},
		"files": {"AWS_SHARED_CREDENTIALS_FILE": write("credentials", "[default]\n"+keys),
			"AWS_CONFIG_FILE": write("config", "[default]\nregion = eu-west-1\nendpoint_url = "+server.URL+"\ns3 =\n  addressing_style = path\n")},
		"a profile": {"AWS_PROFILE": "lab", "AWS_SHARED_CREDENTIALS_FILE": write("credentials", "[lab]\n"+keys),
			"AWS_CONFIG_FILE": write("config", "[default]\nregion = eu-west-1\n[profile lab]\nendpoint_url = "+server.URL+"\n")},
	} {
		t.Run(name, func(t *testing.T) {
			noAWS(t)
			for variable, value := range set {
				t.Setenv(variable, value)
			}
			s := openS3(t, server, store.S3Options{Retry: quick()})
			if err := s.Put(t.Context(), "a", []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	noAWS(t)
	t.Setenv("AWS_PROFILE", "nobody")
	if _, err := store.OpenS3(t.Context(), server.Bucket, store.S3Options{Endpoint: server.URL}); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a profile without credentials: %v", err)
	}
}

// TestS3CheckLocks asks servers whether they hold to conditions, and leaves nothing behind.
func TestS3CheckLocks(t *testing.T) {
	noAWS(t)
	for _, name := range []string{"conditional", "unconditional", "heedless"} {
		server := storetest.NewS3(t)
		server.Unconditional, server.Heedless = name == "unconditional", name == "heedless"
		s := openS3(t, server, s3Options(server))
		err := s.CheckLocks(t.Context(), "a/")
		if wrong := name != "conditional"; wrong != fault.IsPermanent(err) || wrong != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		for e := range s.List(t.Context(), "") {
			t.Errorf("%s: %s is left behind", name, e.Key)
		}
	}
}
