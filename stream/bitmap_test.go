package stream

import (
	"testing"

	"pgregory.net/rapid"
)

// A Bitmap behaves as a slice of bools, at and around the borders of words and pages.
func TestBitmapIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int64{1, 63, 64, 65, PageBits - 1, PageBits, PageBits + 1, 2*PageBits + 77}).Draw(t, "n")
		b, set := NewBitmap(n), make([]bool, n)
		index := rapid.Int64Range(0, n-1)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			first := index.Draw(t, "first")
			count := rapid.Int64Range(1, n-first).Draw(t, "count")
			put := rapid.Bool().Draw(t, "put")
			for i := first; i < first+count; i++ {
				changed := set[i] != put
				if put && b.Set(i) != changed || !put && b.Clear(i) != changed {
					t.Fatalf("index %d: change not reported rightly", i)
				}
				set[i] = put
			}
		}
		compareBitmap(t, b, set)
		copied := NewBitmap(n)
		for page := range b.Pages() {
			if err := copied.DecodePage(page, b.EncodePage(page)); err != nil {
				t.Fatal(err)
			}
		}
		compareBitmap(t, copied, set)
		if len(copied.Dirty()) != 0 {
			t.Fatal("what was just loaded is dirty")
		}
	})
}

func compareBitmap(t *rapid.T, b *Bitmap, set []bool) {
	t.Helper()
	count, next := int64(0), int64(0)
	for i, in := range set {
		if b.Get(int64(i)) != in {
			t.Fatalf("Get(%d) is not %v", i, in)
		}
		if !in {
			continue
		}
		count++
		if at, ok := b.Next(next); !ok || at != int64(i) {
			t.Fatalf("Next(%d) is %d, %v, not %d", next, at, ok, i)
		}
		next = int64(i) + 1
	}
	if at, ok := b.Next(next); ok {
		t.Fatalf("Next(%d) is %d beyond the last", next, at)
	}
	if b.Count() != count {
		t.Fatalf("Count is %d, not %d", b.Count(), count)
	}
	first := rapid.Int64Range(0, b.Len()-1).Draw(t, "first")
	n := rapid.Int64Range(0, b.Len()-first).Draw(t, "n")
	inside := int64(0)
	for _, in := range set[first : first+n] {
		if in {
			inside++
		}
	}
	if b.CountRange(first, n) != inside || b.All(first, n) != (inside == n) {
		t.Fatalf("[%d, +%d) holds %d: CountRange %d, All %v", first, n, inside, b.CountRange(first, n), b.All(first, n))
	}
}

func TestBitmapPagesAreDirtyOnce(t *testing.T) {
	b := NewBitmap(3 * PageBits)
	b.Set(PageBits)
	b.Set(3*PageBits - 1)
	if d := b.Dirty(); len(d) != 2 || d[0] != 1 || d[1] != 2 {
		t.Errorf("dirty: %v", d)
	}
	b.Clean(1)
	b.Set(PageBits) // is in the set already
	if d := b.Dirty(); len(d) != 1 || d[0] != 2 {
		t.Errorf("dirty: %v", d)
	}
}

func TestDecodePageRefusesDamage(t *testing.T) {
	b := NewBitmap(100)
	beyond := make([]byte, pageBytes)
	beyond[13] = 1 // index 104
	for name, data := range map[string][]byte{"short": {1, 2, 3}, "empty": {}, "beyond": beyond} {
		if b.DecodePage(0, data) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if b.DecodePage(1, make([]byte, pageBytes)) == nil {
		t.Error("page 1 of 1: no error")
	}
	if b.Count() != 0 {
		t.Error("damage changed the set")
	}
}

func FuzzDecodePage(f *testing.F) {
	f.Add([]byte{1})
	f.Add(make([]byte, pageBytes))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := NewBitmap(PageBits/2 + 3)
		if b.DecodePage(0, data) == nil && b.Count() > b.Len() {
			t.Errorf("%d of %d", b.Count(), b.Len())
		}
	})
}
