package zarr

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"volara/fault"
	"volara/zarr/store"
)

// checked are the codecs that notice every changed bit of what they are given.
var checked = []string{"crc32c", "numcodecs.crc32", "numcodecs.crc32c", "numcodecs.adler32", "numcodecs.fletcher32"}

// TestEveryByteOfEveryChunk changes the bytes of each object of every fixture (of long ones, some), and cuts it off there: reading
// fails with an error that names the object, or gives values; where a checksum ends the chain, never other values.
func TestEveryByteOfEveryChunk(t *testing.T) {
	paths, err := filepath.Glob("testdata/arrays/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		good, want := openAll(t, path)
		codecs := strings.Fields(strings.Trim(good.Codecs[len(good.Codecs)-1], "[]"))
		sure := slices.Contains(checked, codecs[len(codecs)-1])
		s := store.NewMemory()
		keys := loadInto(t, s, path)
		a, err := OpenStore(t.Context(), s, "")
		if err != nil {
			t.Fatal(err)
		}
		try := func(key string, i int, bad []byte) {
			if err := s.Put(t.Context(), key, bad); err != nil {
				t.Fatal(err)
			}
			got, err := a.Read(t.Context(), make([]int, len(good.Shape)), good.Shape)
			switch {
			case err != nil && (!fault.IsPermanent(err) || !strings.Contains(err.Error(), key)):
				t.Fatalf("%s: %s, byte %d: %v", path, key, i, err)
			case err == nil && sure && !bytes.Equal(got.Bytes(), want.Bytes()):
				t.Fatalf("%s: %s, byte %d: other values, and the checksum is right", path, key, i)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tries := 0
		for key, data := range keys {
			for i := 0; i < len(data); i += 1 + len(data)/20 {
				for _, change := range []byte{1, 0x80, 0xff} {
					bad := slices.Clone(data)
					bad[i] ^= change
					try(key, i, bad)
				}
				try(key, i, data[:i])
				tries += 4
			}
			try(key, -1, data)
		}
		runtime.ReadMemStats(&after)
		if used, limit := (after.TotalAlloc-before.TotalAlloc)/uint64(tries+1), uint64(1<<20+8*len(want.Bytes())); used > limit {
			t.Errorf("%s: %d bytes for a read, more than %d", path, used, limit)
		}
	}
}

// loadInto copies a directory into a store and returns the objects that are no metadata, by their keys.
func loadInto(t *testing.T, s store.Store, dir string) map[string][]byte {
	t.Helper()
	keys := map[string][]byte{}
	from, err := store.OpenLocal(dir, store.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for e, err := range from.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Key)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), e.Key, data); err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(e.Key); base != "zarr.json" && !strings.HasPrefix(base, ".z") {
			keys[e.Key] = data
		}
	}
	return keys
}
