package zarr

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"volara/nd"
	"volara/zarr/store"
)

// TestStrayFiles puts files between the chunks that are none: what is read, counted and listed stays the same.
func TestStrayFiles(t *testing.T) {
	for format, stray := range map[int][]string{
		2: {"0.0.tmp", "0.0.partial", ".0.0.3fa.partial", "0", "0.0.0", "00.0", "9.9", "-1.0", "notes.txt", "c/0/0", ".zarray.old"},
		3: {"c/0/0.tmp", "c/0/.0.3fa.partial", "c/0", "c/0/0/0", "c/00/1", "c/9/9", "0.0", "notes.txt", "zarr.json.tmp", "d/0/1"},
	} {
		path := filepath.Join(t.TempDir(), "a")
		spec := Spec{Format: format, Shape: []int{4, 4}, Chunks: []int{2, 2}, DType: nd.Uint16, Codec: "raw"}
		spec.Separator = map[int]string{2: ".", 3: "/"}[format]
		a := create(t, path, spec)
		if err := a.Write(t.Context(), []int{0, 0}, count(2, 4)); err != nil {
			t.Fatal(err)
		}
		want := readAll(t, path)
		before, err := a.Usage(t.Context())
		if err != nil || before.Present != 2 || before.Total != 4 {
			t.Fatalf("%+v, %v", before, err)
		}
		for _, name := range stray {
			file := filepath.Join(path, filepath.FromSlash(name))
			if os.MkdirAll(filepath.Dir(file), 0o777) == nil {
				os.WriteFile(file, []byte("half of a chu"), 0o666) //nolint:errcheck // some are where a directory is
			}
		}
		if got := readAll(t, path); !bytes.Equal(got, want) {
			t.Errorf("v%d: other voxels beside stray files", format)
		}
		if after, err := a.Usage(t.Context()); err != nil || after != before {
			t.Errorf("v%d: %+v beside stray files, %+v without; %v", format, after, before, err)
		}
	}
}

// TestShardWithGaps reads shards as writers leave them that append: chunks in any order, bytes between them that belong
// to none.
func TestShardWithGaps(t *testing.T) {
	for _, atStart := range []bool{false, true} {
		spec := Spec{Shape: []int{4, 4}, Chunks: []int{2, 2}, Shards: []int{4, 4}, DType: nd.Uint8, Codec: "raw", Fill: FillOf(uint8(9))}
		spec.Index.AtStart = atStart
		s := store.NewMemory()
		a, err := CreateStore(t.Context(), s, "", spec)
		if err != nil {
			t.Fatal(err)
		}
		chunks := map[int][]byte{3: {1, 2, 3, 4}, 0: {5, 6, 7, 8}, 2: {10, 11, 12, 13}} // and 1 is not stored
		index := bytes.Repeat([]byte{0xff}, 4*16)
		var body []byte
		at := map[bool]int{true: len(index) + 4}[atStart]
		for _, n := range []int{3, 0, 2} {
			body = append(body, "gone"...)
			binary.LittleEndian.PutUint64(index[16*n:], uint64(at+len(body)))
			binary.LittleEndian.PutUint64(index[16*n+8:], uint64(len(chunks[n])))
			body = append(body, chunks[n]...)
		}
		body = append(body, "an index that was"...)
		index = binary.LittleEndian.AppendUint32(index, crc32.Checksum(index, crc32.MakeTable(crc32.Castagnoli)))
		shard := slices.Concat(body, index)
		if atStart {
			shard = slices.Concat(index, body)
		}
		if err := s.Put(t.Context(), "c/0/0", shard); err != nil {
			t.Fatal(err)
		}
		got, err := a.Read(t.Context(), []int{0, 0}, []int{4, 4})
		if err != nil {
			t.Fatal(err)
		}
		want := []byte{5, 6, 9, 9, 7, 8, 9, 9, 10, 11, 1, 2, 12, 13, 3, 4}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("index at start %v: %v, want %v", atStart, got.Bytes(), want)
		}
		// Writing a part keeps the other chunks.
		if err := a.Write(t.Context(), []int{0, 2}, nd.From([]uint8{20, 21, 22, 23}, 2, 2)); err != nil {
			t.Fatal(err)
		}
		if got, err = a.Read(t.Context(), []int{0, 0}, []int{4, 4}); err != nil || fmt.Sprint(got.Bytes()) != "[5 6 20 21 7 8 22 23 10 11 1 2 12 13 3 4]" {
			t.Errorf("index at start %v: %v after writing a part, %v", atStart, got.Bytes(), err)
		}
	}
}
