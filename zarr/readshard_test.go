package zarr

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"volara/fault"
	"volara/nd"
	"volara/zarr/store"
)

// A farStore is a store that keeps no values open, and counts what is asked of it.
type farStore struct {
	store.Store
	mu       sync.Mutex
	requests []string
	bytes    int
}

func (s *farStore) Requests() int { return 4 }

func (s *farStore) note(what string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, fmt.Sprintf("%s %d", what, len(data)))
	s.bytes += len(data)
}

func (s *farStore) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := s.Store.Get(ctx, key)
	s.note("whole", data)
	return data, err
}

func (s *farStore) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	data, err := s.Store.GetRange(ctx, key, offset, length)
	s.note("range", data)
	return data, err
}

// TestShardsAreReadByRanges looks at what is asked of a store that is far away.
func TestShardsAreReadByRanges(t *testing.T) {
	const item = 8
	index := func(chunks int) int { return 16*chunks + 4 }
	small := Spec{Shape: []int{64, 64}, Chunks: []int{8, 8}, Shards: []int{64, 64}, Codec: "raw", DType: nd.Uint64}
	nested := small
	nested.Encoding.SubShards = [][]int{{32, 32}}
	atStart := nested
	atStart.Index.AtStart = true
	large := Spec{Shape: []int{1024, 1024}, Chunks: []int{128, 128}, Shards: []int{1024, 1024}, Codec: "raw", DType: nd.Uint64}
	for _, c := range []struct {
		name          string
		spec          Spec
		offset, shape []int
		requests      int
		bytes         int
	}{
		{"one chunk", small, []int{8, 16}, []int{8, 8}, 2, index(64) + 64*item},
		{"a voxel", small, []int{63, 63}, []int{1, 1}, 2, index(64) + 64*item},
		{"neighbours at once", small, []int{8, 0}, []int{8, 64}, 2, index(64) + 8*64*item},
		{"most of a small shard whole", small, []int{1, 0}, []int{63, 64}, 1, 64*64*item + index(64)},
		{"a chunk of a shard in a shard", nested, []int{40, 40}, []int{8, 8}, 3, index(4) + index(16) + 64*item},
		{"the index at the start", atStart, []int{40, 40}, []int{8, 8}, 3, index(4) + index(16) + 64*item},
		{"a large shard in several", large, []int{0, 0}, []int{1024, 1024}, 3, 1024*1024*item + index(64)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &farStore{Store: store.NewMemory()}
			a, err := CreateStore(t.Context(), s, "", c.spec)
			if err != nil {
				t.Fatal(err)
			}
			data := nd.New(nd.Uint64, c.spec.Shape...)
			for i := range nd.Values[uint64](data) {
				nd.Values[uint64](data)[i] = uint64(i + 1)
			}
			if err := a.Write(t.Context(), []int{0, 0}, data); err != nil {
				t.Fatal(err)
			}
			s.requests, s.bytes = nil, 0
			got, err := a.Read(t.Context(), c.offset, c.shape)
			if err != nil || !bytes.Equal(got.Bytes(), data.Crop(c.offset, c.shape).Bytes()) {
				t.Fatalf("read something else, %v", err)
			}
			if len(s.requests) != c.requests || s.bytes != c.bytes {
				t.Errorf("asked for %d bytes by %q, want %d by %d requests", s.bytes, s.requests, c.bytes, c.requests)
			}
		})
	}
}

// TestShardIndexIsChecked changes entries of indexes.
func TestShardIndexIsChecked(t *testing.T) {
	for _, atStart := range []bool{false, true} {
		spec := Spec{Shape: []int{8, 8}, Chunks: []int{4, 4}, Shards: []int{8, 8}, Codec: "raw", DType: nd.Uint16}
		spec.Index = ShardIndex{AtStart: atStart, Codecs: noCodecs}
		path := filepath.Join(t.TempDir(), "a")
		a := create(t, path, spec)
		if err := a.Write(t.Context(), []int{0, 0}, count(8, 8)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(path, "c", "0", "0")
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		at, first := len(good)-64, uint64(0)
		if atStart {
			at, first = 0, 64
		}
		const size = 32 // of a chunk
		for _, c := range []struct {
			name         string
			from, length uint64 // of the second chunk
			want         string // "" where it is read
		}{
			{"as it is", first + size, size, ""},
			{"the same as another", first, size, ""},
			{"absent", absent, absent, ""},
			{"half of another", first + size/2, size, "share bytes"},
			{"beyond the end", uint64(len(good)), size, "outside of"},
			{"over the end", uint64(len(good)) - 1, size, "outside of"},
			{"in the index", uint64(at), size, "outside of"},
			{"before the start by overflow", 1<<64 - size, size, "at 18446744073709551584"},
			{"endless", first, 1 << 63, "has 9223372036854775808 bytes"},
			{"far", 1 << 61, size, "outside of"},
			{"too long", first + size, 1 << 40, "has 1099511627776 bytes"},
			{"too short", first + size, size - 1, "31 bytes where the chunk has 32"},
			{"nothing", first + size, 0, "0 bytes where the chunk has 32"},
			{"half absent", absent, size, "at 18446744073709551615"},
		} {
			bad := bytes.Clone(good)
			binary.LittleEndian.PutUint64(bad[at+16:], c.from)
			binary.LittleEndian.PutUint64(bad[at+24:], c.length)
			if err := os.WriteFile(file, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			for _, view := range []*Array{a, a.With(Cached(NewCache(1 << 20))), a.With(Parallel(1))} {
				_, err := view.Read(t.Context(), []int{0, 0}, []int{8, 8})
				switch {
				case c.want == "" && err != nil:
					t.Errorf("at start %v, %s: %v", atStart, c.name, err)
				case c.want != "" && (!fault.IsPermanent(err) || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), c.want)):
					t.Errorf("at start %v, %s: %v, want %q", atStart, c.name, err, c.want)
				}
			}
			if _, err := a.Read(t.Context(), []int{0, 0}, []int{4, 4}); err != nil {
				t.Errorf("at start %v, %s: the first chunk: %v", atStart, c.name, err)
			}
		}
	}
}
