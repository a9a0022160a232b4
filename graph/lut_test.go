package graph_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/fault"
	"volara/graph"
)

func TestLUTRoundTrip(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		fragments := rapid.SliceOfDistinct(rapid.Int64(), rapid.ID).Draw(t, "fragments")
		segments := rapid.SliceOfN(rapid.Int64(), len(fragments), len(fragments)).Draw(t, "segments")
		want := map[int64]int64{}
		for i, f := range fragments {
			want[f] = segments[i]
		}
		lut, err := graph.NewLUT(fragments, segments)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "with edges") {
			lut.Edges = rapid.SliceOf(rapid.Custom(func(t *rapid.T) graph.LUTEdge {
				return graph.LUTEdge{Merge: rapid.Bool().Draw(t, "merge"), U: rapid.Int64().Draw(t, "u"), V: rapid.Int64().Draw(t, "v")}
			})).Draw(t, "edges")
		}
		path := filepath.Join(folder, "sub", "lut")
		if err := lut.Write(path); err != nil {
			t.Fatal(err)
		}
		got, err := graph.ReadLUT(path + ".npz")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Fragments, lut.Fragments) || !slices.Equal(got.Segments, lut.Segments) ||
			!slices.Equal(got.Edges, lut.Edges) || (got.Edges == nil) != (lut.Edges == nil) {
			t.Fatalf("read %v, written %v", got, lut)
		}
		if !slices.IsSorted(got.Fragments) || len(got.Fragments) != len(want) {
			t.Fatalf("fragments %v", got.Fragments)
		}
		for f, s := range want {
			if got.Segment(f) != s {
				t.Fatalf("segment of %d is %d, not %d", f, got.Segment(f), s)
			}
		}
	})
}

func TestNewLUT(t *testing.T) {
	lut, err := graph.NewLUT([]int64{5, 3, 5, 4}, []int64{1, 2, 1, 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(lut.Fragments, []int64{3, 4, 5}) || !slices.Equal(lut.Segments, []int64{2, 3, 1}) {
		t.Errorf("%v", lut)
	}
	if lut.Segment(6) != 6 || lut.Segment(4) != 3 {
		t.Error("segments of 6 and 4")
	}
	if _, err := graph.NewLUT([]int64{5, 5}, []int64{1, 2}); err == nil || !strings.Contains(err.Error(), "fragment 5") {
		t.Errorf("one fragment in two segments: %v", err)
	}
	if _, err := graph.NewLUT([]int64{5}, nil); err == nil {
		t.Error("a fragment without a segment")
	}
}

func TestLUTBytesAreReproducible(t *testing.T) {
	folder := t.TempDir()
	lut, err := graph.NewLUT([]int64{1, 2, math.MaxInt64}, []int64{1, 1, 3})
	if err != nil {
		t.Fatal(err)
	}
	var files [2][]byte
	for i := range files {
		path := filepath.Join(folder, "lut.npz")
		if err := lut.Write(path); err != nil {
			t.Fatal(err)
		}
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same LUT makes different bytes")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v beside the LUT, %v", entries, err)
	}
}

// TestLUTOfNumPy reads what testdata/lut.py wrote: ten types and orders of one table.
func TestLUTOfNumPy(t *testing.T) {
	paths, err := filepath.Glob("testdata/lut_*.npz")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		lut, err := graph.ReadLUT(path)
		if err != nil {
			t.Error(err)
			continue
		}
		var edges []graph.LUTEdge
		switch {
		case strings.Contains(path, "noedges"):
		case strings.Contains(path, "emptyedges"):
			edges = []graph.LUTEdge{}
		default:
			edges = []graph.LUTEdge{{Merge: true, U: 3, V: 100}, {Merge: false, U: 7, V: 9}}
		}
		if strings.Contains(path, "emptylut") {
			if len(lut.Fragments) != 0 {
				t.Errorf("%s: %v", path, lut)
			}
			continue
		}
		if !slices.Equal(lut.Fragments, []int64{3, 7, 9, 100}) || !slices.Equal(lut.Segments, []int64{3, 7, 7, 3}) ||
			!slices.Equal(lut.Edges, edges) || (lut.Edges == nil) != (edges == nil) {
			t.Errorf("%s: %+v", path, lut)
		}
	}
}

func TestBadLUT(t *testing.T) {
	folder := t.TempDir()
	if _, err := graph.ReadLUT(filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) || fault.IsPermanent(err) {
		t.Errorf("a missing file: %v", err)
	}
	good := filepath.Join(folder, "good.npz")
	lut, err := graph.NewLUT([]int64{1, 2, 3, 4}, []int64{1, 1, 3, 3})
	if err = errors.Join(err, lut.Write(good)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	array := func(shape string, n int) []byte {
		return npyFile("{'descr': '<i8', 'fortran_order': False, 'shape': "+shape+", }", make([]byte, 8*n))
	}
	for name, data := range map[string][]byte{
		"empty":               {},
		"truncated":           whole[:len(whole)/2],
		"damaged":             slices.Concat(whole[:60], []byte{whole[60] ^ 0xff}, whole[61:]),
		"another array":       zipFile(t, "lut.npy", array("(2, 3)", 6)),
		"three rows":          zipFile(t, "fragment_segment_lut.npy", array("(3, 2)", 6)),
		"one dimension":       zipFile(t, "fragment_segment_lut.npy", array("(6,)", 6)),
		"too little data":     zipFile(t, "fragment_segment_lut.npy", array("(2, 4)", 6)),
		"too much data":       zipFile(t, "fragment_segment_lut.npy", array("(2, 2)", 6)),
		"an enormous shape":   zipFile(t, "fragment_segment_lut.npy", array("(2, 1152921504606846975)", 6)),
		"a negative shape":    zipFile(t, "fragment_segment_lut.npy", array("(2, -3)", 6)),
		"floats":              zipFile(t, "fragment_segment_lut.npy", npyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", make([]byte, 16))),
		"objects":             zipFile(t, "fragment_segment_lut.npy", npyFile("{'descr': '|O8', 'fortran_order': False, 'shape': (2, 1), }", make([]byte, 16))),
		"ids past int64":      zipFile(t, "fragment_segment_lut.npy", npyFile("{'descr': '<u8', 'fortran_order': False, 'shape': (2, 1), }", bytes.Repeat([]byte{0xff}, 16))),
		"two segments":        zipFile(t, "fragment_segment_lut.npy", npyFile("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", []byte{5, 5, 1, 2})),
		"no array":            zipFile(t, "fragment_segment_lut.npy", []byte("hello, this is text")),
		"edges of two values": zipFile(t, "fragment_segment_lut.npy", array("(2, 0)", 0), "edges.npy", array("(3, 2)", 6)),
	} {
		path := filepath.Join(folder, "bad.npz")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if lut, err := graph.ReadLUT(path); !fault.IsPermanent(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", name, lut, err)
		}
	}
}

func npyFile(header string, data []byte) []byte {
	header += "\n"
	return slices.Concat([]byte("\x93NUMPY\x01\x00"), []byte{byte(len(header)), byte(len(header) >> 8)}, []byte(header), data)
}

// zipFile makes an archive of alternating names (string) and contents ([]byte).
func zipFile(t testing.TB, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i].(string))
		if err == nil {
			_, err = f.Write(members[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzReadLUT(f *testing.F) {
	paths, _ := filepath.Glob("testdata/lut_*.npz")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(zipFile(f, "fragment_segment_lut.npy", npyFile("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }", []byte{0, 1, 0, 2, 0, 3, 0, 4})))
	path := filepath.Join(f.TempDir(), "lut.npz")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		lut, err := graph.ReadLUT(path)
		if err != nil {
			return
		}
		if len(lut.Fragments) != len(lut.Segments) || !slices.IsSortedFunc(lut.Fragments, cmp.Compare[int64]) {
			t.Fatalf("%+v", lut)
		}
		if err := lut.Write(path); err != nil {
			t.Fatal(err)
		}
		again, err := graph.ReadLUT(path)
		if err != nil || !slices.Equal(again.Fragments, lut.Fragments) || !slices.Equal(again.Edges, lut.Edges) {
			t.Fatalf("%+v written and read again: %+v, %v", lut, again, err)
		}
	})
}

func BenchmarkLUT(b *testing.B) {
	const n = 10_000_000
	fragments, segments := make([]int64, n), make([]int64, n)
	for i := range fragments {
		fragments[i] = int64(i/1000)*(1<<18) + int64(i%1000)
		segments[i] = fragments[i/10*7%n]
	}
	lut := graph.LUT{Fragments: fragments, Segments: segments}
	path := filepath.Join(b.TempDir(), "lut.npz")
	b.Run("write", func(b *testing.B) {
		for range b.N {
			if err := lut.Write(path); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "fragments/s")
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/n, "bytes/fragment")
		}
	})
	b.Run("read", func(b *testing.B) {
		for range b.N {
			if _, err := graph.ReadLUT(path); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "fragments/s")
	})
}
