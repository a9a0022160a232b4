package transfer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"volara/nd"
	"volara/volume"
	"volara/zarr"
	"volara/zarr/lazy"
)

func region(t tb, voxels, world string) (r volume.Region) {
	var err error
	if voxels != "" {
		r.Voxels, err = volume.ParseVoxels(voxels)
	} else {
		r.World, err = volume.ParseWorld(world)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatIsRefused gives what cannot be copied, and demands that nothing is written.
func TestWhatIsRefused(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	write(t, filepath.Join(src, "a"), zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: nd.Int16, Fill: zarr.FillOf(int16(-3))}, nil, nil)
	put(t, filepath.Join(src, "zarr.json"), `{"zarr_format": 3, "node_type": "group", "attributes": {}}`)
	put(t, filepath.Join(dir, "file"), "")
	put(t, filepath.Join(dir, "folder", "notes"), "")
	write(t, filepath.Join(dir, "there"), zarr.Spec{Shape: []int{1}, Chunks: []int{1}, DType: nd.Bool}, nil, nil)
	put(t, filepath.Join(dir, "packed.zip"), "PK\x05\x06"+strings.Repeat("\x00", 18))
	if err := os.Symlink(src, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	blosc, err := ParseCodecs("blosc")
	if err != nil {
		t.Fatal(err)
	}
	channel9, err := lazy.ParseOps([]string{"channels=9"})
	if err != nil {
		t.Fatal(err)
	}
	one, low := "1.5", 0
	for _, c := range []struct {
		src, dst string
		o        Options
		want     string
	}{
		{"nowhere", "new", Options{}, "nothing is there"},
		{"file", "new", Options{}, "a file is there"},
		{"folder", "new", Options{}, "a directory without zarr metadata"},
		{"src/a", "src/a", Options{}, "is the source itself"},
		{"src/a", "src/a", Options{Overwrite: true}, "is the source itself"},
		{"src", "link/a", Options{Overwrite: true}, "lies in the source"},
		{"src", "src/b/c", Options{}, "lies in the source"},
		{"src/a", "src", Options{Overwrite: true}, "lies in"},
		{"src/a", "there", Options{}, "exists; --overwrite replaces it"},
		{"src/a", "there/x", Options{}, "lies in the array"},
		{"src/a", "file", Options{Overwrite: true}, "is a file"},
		{"src/a", "folder", Options{}, "exists"},
		{"src/a", "folder", Options{Overwrite: true}, "left alone"},
		{"src/a", "new", Options{Region: region(t, "0:9,:", "")}, "has 8 there"},
		{"src/a", "new", Options{Region: region(t, "0:9", "")}, "1 ranges of voxels"},
		{"src/a", "new", Options{Region: region(t, "", "20:30,:")}, "lies from 0 to 8"},
		{"src", "new", Options{Region: region(t, "0:4,:", "")}, "in world units"},
		{"src", "new", Options{Chunks: []int{2, 2}}, "name it"},
		{"src/a", "new", Options{Chunks: []int{2}}, "1 numbers for the shape"},
		{"src/a", "new", Options{Shards: []int{6, 6}}, "not whole multiples"},
		{"src/a", "new", Options{Format: 2, Shards: []int{8, 8}}, "only zarr format 3"},
		{"src/a", "new", Options{Level: &low}, "is an array and no image"},
		{"src/a", "new", Options{Fill: &one}, "not a value of type int16"},
		{"src/a", "new", Options{DType: nd.Uint8}, "the fill value -3 is none of type uint8"},
		{"src/a", "new", Options{Limits: volume.Limits{Workers: 1, Memory: 10}}, "--memory"},
		{"src/a", "new", Options{Ops: channel9}, "channels of "},
		{"src/a", "new.zip", Options{}, "zip files are only read"},
		{"src/a", "new.ZIP/a", Options{}, "zip files are only read"},
		{"src/a", "packed.zip", Options{Overwrite: true}, "zip files are only read"},
		{"src/a", "packed.zip/new", Options{}, "zip files are only read"},
	} {
		c.o.Codecs = blosc
		err := cp(filepath.Join(dir, c.src), filepath.Join(dir, c.dst), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !volume.IsInput(err) {
			t.Errorf("%s to %s, %+v: %v, want %q", c.src, c.dst, c.o, err, c.want)
		}
		if written, _ := filepath.Glob(filepath.Join(dir, "new*")); len(written) > 0 {
			t.Fatalf("%s to %s: something was written", c.src, c.dst)
		}
	}
}

// TestOtherCopies refuses to go on with a copy of something else, or in another way, until it may be replaced.
func TestOtherCopies(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	spec := zarr.Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, DType: nd.Int16}
	a := write(t, src, spec, random(1, nd.Int16, []int{8, 8}), []int{0, 0})
	write(t, filepath.Join(dir, "other"), spec, nil, nil)
	stop := func() {
		c, err := Plan(context.Background(), src, dst, Options{Limits: volume.Limits{Workers: 1, Memory: 100}, Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c.stopAfter(2, cancel)
		if err := c.Run(ctx); err == nil {
			t.Fatal("the copy was not stopped")
		}
	}
	refused := func(src, what string, o Options) {
		t.Helper()
		if err := cp(src, dst, o); err == nil || !strings.Contains(err.Error(), what) || !volume.IsInput(err) {
			t.Errorf("%v, want %q", err, what)
		}
	}
	stop()
	refused(filepath.Join(dir, "other"), "is a copy of "+src, Options{})
	refused(src, "begun with other options (chunks was not given, now [2 2])", Options{Chunks: []int{2, 2}})
	if err := a.SetAttributes(context.Background(), map[string]any{"x": 1}); err != nil {
		t.Fatal(err)
	}
	refused(src, "the metadata of", Options{})
	stop()
	time.Sleep(10 * time.Millisecond) // the clock of files is coarse
	if err := a.Write(context.Background(), []int{0, 0}, random(2, nd.Int16, []int{4, 4})); err != nil {
		t.Fatal(err)
	}
	refused(src, "have changed since the copy "+dst+" was begun (5 files of ", Options{})
	for _, text := range []string{"{", "{}", "null", `{"request":null}`, "[]", `{"source":"x","state":"running"}`, `{"source":"x","state":"lost"}`,
		`{"source":"x","state":"done","metadata_sha256":"0","layout_sha256":"0","request":null}`} {
		put(t, filepath.Join(dst, recordKey), text)
		refused(src, "not a record of a copy", Options{})
		refused(src, "--overwrite begins anew", Options{})
	}
	if err := cp(src, dst, Options{Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	sameVoxels(t, contents(t, open(t, dst)), contents(t, a))
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestLossIsNotSilent names the voxel that the type of the copy does not have.
func TestLossIsNotSilent(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	values := nd.New(nd.Uint16, 6, 6)
	nd.Values[uint16](values)[4*6+5] = 256
	write(t, src, zarr.Spec{Shape: []int{6, 6}, Chunks: []int{4, 4}, DType: nd.Uint16}, values, []int{0, 0})
	err := cp(src, filepath.Join(dir, "dst"), Options{DType: nd.Uint8})
	if err == nil || !strings.Contains(err.Error(), "voxel [4 5]: 256 is not a value of type uint8") || volume.IsInput(err) {
		t.Error(err)
	}
	for cast, want := range map[Cast]uint8{Saturate: 255, Wrap: 0} {
		dst := filepath.Join(dir, string(cast))
		if err := cp(src, dst, Options{DType: nd.Uint8, Cast: cast}); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, open(t, dst)).Bytes()[4*6+5]; got != want {
			t.Errorf("%s: %d, want %d", cast, got, want)
		}
	}
}

// TestFloatsWrap copies floats of a store with each cast that takes what is out of range.
func TestFloatsWrap(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	values := nd.From([]float32{-1, 256, 2.5, 300.75}, 4)
	write(t, src, zarr.Spec{Shape: []int{4}, Chunks: []int{3}, DType: nd.Float32}, values, []int{0})
	for cast, want := range map[Cast]string{Saturate: "[0 255 2 255]", Wrap: "[255 0 2 44]"} {
		dst := filepath.Join(dir, string(cast))
		if err := cp(src, dst, Options{DType: nd.Uint8, Cast: cast}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(contents(t, open(t, dst)).Bytes()); got != want {
			t.Errorf("%s: %s, want %s", cast, got, want)
		}
	}
	for _, to := range []nd.DType{nd.Bool, nd.Float64, nd.Int64} {
		if err := cp(src, filepath.Join(dir, to.String()), Options{DType: to, Cast: Wrap}); err != nil {
			t.Error(to, err)
		}
	}
}

// TestLongFiles refuses a file beside an array that would take too much memory.
func TestLongFiles(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	image(t, src)
	put(t, filepath.Join(src, "notes.bin"), "")
	if err := os.Truncate(filepath.Join(src, "notes.bin"), longestFile+1); err != nil {
		t.Fatal(err)
	}
	if err := cp(src, dst, Options{}); err == nil || !strings.Contains(err.Error(), "notes.bin") || !strings.Contains(err.Error(), "64 MiB") || !volume.IsInput(err) {
		t.Error(err)
	}
}

// TestDamagedChunk stops the copy with an error that names the chunk; the others are kept.
func TestDamagedChunk(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "src"), filepath.Join(dir, "dst")
	a := write(t, src, zarr.Spec{Shape: []int{8}, Chunks: []int{4}, DType: nd.Uint8}, random(5, nd.Uint8, []int{8}), []int{0})
	chunk := filepath.Join(src, "c", "1")
	good, err := os.ReadFile(chunk)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(chunk)
	put(t, chunk, string(make([]byte, len(good))))
	if err := os.Chtimes(chunk, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	o := Options{Limits: volume.Limits{Workers: 1, Memory: 12}}
	if err := cp(src, dst, o); err == nil || !strings.Contains(err.Error(), "src/c/1: corrupt") || volume.IsInput(err) {
		t.Fatal(err)
	}
	put(t, chunk, string(good))
	if err := os.Chtimes(chunk, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := cp(src, dst, o); err != nil {
		t.Fatal(err)
	}
	sameVoxels(t, contents(t, open(t, dst)), contents(t, a))
}

func TestCodecsAsText(t *testing.T) {
	for text, want := range map[string]string{
		"none": "", "raw": "", "zstd": "zstd", "zstd:5": "zstd", "gzip:9": "gzip", "zlib:1": "numcodecs.zlib", "lz4": "numcodecs.lz4", "bz2": "numcodecs.bz2",
		"blosc:zstd:5:bitshuffle": "blosc", "zstd:3+crc32c": "zstd,crc32c", `[{"name": "bytes"}, {"name": "gzip", "configuration": {"level": 3}}]`: "gzip",
		`{"name": "zstd", "configuration": {"level": 3, "checksum": true}}`: "zstd",
	} {
		parse, err := ParseCodecs(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		codecs, err := parse(nd.Uint16)
		var names []string
		for _, c := range codecs {
			names = append(names, c.Spec().V3Name)
		}
		if err != nil || strings.Join(names, ",") != want {
			t.Errorf("%s: %v, %v", text, names, err)
		}
	}
	_, err := ParseCodecs(`{"name": "zstd", "configuration": {"level": "x"}}`)
	if err == nil || err.Error() != `codec "zstd": level cannot be a string` {
		t.Error(err)
	}
	for _, text := range []string{"", "snappy", "zstd:a", "gzip:fast", "blosc:lz4:x", "blosc:3", "zstd:1:2", "gzip:10", "blosc:lz5", "[", `[{"nam": 1}]`, "zstd+"} {
		if _, err := ParseCodecs(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
