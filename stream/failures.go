package stream

import "slices"

// A failureBook keeps what is told of a task's failed blocks: a run in which millions of them fail must not fill the
// memory with their errors, nor spend its time listing them.
type failureBook struct {
	first  []int64                      // the lowest failed blocks, in order, at most maxFailures
	lacks  bool                         // there are others that may be lower than the last of first
	list   []Failure                    // of first; nil: to be made
	pages  map[int]int                  // failed blocks by page
	shared map[troubleGroupKey]*trouble // the records of those whose errors are not kept
}

func newFailureBook() failureBook {
	return failureBook{pages: map[int]int{}, shared: map[troubleGroupKey]*trouble{}}
}

// noteFailed takes in that a block has failed. Its error is kept while there are few.
func (t *taskBoard) noteFailed(i int64) {
	f := &t.failures
	page := int(i / PageBits)
	f.pages[page]++
	if tried := t.troubles[i]; t.nFailed >= maxFailures && f.pages[page] > maxPageDetails {
		key := tried.key()
		if f.shared[key] == nil {
			f.shared[key] = &trouble{attempts: tried.attempts, crashes: tried.crashes, pardoned: tried.pardoned, failed: true, shared: true}
		}
		t.troubles[i] = f.shared[key]
	}
	if t.selected(i) {
		t.nFailed++
		f.add(i)
	}
}

// unnoteFailed takes in that a block no longer counts as failed.
func (t *taskBoard) unnoteFailed(i int64) {
	f := &t.failures
	page := int(i / PageBits)
	if f.pages[page]--; f.pages[page] == 0 {
		delete(f.pages, page)
	}
	if t.selected(i) {
		t.nFailed--
		f.remove(i)
	}
}

func (f *failureBook) add(i int64) {
	at, known := slices.BinarySearch(f.first, i)
	if known || at == maxFailures || f.lacks && at == len(f.first) {
		return // not told, or told when the list is made up
	}
	if len(f.first) == maxFailures {
		f.first = f.first[:maxFailures-1]
	}
	f.first = slices.Insert(f.first, at, i)
	f.list = nil
}

func (f *failureBook) remove(i int64) {
	at, known := slices.BinarySearch(f.first, i)
	if !known {
		return
	}
	f.lacks = f.lacks || len(f.first) == maxFailures
	f.first = slices.Delete(f.first, at, at+1)
	f.list = nil
}

// allFailed returns the selected blocks of the task that have failed, in order.
func (t *taskBoard) allFailed() []int64 {
	failed := make([]int64, 0, t.nFailed)
	for i, tried := range t.troubles {
		if tried.failed && t.selected(i) {
			failed = append(failed, i)
		}
	}
	slices.Sort(failed)
	return failed
}

// listFailures returns the failed blocks of the task by index, at most maxFailures of them. The slice is shared, and
// made anew when what it tells has changed.
func (t *taskBoard) listFailures() []Failure {
	f := &t.failures
	if f.lacks {
		all := t.allFailed()
		f.first, f.lacks, f.list = slices.Clone(all[:min(len(all), maxFailures)]), false, nil
	}
	if f.list != nil || len(f.first) == 0 {
		return f.list
	}
	f.list = make([]Failure, 0, len(f.first))
	for _, i := range f.first {
		tried := t.troubles[i]
		failure := Failure{Task: t.Name, Block: i, WriteROI: t.Grid.At(i).WriteROI, Attempts: tried.attempts}
		if d := tried.failure; d != nil {
			failure.Error, failure.Worker, failure.Log, failure.Time = d.Error, d.Worker, d.Log, d.Time
		}
		f.list = append(f.list, failure)
	}
	return f.list
}
