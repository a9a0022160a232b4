package stream

import (
	"runtime"
	"testing"
)

// A task's sets take at most 4 bits a block, whatever order its blocks are done in, and next to nothing when they are
// done in order.
func TestBoardMemory(t *testing.T) {
	const side = 1500
	bits := func(fill func(*taskBoard)) float64 {
		before := liveHeap()
		b := newBoard(chain("r", grid(t, 0, side, side), grid(t, 1, side, side)), testPolicy())
		for _, task := range b.tasks {
			fill(task)
		}
		n := (liveHeap() - before) * 8 / (2 * side * side)
		runtime.KeepAlive(b)
		return n
	}
	scattered := bits(func(task *taskBoard) {
		for i := range int64(side * side) {
			switch i % 3 {
			case 0:
				task.done.Set(i)
				task.masked.Set(i)
			case 1:
				task.ready.Set(i)
			case 2:
				task.out.Set(i)
			}
		}
	})
	ordered := bits(func(task *taskBoard) {
		for i := range int64(side * side / 8) {
			task.foldDone(Ranges{{i, 1}}, false)
		}
	})
	t.Logf("bits a block and stage: %.2f scattered, %.3f in order", scattered, ordered)
	if scattered > 4.2 || ordered > 0.5 {
		t.Errorf("bits a block and stage: %.2f scattered, %.2f in order; 4 and next to nothing are allowed", scattered, ordered)
	}
}

// liveHeap returns the bytes of the heap that are in use, once what earlier tests have left is gone.
func liveHeap() float64 {
	var m runtime.MemStats
	for last := uint64(0); ; last = m.HeapAlloc {
		runtime.GC()
		runtime.ReadMemStats(&m)
		if m.HeapAlloc < last+4096 && last < m.HeapAlloc+4096 {
			return float64(m.HeapAlloc)
		}
	}
}
