package store_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"volara/zarr/store"
	"volara/zarr/store/storetest"
)

// zipOf packs values, every other one deflated, the names behind a prefix.
func zipOf(t testing.TB, prefix string, values map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for i, key := range slices.Sorted(maps.Keys(values)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: prefix + key, Method: []uint16{zip.Store, zip.Deflate}[i%2]})
		if err == nil {
			_, err = f.Write([]byte(values[key]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func openZip(t *testing.T, file []byte) (*store.Zip, error) {
	t.Helper()
	m := store.NewMemory()
	if err := m.Put(t.Context(), "v.zip", file); err != nil {
		t.Fatal(err)
	}
	return store.OpenZip(t.Context(), m, "v.zip")
}

func TestZip(t *testing.T) {
	packed := zipOf(t, "", storetest.Values())
	for name, file := range map[string][]byte{
		"plain":        packed,
		"self-opening": append([]byte("#!/bin/sh\n"), packed...),
		"with a slash": zipOf(t, "/", storetest.Values()),
		"with a dot":   zipOf(t, "./", storetest.Values()),
		"long":         zip64Of(storetest.Values()),
	} {
		t.Run(name, func(t *testing.T) {
			z, err := openZip(t, file)
			if err != nil {
				t.Fatal(err)
			}
			storetest.RunReadOnly(t, z, true)
		})
	}
}

// zip64Of packs values with all lengths and offsets in their long form.
func zip64Of(values map[string]string) []byte {
	le := binary.LittleEndian
	var file, directory []byte
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, at := values[key], uint64(len(file))
		crc, n := crc32.ChecksumIEEE([]byte(value)), uint64(len(value))
		file = le.AppendUint32(file, 0x04034b50)
		file = append(file, make([]byte, 22)...)
		file = le.AppendUint16(le.AppendUint16(file, uint16(len(key))), 100)
		file = append(append(append(file, key...), make([]byte, 100)...), value...)

		directory = append(le.AppendUint32(directory, 0x02014b50), make([]byte, 12)...)
		directory = le.AppendUint32(le.AppendUint32(le.AppendUint32(directory, crc), 1<<32-1), 1<<32-1)
		directory = le.AppendUint16(le.AppendUint16(directory, uint16(len(key))), 4+28)
		directory = le.AppendUint32(append(directory, make([]byte, 10)...), 1<<32-1)
		directory = append(directory, key...)
		directory = le.AppendUint16(le.AppendUint16(directory, 1), 28)
		directory = le.AppendUint64(le.AppendUint64(le.AppendUint64(directory, n), n), at)
		directory = le.AppendUint32(directory, 0)
	}
	start := uint64(len(file))
	file = append(file, directory...)
	end := uint64(len(file))
	file = le.AppendUint64(le.AppendUint32(file, 0x06064b50), 44)
	file = append(file, make([]byte, 12)...)
	file = le.AppendUint64(le.AppendUint64(file, uint64(len(values))), uint64(len(values)))
	file = le.AppendUint64(le.AppendUint64(file, uint64(len(directory))), start)
	file = le.AppendUint64(le.AppendUint32(le.AppendUint32(file, 0x07064b50), 0), end)
	file = le.AppendUint32(file, 1)
	file = append(le.AppendUint32(file, 0x06054b50), make([]byte, 4)...)
	file = le.AppendUint16(le.AppendUint16(file, 1<<16-1), 1<<16-1)
	file = le.AppendUint32(le.AppendUint32(file, 1<<32-1), 1<<32-1)
	return le.AppendUint16(file, 0)
}

// Where a zip file lies and what path leads into it.
func TestZipNode(t *testing.T) {
	noAWS(t)
	values := map[string]string{"zarr.json": "root", "a/zarr.json": "a", "a/b/zarr.json": "b"}
	files := map[string][]byte{
		"v.zarr.zip": zipOf(t, "", values), "packed.ZIP": zipOf(t, "v.zarr/", values),
		"mac.zip": zipOf(t, "", map[string]string{"__MACOSX/x": "", ".DS_Store": "", "v/zarr.json": "root", "v/a/zarr.json": "a"}),
		"two.zip": zipOf(t, "", map[string]string{"v/zarr.json": "root", "w/zarr.json": "other"}),
	}
	server := storetest.NewS3(t)
	bucket := openS3(t, server, s3Options(server))
	dir, web := t.TempDir(), map[string]string{}
	for name, file := range files {
		if err := errors.Join(bucket.Put(t.Context(), "d/"+name, file), os.WriteFile(filepath.Join(dir, name), file, 0o666)); err != nil {
			t.Fatal(err)
		}
		web[name] = string(file)
	}
	options := store.Options{S3: s3Options(server), HTTP: store.HTTPOptions{Retry: quick()}}
	for _, base := range []string{dir, "file://" + dir, serve(t, webOf(web)) + "/data", "s3://test-bucket/d"} {
		for location, want := range map[string]string{
			base + "/v.zarr.zip": "root", base + "/v.zarr.zip/a": "a", base + "/v.zarr.zip/a/b/": "b",
			"zip::" + base + "/v.zarr.zip": "root", "zip://a/b::" + base + "/v.zarr.zip": "b", base + "/v.zarr.zip|zip:a|zarr3:b": "b",
			base + "/packed.ZIP": "root", base + "/packed.ZIP/a": "a", base + "/packed.ZIP/v.zarr/a": "a",
			base + "/mac.zip": "root", base + "/mac.zip/a": "a", base + "/two.zip/w": "other", base + "/two.zip": "", base + "/v.zarr.zip/x": "",
		} {
			n := openNode(t, location, options)
			got, err := n.Get(t.Context(), "zarr.json", 100)
			if string(got) != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, store.ErrNotExist) {
				t.Errorf("%s: %q, %v; want %q", location, got, err, want)
			}
		}
		if _, err := store.Open(t.Context(), "zip::"+base+"/none.zip", options); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("a zip file that is not there: %v", err)
		}
		// A name that ends in .zip need not be a zip file.
		n := openNode(t, base+"/folder.zip/a", options)
		if _, err := n.Get(t.Context(), "zarr.json", 100); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("a folder called .zip: %v", err)
		}
	}
}

// A remote zip file is read by ranges: nobody takes all of it for a part.
func TestZipIsReadByRanges(t *testing.T) {
	values := map[string]string{"zarr.json": "{}"}
	for i := range 40 {
		chunk := make([]byte, 50000)
		for j := range chunk {
			chunk[j] = byte(rand.Uint32())
		}
		values[fmt.Sprint("c/", i)] = string(chunk)
	}
	sent, requests := 0, 0
	handler := webOf(map[string]string{"v.zip": string(zipOf(t, "", values))})
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		handler.ServeHTTP(counting{w, &sent}, r)
	}))
	n := openNode(t, at+"/data/v.zip", store.Options{HTTP: store.HTTPOptions{Retry: quick()}})
	for _, key := range []string{"zarr.json", "c/7"} {
		if v, err := n.Get(t.Context(), key, 1<<20); err != nil || string(v) != values[key] {
			t.Fatalf("%s: %d bytes, %v", key, len(v), err)
		}
	}
	if sent > 250000 || requests > 6 {
		t.Errorf("%d bytes were sent in %d requests", sent, requests)
	}
}

type counting struct {
	http.ResponseWriter
	n *int
}

func (c counting) Write(p []byte) (int, error) {
	*c.n += len(p)
	return c.ResponseWriter.Write(p)
}

func TestZipErrors(t *testing.T) {
	bomb := func(change func(directory []byte)) []byte {
		file := zipOf(t, "", map[string]string{"a": "0123456789", "b": strings.Repeat("0", 1<<20)})
		change(file[bytes.Index(file, []byte("PK\x01\x02")):])
		return file
	}
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		file []byte
		key  string
		text string
	}{
		"no zip":        {[]byte("hello"), "", "no zip file"},
		"empty":         {nil, "", "no zip file"},
		"cut short":     {zipOf(t, "", storetest.Values())[:1000], "", "no zip file"},
		"encrypted":     {bomb(func(d []byte) { d[8] |= 1 }), "a", "encrypted"},
		"method":        {bomb(func(d []byte) { d[10] = 93 }), "a", "method 93"},
		"bomb":          {bomb(func(d []byte) { le.PutUint32(d[24:], 1<<31) }), "a", "cannot be"},
		"checksum":      {bomb(func(d []byte) { d[16]++ }), "a", "checksum"},
		"elsewhere":     {bomb(func(d []byte) { d[42] = 5 }), "a", "damaged"},
		"far away":      {bomb(func(d []byte) { le.PutUint32(d[42:], 1<<31) }), "a", "damaged"},
		"long":          {bomb(func(d []byte) { le.PutUint32(d[20:], 1<<30); le.PutUint32(d[24:], 1<<30) }), "a", "damaged"},
		"directory":     {bomb(func(d []byte) { d[0] = 0 }), "", "damaged"},
		"more deflated": {bomb(func(d []byte) { d = d[47:]; le.PutUint32(d[24:], 1<<20-1) }), "b", "more than"},
		"less deflated": {bomb(func(d []byte) { d = d[47:]; le.PutUint32(d[24:], 1<<20+1) }), "b", "unpacking"},
	} {
		z, err := openZip(t, c.file)
		if err == nil && c.key != "" {
			_, err = z.Get(t.Context(), c.key)
		}
		if err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "v.zip") {
			t.Errorf("%s: %v", name, err)
		}
	}
	z, err := openZip(t, bomb(func([]byte) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.GetBuffer(t.Context(), "b", nil, 1000); !errors.Is(err, store.ErrRange) {
		t.Errorf("beyond the limit: %v", err)
	}
}

// Whatever a zip file says, reading it ends, with the value that was packed or an error.
func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, "", storetest.Values()))
	f.Add(zip64Of(storetest.Values()))
	f.Fuzz(func(t *testing.T, file []byte) {
		z, err := openZip(t, file)
		if err != nil {
			return
		}
		for e, err := range z.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			v, err := z.GetBuffer(t.Context(), e.Key, nil, 1<<20)
			if err == nil && int64(len(v)) != e.Size {
				t.Errorf("%q has %d bytes, and is said to have %d", e.Key, len(v), e.Size)
			}
			z.GetRange(t.Context(), e.Key, 1, min(max(e.Size-1, 0), 1<<20)) //nolint:errcheck // it must end
		}
	})
}
