package npz_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/graph/npz"
)

func drawArray(t *rapid.T, name string) npz.Array {
	shape := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 4).Draw(t, "shape")
	length := 1
	for _, n := range shape {
		length *= n
	}
	return npz.Array{Name: name, Shape: shape, Data: rapid.SliceOfN(rapid.Int64(), length, length).Draw(t, "data")}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawArray(t, "a"), drawArray(t, "b")
		var file bytes.Buffer
		if err := npz.Write(&file, a, b); err != nil {
			t.Fatal(err)
		}
		r, err := npz.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if names := r.Names(); !reflect.DeepEqual(names, []string{"a", "b"}) {
			t.Fatalf("names %v", names)
		}
		for _, want := range []npz.Array{a, b} {
			same(t, r, want)
		}
		if _, found, err := r.Array("c"); found || err != nil {
			t.Fatalf("array c: %v, %v", found, err)
		}
	})
}

type reporter interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func same(t reporter, r *npz.Reader, want npz.Array) {
	t.Helper()
	got, found, err := r.Array(want.Name)
	if err != nil || !found {
		t.Fatalf("array %s: %v, %v", want.Name, found, err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v, not %v", got, want)
	}
}

// TestFortranOrder lays arrays out with the first axis fastest, value by value, and reads them.
func TestFortranOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawArray(t, "a")
		data := make([]byte, 8*len(want.Data))
		for i, v := range want.Data {
			place, stride, rest := 0, 1, i
			index := make([]int, len(want.Shape))
			for d := len(index) - 1; d >= 0; d-- {
				index[d], rest = rest%want.Shape[d], rest/want.Shape[d]
			}
			for d, x := range index {
				place, stride = place+x*stride, stride*want.Shape[d]
			}
			binary.BigEndian.PutUint64(data[8*place:], uint64(v))
		}
		file := archive(t, "a.npy", npy(">i8", "True", want.Shape, data))
		r, err := npz.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, r, want)
	})
}

// TestVersion2 reads a header whose length takes four bytes, with other spacing and quotes.
func TestVersion2(t *testing.T) {
	header := `{"shape":(2 ,1,) ,"descr" : "|i1","fortran_order":False}` + strings.Repeat(" ", 70_000)
	data := append([]byte("\x93NUMPY\x02\x00"), binary.LittleEndian.AppendUint32(nil, uint32(len(header)))...)
	data = append(append(data, header...), 0xff, 0x02)
	file := archive(t, "a.npy", data)
	r, err := npz.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, r, npz.Array{Name: "a", Shape: []int{2, 1}, Data: []int64{-1, 2}})
}

func TestWrongShape(t *testing.T) {
	if err := npz.Write(new(bytes.Buffer), npz.Array{Name: "a", Shape: []int{2, 2}, Data: []int64{1}}); err == nil {
		t.Error("one element for four was written")
	}
}

func npy(descr, fortran string, shape []int, data []byte) []byte {
	var text strings.Builder
	for _, n := range shape {
		fmt.Fprintf(&text, "%d, ", n)
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, fortran, text.String())
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), 0)
	return append(append(file, header...), data...)
}

func archive(t reporter, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzArray reads arrays of arbitrary bytes; what is understood must be written and read again as the same.
func FuzzArray(f *testing.F) {
	f.Add(npy("<i8", "False", []int{1}, make([]byte, 8)))
	f.Add(npy(">u2", "True", []int{2, 2}, []byte{1, 2, 3, 4, 5, 6, 7, 8}))
	f.Add(npy("|b1", "False", nil, []byte{1}))
	f.Add(npy("<f8", "False", []int{0}, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := archive(t, "a.npy", data)
		r, err := npz.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := r.Array("a")
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := npz.Write(&again, a); err != nil {
			t.Fatalf("%v: %v", a, err)
		}
		r, err = npz.NewReader(bytes.NewReader(again.Bytes()), int64(again.Len()))
		if err != nil {
			t.Fatal(err)
		}
		same(t, r, a)
	})
}
