package zarr

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"volara/fault"
	"volara/zarr/pyjson"
	"volara/zarr/store"
)

// A spoiled store has another metadata file than the store below it.
type spoiled struct {
	store.Store
	key  string
	data []byte
}

func (s spoiled) Get(ctx context.Context, key string) ([]byte, error) {
	if key == s.key {
		return s.data, nil
	}
	return s.Store.Get(ctx, key)
}

// An entry is a field of a JSON object; objects are lists of them here, so that a field can be there twice.
type entry struct {
	name  string
	value any
}

// parseTree parses JSON into []entry, []any, and whatever else json.Unmarshal makes.
func parseTree(t testing.TB, data []byte) any {
	d := json.NewDecoder(bytes.NewReader(pyjson.Quote(data)))
	d.UseNumber()
	var parse func() any
	parse = func() any {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'):
			object := []entry{}
			for d.More() {
				name := parse().(string)
				object = append(object, entry{name, parse()})
			}
			d.Token() //nolint:errcheck // the end of what was valid
			return object
		case json.Delim('['):
			list := []any{}
			for d.More() {
				list = append(list, parse())
			}
			d.Token() //nolint:errcheck // the end of what was valid
			return list
		}
		return token
	}
	return parse()
}

// A raw value is written as it is.
type raw string

func encodeTree(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case raw:
		b.WriteString(string(v))
	case []entry:
		b.WriteByte('{')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:", e.name)
			encodeTree(b, e.value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			encodeTree(b, e)
		}
		b.WriteByte(']')
	default:
		data, _ := json.Marshal(v)
		b.Write(data)
	}
}

// nonsense is what values are replaced by.
var nonsense = []raw{
	`null`, `true`, `0`, `1`, `2`, `3`, `-1`, `1.5`, `1e308`, `-1e400`, `4096`, `4294967296`, `9223372036854775807`, `18446744073709551616`,
	`""`, `"x"`, `"F"`, `"/"`, `"../.."`, `"NaN"`, `"0x"`, `"AAAA"`, `"zstd"`, `[]`, `[[]]`, `[1,1]`, `[null]`, `{}`, `{"id":"zlib"}`,
	`{"name":"bytes","configuration":{"endian":"big"}}`, `{"must_understand":false}`, raw(strings.Repeat(`[`, 2000) + strings.Repeat(`]`, 2000)),
	raw(strings.Repeat(`{"name":"sharding_indexed","configuration":{"codecs":[`, 300) + strings.Repeat(`]}}`, 300)),
}

// mutations calls yield with every tree that differs from v in one place.
func mutations(v any, yield func(any)) {
	for _, n := range nonsense {
		yield(n)
	}
	switch v := v.(type) {
	case []entry:
		for i, e := range v {
			yield(slices.Delete(slices.Clone(v), i, i+1))
			renamed := slices.Clone(v)
			renamed[i].name += "x"
			yield(renamed)
			for _, n := range nonsense {
				yield(append(slices.Clone(v), entry{e.name, n})) // the field twice
			}
			mutations(e.value, func(m any) {
				changed := slices.Clone(v)
				changed[i].value = m
				yield(changed)
			})
		}
	case []any:
		for i, e := range v {
			yield(slices.Delete(slices.Clone(v), i, i+1))
			yield(slices.Insert(slices.Clone(v), i, e))
			mutations(e, func(m any) {
				changed := slices.Clone(v)
				changed[i] = m
				yield(changed)
			})
		}
	}
}

// mutated returns one of the mutations.
func mutated(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case []entry:
		if len(v) == 0 || rng.IntN(6) == 0 {
			break
		}
		i := rng.IntN(len(v))
		changed := slices.Clone(v)
		switch rng.IntN(6) {
		case 0:
			return slices.Delete(changed, i, i+1)
		case 1:
			return append(changed, entry{v[i].name, mutated(rng, v[i].value)})
		}
		changed[i].value = mutated(rng, v[i].value)
		return changed
	case []any:
		if len(v) == 0 || rng.IntN(6) == 0 {
			break
		}
		i := rng.IntN(len(v))
		changed := slices.Clone(v)
		switch rng.IntN(6) {
		case 0:
			return slices.Delete(changed, i, i+1)
		case 1:
			return slices.Insert(changed, i, v[i])
		}
		changed[i] = mutated(rng, v[i])
		return changed
	}
	return nonsense[rng.IntN(len(nonsense))]
}

// metadataFiles lists the metadata files of all fixtures.
func metadataFiles(t testing.TB) []string {
	var files []string
	for _, name := range []string{"zarr.json", ".zarray"} {
		found, err := filepath.Glob(filepath.Join("testdata", "arrays", "*", name))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	return files
}

// openSpoiled opens the array of a metadata file with another content in its place and reads a corner of it: that
// works, or fails with an error that names what is wrong.
func openSpoiled(t testing.TB, file string, data []byte) {
	dir, key := filepath.Split(file)
	base, err := store.OpenLocal(dir, store.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := OpenStore(t.Context(), spoiled{base, key, data}, "")
	limit := uint64(64*len(data) + 1<<24)
	switch {
	case err != nil:
		if !fault.IsPermanent(err) && !strings.Contains(err.Error(), ErrNotFound.Error()) {
			t.Fatalf("%s: %s: not permanent: %v", file, data, err)
		}
		if !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "field") && json.Valid(data) && data[0] == '{' {
			t.Fatalf("%s: %s: names no file and field: %v", file, data, err)
		}
	default:
		m := a.metadata()
		limit += 8 * uint64(m.pieceBytes())
		corner := slices.Clone(m.Shape)
		for d := range corner {
			corner[d] = min(corner[d], 3)
		}
		if _, err := a.Read(t.Context(), make([]int, len(corner)), corner); err != nil && !strings.Contains(err.Error(), filepath.Base(dir)) {
			t.Fatalf("%s: %s: names no object: %v", file, data, err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > limit {
		t.Fatalf("%s: %.200s: took %d bytes, more than %d", file, data, used, limit)
	}
}

// mutateEvery and mutateFrom choose the mutations that are tried: go test ./zarr -run MutatedMetadata -mutate.every 1
var (
	mutateEvery = flag.Int("mutate.every", 17, "try one in so many mutations of metadata")
	mutateFrom  = flag.Int("mutate.from", -1, "the first of them; -1: at random")
)

// TestMutatedMetadata spoils every field of every fixture's metadata: deleted, renamed, there twice, of another type, too
// large, negative, nested deeply. One in 17 of these mutations is tried, others at every run.
func TestMutatedMetadata(t *testing.T) {
	n, tried, every, from := 0, 0, max(1, *mutateEvery), *mutateFrom
	if testing.Short() {
		every *= 3
	}
	if from < 0 {
		from = rand.IntN(every)
	}
	defer func() { t.Logf("%d of %d mutations: -mutate.every %d -mutate.from %d", tried, n, every, from) }()
	for _, file := range metadataFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mutations(parseTree(t, data), func(tree any) {
			if n++; n%every != from%every {
				return
			}
			tried++
			var b bytes.Buffer
			encodeTree(&b, tree)
			openSpoiled(t, file, b.Bytes())
		})
	}
	if tried == 0 {
		t.Error("no mutation was tried")
	}
}

// FuzzMutatedMetadata spoils several fields at once.
func FuzzMutatedMetadata(f *testing.F) {
	f.Add(uint64(0), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, times uint8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		files := metadataFiles(t)
		file := files[rng.IntN(len(files))]
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range times%6 + 1 {
			var b bytes.Buffer
			encodeTree(&b, mutated(rng, parseTree(t, data)))
			data = b.Bytes()
		}
		openSpoiled(t, file, data)
	})
}
