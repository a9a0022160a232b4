package zarr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"volara/nd"
	"volara/zarr/store"
)

// A meteredStore is a store that keeps no values open, as a server's. It counts the bytes that readers have let it send,
// all at once at most.
type meteredStore struct {
	store.Store
	asked, most, sent atomic.Int64
}

func (s *meteredStore) Requests() int { return 8 }

// ask is a request that may bring so many bytes.
func (s *meteredStore) ask(limit int64) (answered func()) {
	now := s.asked.Add(limit)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	time.Sleep(2 * time.Millisecond) // others ask meanwhile
	return func() { s.asked.Add(-limit) }
}

func (s *meteredStore) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error) {
	defer s.ask(limit)()
	size, there, err := store.Size(ctx, s.Store, key)
	switch {
	case err != nil || !there:
		return nil, errors.Join(err, store.ErrNotExist)
	case size > limit:
		return nil, fmt.Errorf("%d bytes, not %d: %w", size, limit, store.ErrRange)
	}
	s.sent.Add(size)
	data, err := s.Store.Get(ctx, key)
	return append(buf[:0], data...), err
}

func (s *meteredStore) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	defer s.ask(length)()
	s.sent.Add(length)
	return s.Store.GetRange(ctx, key, offset, length)
}

func (s *meteredStore) Size(ctx context.Context, key string) (int64, error) {
	size, there, err := store.Size(ctx, s.Store, key)
	if err == nil && !there {
		err = store.ErrNotExist
	}
	return size, err
}

// noise returns an array of bytes that no codec makes shorter.
func noise(shape ...int) *nd.Array {
	data, r := nd.New(nd.Uint8, shape...), rand.New(rand.NewPCG(1, 2))
	for i := range data.Bytes() {
		data.Bytes()[i] = byte(r.Uint32())
	}
	return data
}

// TestBoundedFar reads from a store that opens no values: what all readers ask for at once keeps within the bound, and so
// they get on.
func TestBoundedFar(t *testing.T) {
	const bytes = 4 << 20
	for name, spec := range map[string]Spec{
		"chunks":            {Chunks: []int{256 << 10}, Codec: "zstd"},
		"large chunks":      {Chunks: []int{3 << 19}, Codec: "zstd"},
		"plain":             {Chunks: []int{1 << 20}, Codec: "raw"},
		"small shards":      {Chunks: []int{64 << 10}, Shards: []int{1 << 20}, Codec: "zstd"},
		"shards":            {Chunks: []int{128 << 10}, Shards: []int{6 << 20}, Codec: "zstd"},
		"shards of many":    {Chunks: []int{1 << 10}, Shards: []int{1 << 20}, Codec: "raw"},
		"shards in a shard": {Chunks: []int{16 << 10}, Shards: []int{6 << 20}, Codec: "zstd", Encoding: Encoding{SubShards: [][]int{{1 << 20}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &meteredStore{Store: store.NewMemory()}
			spec.Shape, spec.DType = []int{12 << 20}, nd.Uint8
			a, err := CreateStore(t.Context(), s, "", spec)
			if err != nil {
				t.Fatal(err)
			}
			want := noise(spec.Shape...)
			if err := a.Write(t.Context(), []int{0}, want); err != nil {
				t.Fatal(err)
			}
			for _, cache := range []*Cache{nil, NewCache(1 << 20)} {
				view := a.With(Bounded(bytes), Cached(cache))
				s.most.Store(0)
				var readers sync.WaitGroup
				for i := range 4 {
					readers.Go(func() {
						from := i * 12345
						got, err := view.Read(t.Context(), []int{from}, []int{12<<20 - from})
						if err != nil || string(got.Bytes()) != string(want.Bytes()[from:]) {
							t.Errorf("%v", err)
						}
					})
				}
				readers.Wait()
				if most := s.most.Load(); most > bytes {
					t.Errorf("%d KiB are asked for at once, where %d are allowed", most>>10, bytes>>10)
				}
			}
		})
	}
}

// TestBoundedFarTooLarge reads chunks that take more than the bound: nothing is sent of them.
func TestBoundedFarTooLarge(t *testing.T) {
	s := &meteredStore{Store: store.NewMemory()}
	a, err := CreateStore(t.Context(), s, "", Spec{Shape: []int{12 << 20}, Chunks: []int{3 << 20}, DType: nd.Uint8, Codec: "gzip"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Write(t.Context(), []int{0}, noise(6<<20)); err != nil {
		t.Fatal(err)
	}
	for _, cache := range []*Cache{nil, NewCache(1 << 20)} {
		for _, bytes := range []int64{2 << 20, 5 << 20} {
			small := a.With(Bounded(bytes), Cached(cache))
			s.sent.Store(0)
			if _, err := small.Read(t.Context(), []int{5}, []int{9}); !errors.Is(err, ErrTooLarge) || s.sent.Load() > 0 {
				t.Errorf("%v, %d bytes were sent", err, s.sent.Load())
			}
			if got, err := small.Read(t.Context(), []int{7 << 20}, []int{9}); err != nil || got.Bytes()[8] != 0 {
				t.Errorf("of a chunk that is not stored: %v", err)
			}
		}
	}
}

// TestHostileIndex reads shards that are said to have an index larger than memory: none is made for it.
func TestHostileIndex(t *testing.T) {
	for name, s := range map[string]store.Store{"opens values": store.NewMemory(), "far": &meteredStore{Store: store.NewMemory()}} {
		if _, err := CreateStore(t.Context(), s, "", Spec{Shape: []int{1 << 26}, Chunks: []int{1 << 10}, Shards: []int{1 << 26}, DType: nd.Uint8}); err != nil {
			t.Fatal(err)
		}
		data, err := s.Get(t.Context(), "zarr.json")
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		doc["codecs"].([]any)[0].(map[string]any)["configuration"].(map[string]any)["chunk_shape"] = []int{1}
		if data, err = json.Marshal(doc); err == nil {
			err = errors.Join(s.Put(t.Context(), "zarr.json", data), s.Put(t.Context(), "c/0", make([]byte, 1000)))
		}
		if err != nil {
			t.Fatal(err)
		}
		hostile, err := OpenStore(t.Context(), s, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, view := range []*Array{hostile, hostile.With(Bounded(1 << 20)), hostile.With(Cached(NewCache(1 << 20)))} {
			before, after := runtime.MemStats{}, runtime.MemStats{}
			runtime.ReadMemStats(&before)
			if _, err := view.Read(t.Context(), []int{0}, []int{1}); err == nil {
				t.Errorf("%s: no error", name)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("%s: %d MiB were taken", name, took>>20)
			}
		}
	}
}
