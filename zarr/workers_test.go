package zarr

import (
	"context"
	"errors"
	"iter"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"volara/nd"
	"volara/zarr/store"
)

// TestWorkers runs loops inside loops: everything is done once, by no more goroutines than there are.
func TestWorkers(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5} {
		w := newWorkers(n)
		var running, most atomic.Int32
		var done [20][30]atomic.Int32
		for range 3 {
			err := w.each(t.Context(), len(done), func(ctx context.Context, i int) error {
				return w.each(ctx, len(done[i]), func(_ context.Context, j int) error {
					if now := running.Add(1); now > most.Load() {
						most.Store(now)
					}
					done[i][j].Add(1)
					running.Add(-1)
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range done {
			for j := range done[i] {
				if got := done[i][j].Load(); got != 3 {
					t.Fatalf("%d workers: %d, %d was done %d times", n, i, j, got)
				}
			}
		}
		if int(most.Load()) > max(n, 1) || len(w.idle) != cap(w.idle) {
			t.Errorf("%d workers: %d ran at once, %d of %d are idle", n, most.Load(), len(w.idle), cap(w.idle))
		}
	}
}

// TestWorkersApart demands that everything is done once and that what begins one after the other lies in different runs.
func TestWorkersApart(t *testing.T) {
	for _, parts := range []int{1, 2, 3, 8} {
		for n := range 50 {
			var done []int
			w := newWorkers(parts)
			var mu sync.Mutex
			err := w.apart(t.Context(), n, func(_ context.Context, i int) error {
				mu.Lock()
				defer mu.Unlock()
				done = append(done, i)
				return nil
			})
			slices.Sort(done)
			if err != nil || !slices.Equal(done, slices.Collect(seq(n))) {
				t.Fatalf("%d workers: of 0 to %d these were done: %v (%v)", parts, n, done, err)
			}
			for i := 1; i < n; i++ {
				near := dealt(i, n, parts) - dealt(i-1, n, parts)
				if parts > 1 && n >= 3*parts && i%parts > 0 && near < n/parts {
					t.Fatalf("%d parts: %d comes after %d", parts, dealt(i, n, parts), dealt(i-1, n, parts))
				}
			}
		}
	}
}

// seq counts from 0 to n-1.
func seq(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestWorkersStop makes one of many fail, or panic: the others hear of it, no more begin, and helpers come back.
func TestWorkersStop(t *testing.T) {
	wrong := errors.New("wrong")
	for _, n := range []int{1, 4} {
		w := newWorkers(n)
		var begun atomic.Int32
		err := w.each(t.Context(), 1000, func(ctx context.Context, i int) error {
			begun.Add(1)
			if i == 3 {
				return wrong
			}
			if i > 3 {
				<-ctx.Done()
			}
			return nil
		})
		if !errors.Is(err, wrong) || begun.Load() > 10 {
			t.Errorf("%d workers: %v after %d began", n, err, begun.Load())
		}
		func() {
			defer func() {
				if p := recover(); p == nil || n > 1 && !strings.Contains(p.(string), "oh") {
					t.Errorf("%d workers: panicked with %v", n, p)
				}
			}()
			var together sync.WaitGroup
			together.Add(n)
			w.each(t.Context(), n, func(context.Context, int) error { //nolint:errcheck // it panics
				together.Done()
				together.Wait()
				panic("oh")
			})
		}()
		if len(w.idle) != cap(w.idle) {
			t.Errorf("%d workers: %d of %d are idle", n, len(w.idle), cap(w.idle))
		}
	}
}

// TestHelpersEndBeforeAPanic makes the caller's own call panic while a helper writes: it has ended when the panic goes on.
func TestHelpersEndBeforeAPanic(t *testing.T) {
	w := newWorkers(2)
	var writing atomic.Bool
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Error(p)
			}
			if writing.Load() {
				t.Error("a helper still writes")
			}
		}()
		helps := make(chan struct{})
		w.each(t.Context(), 2, func(ctx context.Context, i int) error { //nolint:errcheck // it panics
			if !inHelper() {
				<-helps
				panic("oh")
			}
			writing.Store(true)
			defer writing.Store(false)
			close(helps)
			<-ctx.Done()
			time.Sleep(10 * time.Millisecond) // what it has begun
			return ctx.Err()
		})
	}()
	if len(w.idle) != cap(w.idle) {
		t.Errorf("%d of %d are idle", len(w.idle), cap(w.idle))
	}
}

// inHelper reports whether the caller runs in a goroutine of a loop's own.
func inHelper() bool { return strings.Contains(string(debug.Stack()), "(*loop).help") }

// TestHelpersAreShared reads from many goroutines at once, through one cache that holds less than they want.
func TestHelpersAreShared(t *testing.T) {
	spec := Spec{Shape: []int{64, 64}, Chunks: []int{8, 8}, Shards: []int{32, 32}, DType: nd.Uint16}
	a, err := CreateStore(t.Context(), store.NewMemory(), "", spec, Helped(NewHelpers(3)))
	if err != nil {
		t.Fatal(err)
	}
	want := count(64, 64)
	if err := a.Write(t.Context(), []int{0, 0}, want); err != nil {
		t.Fatal(err)
	}
	const limit = 10 * 8 * 8 * 2
	c := NewCache(limit)
	cached := a.With(Cached(c))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 20 {
				at, shape := []int{(7*i + 3*j) % 40, (5*i + 11*j) % 40}, []int{24, 20}
				got, err := cached.Read(t.Context(), at, shape)
				if err != nil || string(got.Bytes()) != string(want.Crop(at, shape).Bytes()) {
					t.Errorf("box %v+%v: %v", at, shape, err)
					return
				}
				if kept := c.Bytes(); kept > limit {
					t.Errorf("%d bytes are kept", kept)
				}
			}
		})
	}
	wg.Wait()
	if c.coming != 0 {
		t.Errorf("%d bytes are still on their way", c.coming)
	}
}

// TestCacheMakesRoomFirst looks at what is kept while a chunk is on its way in.
func TestCacheMakesRoomFirst(t *testing.T) {
	c := NewCache(100)
	get := func(object string, size int, fill func([]byte) error) []byte {
		data, err := c.get(t.Context(), cacheKey{"a", object, pieceKey{}}, size, filled(size, fill))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	nothing := func([]byte) error { return nil }
	get("0", 60, nothing)
	get("1", 60, func([]byte) error {
		if c.Bytes() != 0 {
			t.Errorf("%d bytes are kept beside 60 that are decoded", c.Bytes())
		}
		return nil
	})
	// What is written while it is on its way in is not kept, and not given to who comes after that.
	get("2", 10, func(dst []byte) error {
		dst[0] = 1
		c.forget("a", "2")
		if now := get("2", 10, func(dst []byte) error { dst[0] = 2; return nil }); now[0] != 2 {
			t.Error("a reader got what was read before the write")
		}
		return nil
	})
	if now := get("2", 10, nothing); now[0] != 2 {
		t.Error("what was read before the write is kept")
	}
}
