package stream

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is told of failed blocks are the first ones, whatever order they fail in, are pardoned or turn out to be done.
func TestFailureList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const n = 3000
		task := newBoard(chain("r", grid(t, 0, n)), testPolicy()).tasks[0]
		failed := map[int64]bool{}
		fail := func(i int64) {
			task.out.Set(i)
			r := task.tried(i)
			r.attempts, r.failure = 3, &failureDetail{Error: fmt.Sprint("error of ", i)}
			task.tryAgain(i, r, true, time.Time{})
			failed[i] = true
		}
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			from, count := rapid.Int64Range(0, n-1).Draw(rt, "from"), rapid.Int64Range(1, n).Draw(rt, "count")
			step := rapid.Int64Range(1, 3).Draw(rt, "step")
			what := rapid.SampledFrom([]string{"fail", "fail down", "pardon", "done"}).Draw(rt, "what")
			for k := range count {
				i := (from + k*step) % n
				if what == "fail down" {
					i = n - 1 - i
				}
				switch {
				case what[0] == 'f' && !failed[i] && !task.done.Get(i):
					fail(i)
				case what == "pardon" && failed[i]:
					task.pardon(i, time.Unix(0, 0))
					delete(failed, i)
				case what == "done" && failed[i]:
					task.foldDone(Ranges{{i, 1}}, false)
					delete(failed, i)
				}
			}
			checkFailures(rt, task, failed)
		}
		again := newBoard(chain("r", grid(t, 0, n)), testPolicy()).tasks[0]
		if err := again.decodeTroubles(task.encodeTroubles(0)); err != nil {
			rt.Fatal(err)
		}
		checkFailures(rt, again, failed)
	})
}

func checkFailures(rt *rapid.T, task *taskBoard, failed map[int64]bool) {
	var want []int64
	for i := range failed {
		want = append(want, i)
	}
	slices.Sort(want)
	var got []int64
	for _, f := range task.listFailures() {
		got = append(got, f.Block)
		if f.Attempts != 3 || f.Error != "" && f.Error != fmt.Sprint("error of ", f.Block) {
			rt.Fatalf("block %d is told as %+v", f.Block, f)
		}
	}
	if !slices.Equal(got, want[:min(len(want), maxFailures)]) || task.nFailed != int64(len(want)) {
		rt.Fatalf("%d blocks are told of %d, not the first of %d", len(got), task.nFailed, len(want))
	}
}

// Millions of failed blocks neither fill the memory nor take the time.
func TestManyFailures(t *testing.T) {
	const n = 200_000
	before := liveHeap()
	b := newBoard(chain("r", grid(t, 0, n)), testPolicy())
	task := b.tasks[0]
	began := time.Now()
	for i := range int64(n) {
		task.out.Set(i)
		c := completion{Task: "a", Attempt: 1, Failed: []fails{{Block: i, Error: fmt.Sprint("error of ", i), Permanent: true}}}
		if _, err := b.fold(c, began); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 && len(task.listFailures()) > maxFailures {
			t.Fatal("too many are told")
		}
	}
	each := (liveHeap() - before) / n
	t.Logf("%.0f bytes a failed block, %v in all", each, time.Since(began))
	if each > 64 || task.nFailed != n {
		t.Errorf("%.0f bytes a failed block, of %d", each, task.nFailed)
	}
}

// Failed blocks that come to be done one after the other do not have all others looked through each time.
func TestManyFailuresEnd(t *testing.T) {
	const n = 300_000
	task := newBoard(chain("r", grid(t, 0, n)), testPolicy()).tasks[0]
	for i := range int64(n) {
		task.out.Set(i)
		r := task.tried(i)
		r.attempts, r.failure = 1, &failureDetail{Error: "no"}
		task.tryAgain(i, r, true, time.Time{})
	}
	began := time.Now()
	for i := range int64(1000) {
		task.foldDone(Ranges{{i, 1}}, false)
		if list := task.listFailures(); len(list) != maxFailures || list[0].Block != i+1 {
			t.Fatalf("after block %d: %d are told from %d", i, len(list), list[0].Block)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("listing what has failed took %v", took)
	}
}
