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
	m.LeaveOut(8)
	m.LeaveOut(3)
	want := []State{Computed, Computed, Waiting, Masked, Masked, Tried, Failed, Masked, LeftOut, Waiting, Waiting, Waiting}
	for i, s := range m.blocks {
		if s != want[i] {
			t.Errorf("block %d is %v, want %v", i, s, want[i])
		}
	}
	if m.Count(Masked) != 3 || m.Count(Waiting) != 4 {
		t.Errorf("%d masked, %d waiting", m.Count(Masked), m.Count(Waiting))
	}
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
	if err := Write(&b, "segment", big, New("graph", geometry.Coordinate{1})); err != nil {
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
	check := func(want ...State) {
		t.Helper()
		for i, s := range want {
			if got := m.State(int64(i)); got != s {
				t.Errorf("block %d is %v, want %v", i, got, s)
			}
		}
	}
	check(Computed, Working, Working, Waiting, Waiting, Waiting, Waiting, Working)
	if n := m.Count(Working); n != 3 {
		t.Errorf("%d are in work", n)
	}
	m.SetWorking(nil)
	done, masked := stream.NewBitmap(8), stream.NewBitmap(8)
	done.Set(3)
	done.Set(4)
	masked.Set(4)
	m.SetDone("g", done, masked)
	check(Computed, Tried, Waiting, Computed, Masked, Waiting, Waiting, Waiting)
	m.SetDone("h", done, nil)
	check(Waiting, Waiting, Waiting, Computed, Computed, Waiting, Waiting, Waiting)
}
