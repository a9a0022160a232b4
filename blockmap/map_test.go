package blockmap

import (
	"bytes"
	"image/png"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/stream"
)

func event(kind, generation string, ranges ...stream.Range) stream.Event {
	return stream.Event{Kind: kind, Task: "t", Generation: generation, Blocks: ranges}
}

func TestStates(t *testing.T) {
	m := New("t", geometry.Coordinate{3, 4})
	other := event(stream.EventBlockDone, "g1", stream.Range{0, 12})
	other.Task = "u"
	for _, e := range []stream.Event{
		{Kind: stream.EventRunStarted},
		other,
		event(stream.EventBlockDone, "g0", stream.Range{0, 12}), // of an earlier generation
		event(stream.EventBlockDone, "g1", stream.Range{0, 3}),
		event(stream.EventBlockMasked, "g1", stream.Range{3, 2}, stream.Range{7, 1}),
		event(stream.EventBlockRetry, "g1", stream.Range{5, 1}),
		event(stream.EventBlockCrashed, "g1", stream.Range{6, 1}),
		event(stream.EventBlockFailed, "g1", stream.Range{6, 1}),
		event(stream.EventBlockCrashed, "g1", stream.Range{0, 1}), // late
		event(stream.EventBlockReopened, "g1", stream.Range{2, 2}),
		event(stream.EventBlockMasked, "g1", stream.Range{3, 1}),
		event(stream.EventBlockDone, "g1", stream.Range{-5, 5}, stream.Range{12, 100}),
	} {
		m.Take(e)
	}
	want := []State{Computed, Computed, Waiting, Masked, Masked, Tried, Failed, Masked, Waiting, Waiting, Waiting, Waiting}
	m.expect(t, want...)
	if n := m.Tally(); n[Masked] != 3 || n[Waiting] != 5 || n.Done() != 5 {
		t.Errorf("%v", n)
	}
	m.Take(stream.Event{Kind: stream.EventTaskStarted, Task: "u", Epoch: 1})
	m.expect(t, want...)
	m.Take(stream.Event{Kind: stream.EventTaskStarted, Task: "t", Epoch: 1}) // the next run tries again what failed
	want[6] = Tried
	m.expect(t, want...)
	m.Forget()
	if n := m.Tally(); n[Waiting] != 12 {
		t.Errorf("forgotten: %v", n)
	}
}

// expect demands states of the first blocks.
func (m *Map) expect(t *testing.T, want ...State) {
	t.Helper()
	for i, s := range want {
		if got := m.State(int64(i)); got != s {
			t.Errorf("block %d is %v, want %v", i, got, s)
		}
	}
}

// What a skip mask leaves out is told before or after what is done, and outlives generations; what is done is done.
func TestLeftOut(t *testing.T) {
	left, done := stream.NewBitmap(6), stream.NewBitmap(6)
	for _, i := range []int64{1, 3, 4} {
		left.Set(i)
	}
	done.Set(2)
	events := func(m *Map) {
		m.Take(event(stream.EventBlockDone, "g", stream.Range{0, 2}))
		m.Take(event(stream.EventBlockFailed, "g", stream.Range{4, 2}))
	}
	first, last := New("t", geometry.Coordinate{6}), New("t", geometry.Coordinate{6})
	first.LeaveOut(left)
	events(first)
	events(last)
	last.LeaveOut(left)
	for _, m := range []*Map{first, last} {
		m.expect(t, Computed, Computed, Waiting, LeftOut, LeftOut, Failed)
		if n := m.Tally(); n[LeftOut] != 2 || n[Failed] != 1 || n.Done() != 2 {
			t.Errorf("%v", n)
		}
		m.SetDone("h", done, nil)
		m.expect(t, Waiting, LeftOut, Computed, LeftOut, LeftOut, Waiting)
		m.Take(event(stream.EventBlockDone, "i", stream.Range{1, 1}))
		m.expect(t, Waiting, Computed, Waiting, LeftOut, LeftOut, Waiting)
		m.LeaveOut(nil)
		m.expect(t, Waiting, Computed, Waiting, Waiting, Waiting, Waiting)
	}
}

// A tally is what asking for each block tells, also where what workers have overlaps.
func TestTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 40).Draw(t, "blocks")
		ranges := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stream.Range {
			return stream.Range{rapid.Int64Range(-5, 45).Draw(t, "first"), rapid.Int64Range(1, 20).Draw(t, "length")}
		}), 0, 5)
		m := New("t", geometry.Coordinate{int(n)})
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			kind := rapid.SampledFrom(stream.EventKinds()).Draw(t, "kind")
			m.Take(event(kind, rapid.SampledFrom([]string{"g", "h"}).Draw(t, "generation"), ranges.Draw(t, "of")...))
		}
		if left := stream.NewBitmap(n); rapid.Bool().Draw(t, "skips") {
			left.Set(rapid.Int64Range(0, n-1).Draw(t, "left"))
			m.LeaveOut(left)
		}
		m.SetWorking(ranges.Draw(t, "working"))
		var want Tally
		for i := range n {
			want[m.State(i)]++
		}
		if got := m.Tally(); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// Every state has a colour of its own, and every block of any grid shows in the picture, alone or as the most remarkable
// of a cell; pictures keep within their bounds.
func TestPictures(t *testing.T) {
	colours := map[any]State{}
	for s := range states {
		if was, twice := colours[s.Colour()]; twice {
			t.Errorf("%v and %v have one colour", was, s)
		}
		colours[s.Colour()] = s
	}
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 4).Draw(t, "dims")
		most := []int{0, 5000, 400, 40, 12}[dims]
		m := New("t", rapid.SliceOfN(rapid.IntRange(1, most), dims, dims).Draw(t, "counts"))
		failed := rapid.IntRange(0, len(m.blocks)-1).Draw(t, "failed")
		m.Take(event(stream.EventBlockMasked, "g", stream.Range{0, int64(len(m.blocks))}))
		m.blocks[failed] = Failed
		img := m.draw()
		if size := img.Rect.Size(); size.X > widest || size.Y > tallest {
			t.Fatalf("%v blocks: a picture of %v", m.counts, size)
		}
		seen := map[State]int{}
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				seen[colours[img.RGBAAt(x, y)]]++
			}
		}
		p := m.layout()
		each := max(1, p.pixels*p.pixels)
		if p.pixels > 3 {
			each = (p.pixels - 1) * (p.pixels - 1)
		}
		if seen[Failed] != each || p.stride == 1 && seen[Masked] != (len(m.blocks)-1)*each {
			t.Fatalf("%v blocks, %+v: %v", m.counts, p, seen)
		}
	})
}

func TestWrite(t *testing.T) {
	big := New("a task with a long name", geometry.Coordinate{100, 100, 100})
	big.Take(stream.Event{Kind: stream.EventBlockMasked, Task: "a task with a long name", Blocks: stream.Ranges{{0, 500000}}})
	var b bytes.Buffer
	if err := Write(&b, "segment", big, New("graph", geometry.Coordinate{1}), New("none", geometry.Coordinate{3, 0, 2})); err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(&b); err != nil || img.Bounds().Dx() > widest+2*margin {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
}

// Blocks in work show as such until something is known of them; what a record tells is added to what events have told, unless
// it is of another generation.
func TestWorkAndRecords(t *testing.T) {
	m := New("t", geometry.Coordinate{8})
	m.Take(event(stream.EventBlockDone, "g", stream.Range{0, 1}))
	m.Take(event(stream.EventBlockRetry, "g", stream.Range{1, 1}))
	m.SetWorking(stream.Ranges{{-3, 6}, {7, 100}, {200, 1}})
	m.expect(t, Computed, Working, Working, Waiting, Waiting, Waiting, Waiting, Working)
	if n := m.Tally()[Working]; n != 3 {
		t.Errorf("%d are in work", n)
	}
	m.SetWorking(nil)
	done, masked := stream.NewBitmap(8), stream.NewBitmap(8)
	done.Set(3)
	done.Set(4)
	masked.Set(4)
	m.SetDone("g", done, masked)
	m.expect(t, Computed, Tried, Waiting, Computed, Masked, Waiting, Waiting, Waiting)
	m.SetDone("h", done, nil)
	m.expect(t, Waiting, Waiting, Waiting, Computed, Computed, Waiting, Waiting, Waiting)
}
