package test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"volara/demo"
	"volara/nd"
	"volara/zarr"
	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

// A cloud is a web server that has a volume's affinities, and a bucket for what is made of them.
type cloud struct {
	files  demo.Files
	web    *storetest.Faulty
	bucket *storetest.S3Server
}

// newCloud rewrites the pipeline of a volume to read from the one and write into the other.
func newCloud(t *testing.T, size int) *cloud {
	t.Helper()
	c := &cloud{files: volume(t, size), bucket: storetest.NewS3(t)}
	dir := filepath.Dir(c.files.Container)
	c.web = storetest.NewFaulty(http.FileServer(http.Dir(dir)), 3, 0)
	server := httptest.NewServer(c.web)
	t.Cleanup(server.Close)
	text := read(t, c.files.Pipeline)
	kwargs := fmt.Sprintf("{endpoint_url: %q}", c.bucket.URL)
	for old, now := range map[string]string{
		"store: volume.zarr/affs":      "store: " + server.URL + "/volume.zarr/affs",
		"store: volume.zarr/fragments": "store: s3://test-bucket/run/fragments\n    s3_kwargs: " + kwargs,
		"store: volume.zarr/segments":  "store: s3://test-bucket/run/segments\n    s3_kwargs: " + kwargs + "\n    zarr_kwargs: {zarr_format: 2}",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("the pipeline does not hold %q", old)
		}
		text = strings.Replace(text, old, now, 1)
	}
	write(t, c.files.Pipeline, text)
	return c
}

// with gives a command the bucket's credentials, in the environment.
func (c *cloud) with(command *exec.Cmd) *exec.Cmd {
	command.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	command.Env = append(command.Env, "AWS_ACCESS_KEY_ID="+storetest.S3Key, "AWS_SECRET_ACCESS_KEY="+storetest.S3Secret,
		"AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/nowhere")
	return command
}

// open opens an output in the bucket.
func (c *cloud) open(t *testing.T, name string) *zarr.Array {
	t.Helper()
	a, err := zarr.Open(context.Background(), "s3://test-bucket/run/"+name, zarr.In(c.options()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func (c *cloud) options() store.Options {
	return store.Options{S3: store.S3Options{Endpoint: c.bucket.URL, Key: storetest.S3Key, Secret: storetest.S3Secret}}
}

// keys lists what is in the bucket.
func (c *cloud) keys(t *testing.T) (keys []string) {
	t.Helper()
	n, err := store.Open(context.Background(), "s3://test-bucket", c.options())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for e, err := range n.Store.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

func voxels(t *testing.T, a *zarr.Array) *nd.Array {
	t.Helper()
	shape := a.Metadata().Shape
	data, err := a.Read(context.Background(), make([]int, len(shape)), shape)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// equals demands the voxels that a run on the local disk has made.
func (c *cloud) equals(t *testing.T, local demo.Files) {
	t.Helper()
	for name, path := range map[string]string{"fragments": local.Fragments, "segments": local.Segments} {
		a, err := zarr.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		want, got := voxels(t, a), voxels(t, c.open(t, name))
		a.Close()
		if !slices.Equal(want.Shape(), got.Shape()) || string(want.Bytes()) != string(got.Bytes()) {
			t.Fatalf("%s in the bucket are not those on the disk", name)
		}
	}
}

// TestUpFromWebToBucket runs a pipeline whose affinities are on a web server and whose labels go into a bucket, while both
// fail now and then; what is made is what a run on the local disk makes.
func TestUpFromWebToBucket(t *testing.T) {
	t.Parallel()
	local := volume(t, 48)
	mustRun(t, up(local.Pipeline))
	c := newCloud(t, 48)
	c.web.Set(0.05, storetest.AllFaults()...)
	c.bucket.Set(0.05, storetest.AllFaults()...)
	runs(t, 0, c.with(up(c.files.Pipeline)), "relabel")
	c.equals(t, local)
	if _, made := c.bucket.Made(); len(made) == 0 {
		t.Error("the bucket never failed")
	}
	if f := c.open(t, "segments").Metadata().Format; f != 2 {
		t.Errorf("the segments are of format %d", f)
	}
	for _, file := range []string{"zarr.json"} {
		text, err := c.open(t, "fragments").Node().Get(context.Background(), file, 1<<20)
		if err != nil || strings.Contains(string(text), storetest.S3Secret) || !strings.Contains(string(text), c.bucket.URL) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	runs(t, 0, c.with(up(c.files.Pipeline)), "nothing was left to do")
	runs(t, 0, c.with(up("--redo", "segments-relabel", c.files.Pipeline)), "relabel")
	c.equals(t, local)
	runs(t, 0, c.with(volara(filepath.Dir(c.files.Pipeline), "drop", "--yes", c.files.Pipeline)), "s3://test-bucket/run/segments")
	if keys := c.keys(t); len(keys) > 0 {
		t.Errorf("left in the bucket: %v", keys)
	}
}

// TestUpWaitsForTheBucket refuses everything for a while in the midst of a run: the run pauses and goes on, and no block is
// said to have failed.
func TestUpWaitsForTheBucket(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 48)
	text := read(t, c.files.Pipeline)
	write(t, c.files.Pipeline, strings.ReplaceAll(text, fmt.Sprintf("{endpoint_url: %q}", c.bucket.URL),
		fmt.Sprintf("{endpoint_url: %q, config_kwargs: {retries: {max_attempts: 2}}}", c.bucket.URL)))
	command := c.with(up(c.files.Pipeline))
	done := make(chan string, 1)
	go func() {
		out, err := command.CombinedOutput()
		done <- fmt.Sprintf("%s\n%v", out, err)
	}()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if keys := c.keys(t); slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, "fragments/c/") }) {
			break
		}
	}
	c.bucket.Set(1, storetest.SlowDown)
	time.Sleep(3 * time.Second)
	c.bucket.Set(0)
	out := <-done
	if !strings.HasSuffix(out, "<nil>") {
		t.Fatal(out)
	}
	if strings.Contains(out, "failed for good") {
		t.Errorf("blocks failed:\n%s", out)
	}
	local := volume(t, 48)
	mustRun(t, up(local.Pipeline))
	c.equals(t, local)
}

// TestRemoteMistakes are refused before anything is made.
func TestRemoteMistakes(t *testing.T) {
	c := newCloud(t, 32)
	good := read(t, c.files.Pipeline)
	for _, m := range []struct{ old, now, want string }{
		{"store: s3://test-bucket/run/fragments", "store: https://host/fragments", "only read"},
		{"s3://test-bucket/run/fragments", "s3://nowhere-bucket/run/fragments", "no bucket"},
		{"/volume.zarr/affs", "/volume.zarr/nothing", "no array"},
		{"store: s3://test-bucket/run/segments", "store: s3://test-bucket/run/fragments/segments", "inside the array"},
		{"s3_kwargs: {", "s3_kwargs: {hedgehog: 1, ", "hedgehog"},
		{"zarr_kwargs: {", "zarr_kwargs: {mode: w, ", "mode"},
	} {
		write(t, c.files.Pipeline, strings.Replace(good, m.old, m.now, 1))
		out := runs(t, 2, c.with(up(c.files.Pipeline)), m.want)
		if strings.Contains(out, storetest.S3Secret) {
			t.Errorf("a secret is told:\n%s", out)
		}
	}
	write(t, c.files.Pipeline, good)
	anonymous := c.with(up(c.files.Pipeline))
	anonymous.Env = append(anonymous.Env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
	runs(t, 2, anonymous, "no credentials")
	if keys := c.keys(t); len(keys) > 0 {
		t.Errorf("in the bucket: %v", keys)
	}
}

// TestHalvesOfAChunkInABucket writes parts of the same chunks and of the same shards from several stores at once, as several
// processes do: nobody's part is lost.
func TestHalvesOfAChunkInABucket(t *testing.T) {
	bucket := storetest.NewS3(t)
	bucket.Set(0.05, storetest.Lost, storetest.Reset, storetest.SlowDown)
	in := zarr.In(store.Options{S3: store.S3Options{Endpoint: bucket.URL, Key: storetest.S3Key, Secret: storetest.S3Secret,
		Retry: store.Retry{Tries: 10, First: time.Millisecond, Most: 20 * time.Millisecond}}})
	for name, spec := range map[string]zarr.Spec{
		"chunks": {Shape: []int{8, 8}, Chunks: []int{4, 8}, DType: nd.Uint16},
		"shards": {Shape: []int{8, 8}, Chunks: []int{2, 2}, Shards: []int{4, 8}, DType: nd.Uint16},
	} {
		location := "s3://test-bucket/" + name
		created, err := zarr.Create(t.Context(), location, spec, in)
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for column := range 8 {
			a, err := zarr.Open(t.Context(), location, in)
			if err != nil {
				t.Fatal(err)
			}
			writers.Go(func() {
				part := nd.New(nd.Uint16, 8, 1)
				for i := range nd.Values[uint16](part) {
					nd.Values[uint16](part)[i] = uint16(1 + 8*i + column)
				}
				if err := a.Write(t.Context(), []int{0, column}, part); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		for i, v := range nd.Values[uint16](voxels(t, created)) {
			if int(v) != i+1 {
				t.Fatalf("%s: voxel %d is %d", name, i, v)
			}
		}
	}
}

// TestPlanOfAServerThatIsGone plans from a server that does not answer: that is nobody's mistake.
func TestPlanOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 32)
	text := read(t, c.files.Pipeline)
	affs := regexp.MustCompile(`store: http://\S+/volume.zarr/affs`)
	write(t, c.files.Pipeline, affs.ReplaceAllString(text, "store: s3://test-bucket/affs\n    s3_kwargs: {endpoint_url: \"http://127.0.0.1:1\", config_kwargs: {retries: {max_attempts: 1}}}"))
	runs(t, 1, c.with(volara(filepath.Dir(c.files.Pipeline), "plan", c.files.Pipeline)), "connection refused")
}

// TestBlocksShareChunksInABucket writes labels whose chunks are not those of the blocks, several at once: what is made is what
// a run on the local disk makes. A server that does not hold to conditions is refused.
func TestBlocksShareChunksInABucket(t *testing.T) {
	t.Parallel()
	local := volume(t, 48)
	mustRun(t, up(local.Pipeline))
	c := newCloud(t, 48)
	const segments = "store: s3://test-bucket/run/segments\n"
	text := read(t, c.files.Pipeline)
	write(t, c.files.Pipeline, strings.Replace(text, segments, segments+"    chunks: [20, 28, 48]\n", 1))
	runs(t, 2, c.with(up(c.files.Pipeline)), "would share chunks")
	write(t, c.files.Pipeline, strings.Replace(text, segments, segments+"    chunks: [20, 28, 48]\n    write: locked\n", 1))
	c.bucket.Set(0.05, storetest.Lost, storetest.Reset, storetest.SlowDown)
	runs(t, 0, c.with(up("--workers", "4", c.files.Pipeline)), "relabel")
	c.equals(t, local)
	if keys := c.keys(t); slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, "probe") }) {
		t.Errorf("left in the bucket: %v", keys)
	}

	heedless := newCloud(t, 48)
	heedless.bucket.Heedless = true
	text = read(t, heedless.files.Pipeline)
	write(t, heedless.files.Pipeline, strings.Replace(text, segments, segments+"    chunks: [20, 28, 48]\n    write: locked\n", 1))
	runs(t, 1, heedless.with(up(heedless.files.Pipeline)), "knows no conditional writes")
}

// TestBucketsOfOneName reads arrays of one URL on two servers through one cache.
func TestBucketsOfOneName(t *testing.T) {
	cache := zarr.NewCache(1 << 20)
	for n := range uint8(3) {
		bucket := storetest.NewS3(t)
		in := zarr.In(store.Options{S3: store.S3Options{Endpoint: bucket.URL, Key: storetest.S3Key, Secret: storetest.S3Secret}})
		a, err := zarr.Create(t.Context(), "s3://test-bucket/a", zarr.Spec{Shape: []int{4}, Chunks: []int{4}, DType: nd.Uint8}, in)
		if err != nil {
			t.Fatal(err)
		}
		data := nd.New(nd.Uint8, 4)
		data.Bytes()[2] = n + 1
		if err := a.Write(t.Context(), []int{0}, data); err != nil {
			t.Fatal(err)
		}
		if got := voxels(t, a.With(zarr.Cached(cache))); string(got.Bytes()) != string(data.Bytes()) {
			t.Fatalf("server %d: %v", n, got.Bytes())
		}
	}
}
