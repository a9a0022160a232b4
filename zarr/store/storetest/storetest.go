// Package storetest is the conformance suite of stores.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"volara/zarr/store"
)

// Run checks that the stores that newStore returns, each of them empty, keep the contract of store.Store.
func Run(t *testing.T, newStore func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"values":      values,
		"missing":     missing,
		"keys":        keys,
		"ranges":      ranges,
		"list":        list,
		"atomic":      atomic,
		"lock":        lock,
		"buffer":      buffer,
		"cancelled":   cancelled,
		"ownership":   ownership,
		"directories": directories,
		"size":        size,
		"names":       names,
		"change":      change,
		"wipe":        wipe,
		"fence":       fence,
	} {
		t.Run(name, func(t *testing.T) { test(t, newStore(t)) })
	}
}

// Values are what the stores hold that RunReadOnly checks.
func Values() map[string]string {
	return map[string]string{
		"zarr.json": "{}", "c/0/0": strings.Repeat("zero", 5000), "c/0/1": "one", "c10/0": "ten", "digits": "0123456789",
		"empty": "", "a b/ö%2F?#.txt": "odd", "folder/.zarray": "[]",
	}
}

// RunReadOnly checks that a store which holds Values keeps the contract of store.Store as far as that is of reading.
// It is listed when lists is true.
func RunReadOnly(t *testing.T, s store.Store, lists bool) {
	for key, value := range Values() {
		expect(t, s, key, value)
	}
	for name, test := range map[string]func(*testing.T, store.Store){
		"ranges": getRanges, "buffer": getBuffers, "size": sizes, "cancelled": readCancelled, "keys": getKeys, "refuses": refuses,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
	for _, key := range []string{"a", "c", "c/0", "c/0/2", "zarr.json/c", "nothing"} {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("Get(%q): %v", key, err)
		}
		if _, err := s.GetRange(t.Context(), key, 0, 1); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("GetRange(%q): %v", key, err)
		}
	}
	if lists {
		for _, prefix := range []string{"", "c", "c/", "zarr", "nothing"} {
			listed(t, s, prefix, Values())
		}
		namesAre(t, s, "", "a b/", "c/", "c10/", "digits", "empty", "folder/", "zarr.json")
		namesAre(t, s, "c/", "0/")
		namesAre(t, s, "nothing/")
		return
	}
	for _, err := range s.List(t.Context(), "") {
		if !errors.Is(err, store.ErrNoList) {
			t.Errorf("List: %v", err)
		}
	}
	if _, err := (&store.Node{Store: s}).Names(t.Context(), 10); !errors.Is(err, store.ErrNoList) {
		t.Errorf("Names: %v", err)
	}
}

func refuses(t *testing.T, s store.Store) {
	for what, err := range map[string]error{
		"Put": s.Put(t.Context(), "digits", []byte("x")), "Delete": s.Delete(t.Context(), "digits"),
	} {
		if !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func put(t *testing.T, s store.Store, key, value string) {
	t.Helper()
	if err := s.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, s store.Store, key, want string) {
	t.Helper()
	if got, err := s.Get(t.Context(), key); err != nil || string(got) != want {
		t.Fatalf("Get(%q) = %q, %v; want %q", key, got, err, want)
	}
}

func values(t *testing.T, s store.Store) {
	put(t, s, "zarr.json", "{}")
	put(t, s, "c/0/1/2", "voxels")
	put(t, s, "c/0/1/3", "")
	put(t, s, "0.0.0", "dots")
	put(t, s, "0.0.0", "replaced")
	expect(t, s, "zarr.json", "{}")
	expect(t, s, "c/0/1/2", "voxels")
	expect(t, s, "c/0/1/3", "")
	expect(t, s, "0.0.0", "replaced")
	for range 2 {
		if err := s.Delete(t.Context(), "c/0/1/2"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(t.Context(), "c/0/1/2"); !errors.Is(err, store.ErrNotExist) {
		t.Fatalf("after Delete: %v", err)
	}
	put(t, s, "c/0/1/2", "again")
	expect(t, s, "c/0/1/2", "again")
	if s.String() == "" || !strings.Contains(store.Name(s, "c/0"), "c/0") {
		t.Errorf("names: %q, %q", s.String(), store.Name(s, "c/0"))
	}
}

func missing(t *testing.T, s store.Store) {
	put(t, s, "a/b", "x")
	for _, key := range []string{"a", "a/c", "a/b/c", "b"} {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("Get(%q): %v", key, err)
		}
		if _, err := s.GetRange(t.Context(), key, 0, 1); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("GetRange(%q): %v", key, err)
		}
		if err := s.Delete(t.Context(), key+"x"); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
}

func size(t *testing.T, s store.Store) {
	put(t, s, "c/0/1", "one")
	put(t, s, "empty", "")
	sizes(t, s)
}

func sizes(t *testing.T, s store.Store) {
	_, tells := s.(store.Sizer)
	for key, want := range map[string]int64{"c/0/1": 3, "empty": 0, "c": -1, "c/0": -1, "c/2": -1, "c/0/1/c": -1, "b": -1} {
		got, there, err := store.Size(t.Context(), s, key)
		if err != nil || tells && (there != (want >= 0) || there && got != want) {
			t.Errorf("Size(%q): %d, %v, %v; want %d", key, got, there, err, want)
		}
	}
	if _, _, err := store.Size(t.Context(), s, "../a"); tells && err == nil {
		t.Error("the size of what is no key is no error")
	}
}

// badKeys are not well formed.
func badKeys() []string {
	return []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", `a\b`, "a\x00b"}
}

func getKeys(t *testing.T, s store.Store) {
	for _, key := range badKeys() {
		_, err := s.Get(t.Context(), key)
		if err == nil || errors.Is(err, store.ErrNotExist) {
			t.Errorf("Get(%q): %v", key, err)
		}
	}
}

func keys(t *testing.T, s store.Store) {
	getKeys(t, s)
	for _, key := range badKeys() {
		if err := s.Put(t.Context(), key, nil); err == nil {
			t.Errorf("Put(%q) succeeded", key)
		}
		if err := s.Delete(t.Context(), key); err == nil {
			t.Errorf("Delete(%q) succeeded", key)
		}
	}
}

func ranges(t *testing.T, s store.Store) {
	put(t, s, "digits", "0123456789")
	getRanges(t, s)
}

func getRanges(t *testing.T, s store.Store) {
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, 10, "0123456789"}, {3, 4, "3456"}, {-3, 3, "789"}, {-10, 2, "01"}, {10, 0, ""}, {0, 0, ""},
	} {
		got, err := s.GetRange(t.Context(), "digits", c.offset, c.length)
		if err != nil || string(got) != c.want {
			t.Errorf("GetRange(%d, %d) = %q, %v", c.offset, c.length, got, err)
		}
	}
	for _, c := range [][2]int64{{0, 11}, {10, 1}, {11, 0}, {-11, 1}, {-3, 4}, {0, -1}, {1 << 62, 1 << 62}, {0, 1 << 62}} {
		if _, err := s.GetRange(t.Context(), "digits", c[0], c[1]); !errors.Is(err, store.ErrRange) {
			t.Errorf("GetRange(%d, %d): %v", c[0], c[1], err)
		}
	}
}

func list(t *testing.T, s store.Store) {
	want := map[string]string{}
	for _, key := range []string{"zarr.json", "c/0/0", "c/0/1", "c/1/0", "c10/0", "d"} {
		put(t, s, key, key)
		want[key] = key
	}
	for _, prefix := range []string{"", "c", "c/", "c/0", "c/0/", "z", "nothing", "nothing/at/all"} {
		listed(t, s, prefix, want)
	}
	for range s.List(t.Context(), "") {
		break
	}
}

// listed checks what is listed of values.
func listed(t *testing.T, s store.Store, prefix string, values map[string]string) {
	t.Helper()
	got, want := map[string]int64{}, map[string]int64{}
	for e, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		got[e.Key] = e.Size
	}
	for key, value := range values {
		if strings.HasPrefix(key, prefix) {
			want[key] = int64(len(value))
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("List(%q) = %v, want %v", prefix, got, want)
	}
}

func names(t *testing.T, s store.Store) {
	for _, key := range []string{"zarr.json", "c/0/0", "c/0/1", "c/x", "c10/0", "d"} {
		put(t, s, key, key)
	}
	namesAre(t, s, "", "c/", "c10/", "d", "zarr.json")
	namesAre(t, s, "c/", "0/", "x")
	namesAre(t, s, "c/x/")
	namesAre(t, s, "nothing/at/")
	if got, err := (&store.Node{Store: s}).Names(t.Context(), 2); err != nil || len(got) != 2 {
		t.Errorf("two names: %q, %v", got, err)
	}
}

func namesAre(t *testing.T, s store.Store, prefix string, want ...string) {
	t.Helper()
	if got, err := (&store.Node{Store: s, Prefix: prefix}).Names(t.Context(), 100); err != nil || !slices.Equal(got, want) {
		t.Errorf("Names(%q) = %q, %v; want %q", prefix, got, err, want)
	}
}

// change counts without a lock of its own; no increment may be lost.
func change(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				err := store.Change(t.Context(), &store.Node{Store: s}, "n/counter", 100, nil, func(old []byte) ([]byte, error) { return append(old, 'x'), nil })
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	expect(t, s, "n/counter", strings.Repeat("x", 40))
	if err := store.Change(t.Context(), &store.Node{Store: s}, "n/counter", 10, nil, nil); !errors.Is(err, store.ErrRange) {
		t.Errorf("Change of too long a value: %v", err)
	}
	failure := errors.New("no")
	err := store.Change(t.Context(), &store.Node{Store: s}, "n/counter", 100, nil, func([]byte) ([]byte, error) { return []byte("y"), failure })
	if !errors.Is(err, failure) {
		t.Errorf("Change that fails: %v", err)
	}
	expect(t, s, "n/counter", strings.Repeat("x", 40))
	put(t, s, "n/empty", "")
	for key, there := range map[string]bool{"n/empty": true, "n/none": false} {
		err := store.Change(t.Context(), &store.Node{Store: s}, key, 100, nil, func(old []byte) ([]byte, error) {
			if (old != nil) != there {
				t.Errorf("Change of %s is given %v", key, old)
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("changed to none: %v", err)
		}
	}
}

// fence asks for a right that is had, and for one that is lost, in derived contexts as well.
func fence(t *testing.T, s store.Store) {
	lost := errors.New("the right is lost")
	asked := 0
	var right error
	ctx, cancel := context.WithCancel(store.WithFence(t.Context(), func() error {
		asked++
		return right
	}))
	defer cancel()
	write := func() map[string]error {
		return map[string]error{
			"Put": s.Put(ctx, "f/put", []byte("new")), "Put anew": s.Put(ctx, "f/none", []byte("new")), "Delete": s.Delete(ctx, "f/deleted"),
			"Change": store.Change(ctx, &store.Node{Store: s}, "f/changed", 100, nil, func([]byte) ([]byte, error) { return []byte("new"), nil }),
			"Wipe":   store.Wipe(ctx, s, slices.Values([]string{"f/wiped"})),
		}
	}
	values := map[string]string{"f/put": "old", "f/deleted": "old", "f/changed": "old", "f/wiped": "old"}
	for key, value := range values {
		put(t, s, key, value)
	}
	right = lost
	for what, err := range write() {
		if !errors.Is(err, lost) {
			t.Errorf("%s without the right: %v", what, err)
		}
	}
	listed(t, s, "", values)
	for key, value := range values {
		expect(t, s, key, value)
	}
	before := asked
	right = nil
	for what, err := range write() {
		if err != nil {
			t.Errorf("%s with the right: %v", what, err)
		}
	}
	if asked-before < 5 {
		t.Errorf("five writes asked %d times", asked-before)
	}
	listed(t, s, "", map[string]string{"f/put": "new", "f/none": "new", "f/changed": "new"})
}

func wipe(t *testing.T, s store.Store) {
	for i := range 30 {
		put(t, s, fmt.Sprintf("w/%d", i), "x")
	}
	put(t, s, "stays", "x")
	keys := slices.Values([]string{"w/0", "w/7", "w/29", "w/not there", "w/3"})
	if err := store.Wipe(t.Context(), s, keys); err != nil {
		t.Fatal(err)
	}
	left := 0
	for e, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if left++; e.Key == "w/7" {
			t.Error("w/7 is still there")
		}
	}
	if left != 27 {
		t.Errorf("%d values are left", left)
	}
}

// atomic reads while others write: always one of the values as a whole.
func atomic(t *testing.T, s store.Store) {
	value := func(b byte) []byte { return bytes.Repeat([]byte{b}, 10000+int(b)) }
	put(t, s, "c/k", string(value(1)))
	rounds := 50
	if _, remote := s.(store.Wiper); remote {
		rounds = 8
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers, readers sync.WaitGroup
	for g := range 4 {
		writers.Go(func() {
			for range rounds {
				if err := s.Put(t.Context(), "c/k", value(byte(g))); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for ctx.Err() == nil {
				v, err := s.Get(t.Context(), "c/k")
				if err != nil || len(v) == 0 || !bytes.Equal(v, value(v[0])) {
					t.Errorf("read a torn value of %d bytes, %v", len(v), err)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
	var keys []string
	for e, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	if !slices.Equal(keys, []string{"c/k"}) {
		t.Errorf("left behind: %v", keys)
	}
}

// lock counts under a lock; no increment may be lost.
func lock(t *testing.T, s store.Store) {
	l, ok := s.(store.Locker)
	if !ok {
		return
	}
	counters := map[string]int{"a/0": 0, "a/1": 0}
	var wg sync.WaitGroup
	for key := range counters {
		put(t, s, key, "")
		for range 4 {
			wg.Go(func() {
				for range 25 {
					unlock, err := l.Lock(t.Context(), "", key)
					if err != nil {
						t.Error(err)
						return
					}
					v, err := s.Get(t.Context(), key)
					if err == nil {
						err = s.Put(t.Context(), key, append(v, 'x'))
					}
					if unlock(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	for key := range counters {
		expect(t, s, key, strings.Repeat("x", 100))
	}
	unlock, err := l.Lock(t.Context(), "a/", "0")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Lock(ctx, "a/", "0"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a lock after cancellation: %v", err)
	}
}

func buffer(t *testing.T, s store.Store) {
	put(t, s, "digits", "0123456789")
	getBuffers(t, s)
}

func getBuffers(t *testing.T, s store.Store) {
	b, ok := s.(store.BufferGetter)
	if !ok {
		return
	}
	for _, buf := range [][]byte{nil, make([]byte, 3), make([]byte, 0, 10), make([]byte, 100)} {
		got, err := b.GetBuffer(t.Context(), "digits", buf, 10)
		if err != nil || string(got) != "0123456789" {
			t.Errorf("GetBuffer into %d of %d: %q, %v", len(buf), cap(buf), got, err)
		}
	}
	if _, err := b.GetBuffer(t.Context(), "digits", nil, 9); !errors.Is(err, store.ErrRange) {
		t.Errorf("GetBuffer with too low a limit: %v", err)
	}
	if _, err := b.GetBuffer(t.Context(), "w", nil, 9); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("GetBuffer of nothing: %v", err)
	}
}

func readCancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(ctx, "digits"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.GetRange(ctx, "digits", 1, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("GetRange: %v", err)
	}
}

func cancelled(t *testing.T, s store.Store) {
	put(t, s, "v", "x")
	put(t, s, "digits", "0123456789")
	readCancelled(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, "v", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	if err := s.Delete(ctx, "v"); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete: %v", err)
	}
	var last error
	for _, err := range s.List(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("List: %v", last)
	}
	expect(t, s, "v", "x")
}

// ownership changes what was put and what was got.
func ownership(t *testing.T, s store.Store) {
	value := []byte("abc")
	if err := s.Put(t.Context(), "v", value); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	got, err := s.Get(t.Context(), "v")
	if err != nil {
		t.Fatal(err)
	}
	got[1] = 'X'
	part, err := s.GetRange(t.Context(), "v", 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	part[2] = 'X'
	expect(t, s, "v", "abc")
}

// directories stores many values side by side and far down.
func directories(t *testing.T, s store.Store) {
	for i := range 20 {
		key := "c" + strings.Repeat(fmt.Sprintf("/%d", i), i+1)
		put(t, s, key, key)
		expect(t, s, key, key)
	}
}
