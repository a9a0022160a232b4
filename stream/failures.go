package stream

// A failureBook keeps what is told of a task's failed blocks: a run in which millions of them fail must not fill the
// memory with their errors, nor spend its time listing them.
type failureBook struct {
	blocks *Bitmap                      // selected ones that have failed
	list   []Failure                    // of the first ones, at most maxFailures; nil: to be made
	pages  map[int]int                  // failed blocks by page
	shared map[troubleGroupKey]*trouble // the records of those whose errors are not kept
}

func newFailureBook(blocks int64) failureBook {
	return failureBook{blocks: NewBitmap(blocks), pages: map[int]int{}, shared: map[troubleGroupKey]*trouble{}}
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
		f.blocks.Set(i)
		f.changed(i)
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
		f.blocks.Clear(i)
		f.changed(i)
	}
}

// changed has the list made anew when it tells, or lacks, a block.
func (f *failureBook) changed(i int64) {
	if n := len(f.list); n < maxFailures || i <= f.list[n-1].Block {
		f.list = nil
	}
}

// listFailures returns the failed blocks of the task by index, at most maxFailures of them. The slice is shared, and
// made anew when what it tells has changed.
func (t *taskBoard) listFailures() []Failure {
	f := &t.failures
	if f.list != nil || f.blocks.Count() == 0 {
		return f.list
	}
	f.list = make([]Failure, 0, min(f.blocks.Count(), maxFailures))
	for i, ok := f.blocks.Next(0); ok && len(f.list) < maxFailures; i, ok = f.blocks.Next(i + 1) {
		tried := t.troubles[i]
		failure := Failure{Task: t.Name, Block: i, WriteROI: t.Grid.At(i).WriteROI, Attempts: tried.attempts}
		if d := tried.failure; d != nil {
			failure.Error, failure.Worker, failure.Log, failure.Time = d.Error, d.Worker, d.Log, d.Time
		}
		f.list = append(f.list, failure)
	}
	return f.list
}
