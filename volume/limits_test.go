package volume

import (
	"testing"

	"pgregory.net/rapid"
)

// TestBlocks demands that blocks cover the box once, keep within half of the memory, and lie in one chunk where they are
// parts of chunks.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := func(name string, lo, hi int) []int {
			return rapid.SliceOfN(rapid.IntRange(lo, hi), 3, 3).Draw(t, name)
		}
		b := Box{lengths("offset", 0, 5), lengths("shape", 0, 9)}
		l := Limits{rapid.IntRange(1, 4).Draw(t, "workers"), int64(rapid.IntRange(8, 2000).Draw(t, "memory"))}
		chunk := lengths("chunk", 1, 12)
		blocks, workers := l.Blocks(chunk, b, 2, 1<<20, nil)
		seen := 0
		for p := range blocks {
			seen += p.Len()
			if n := int64(p.Len() * 2 * workers); n > l.Memory/2 {
				t.Fatalf("%d workers with %v, %d bytes of %d", workers, p, n, l.Memory)
			}
		}
		if seen != b.Len() {
			t.Fatalf("%d voxels of %d", seen, b.Len())
		}
	})
}
