package stream

import "slices"

// Consumption finds the blocks whose output nobody needs any more: those that are done and that every block which reads
// them, of the whole grid of every task in Task.Consumers and not only of what this run has selected, has been done
// with. They are handed to TrackerOptions.Consumed once that is stored.
//
// What is owed, consumed and perhaps not handed over yet, is recorded by pages before the done bits that make it so: a
// tracker that takes over looks at the blocks of those pages and no others. Where there is no record yet, it looks at
// all. Handing a block over twice must be harmless.
type consumption struct {
	writers map[*taskBoard]*consumedTask
	readers map[*taskBoard][]*consumedLink
	erasing eraser
}

// A consumedTask is a task whose output is consumed.
type consumedTask struct {
	*taskBoard
	whole []axis // of all of its blocks
	links []*consumedLink

	noted     []int64       // blocks that may be consumed now: one that reads them was done, or they were
	unscanned *Bitmap       // pages all of whose blocks may be consumed
	owing     *Bitmap       // pages that may hold blocks consumed and not handed over, as it is to be recorded
	owed      map[int]int64 // by page: blocks on their way to being handed over
	taken     *Bitmap       // blocks found by collect, on their way or handed over
	revision  uint64        // of the record
	recorded  bool          // the record says what owing does
}

// A consumedLink leads from a task whose output is consumed to one that reads it.
type consumedLink struct {
	writer *consumedTask
	reader *taskBoard
	whole  []axis // of all blocks of the reader
	all    bool   // its blocks read everything
}

// mostNoted bounds the blocks noted one by one; beyond it, whole pages are.
const mostNoted = 1 << 16

// newConsumption returns what is to be found on a board, nil when nothing is.
func newConsumption(b *board) *consumption {
	c := &consumption{writers: map[*taskBoard]*consumedTask{}, readers: map[*taskBoard][]*consumedLink{}}
	for _, t := range b.tasks {
		if len(t.Consumers) == 0 {
			continue
		}
		pages := int64(t.done.Pages())
		w := &consumedTask{taskBoard: t, whole: wholeAxes(t.Task), unscanned: NewBitmap(pages), owing: NewBitmap(pages),
			owed: map[int]int64{}, taken: NewBitmap(t.done.Len())}
		for _, name := range t.Consumers {
			r := b.byName[name]
			l := &consumedLink{writer: w, reader: r, whole: wholeAxes(r.Task), all: slices.Contains(r.Upstream, Dependency{Task: t.Name, All: true})}
			w.links = append(w.links, l)
			c.readers[r] = append(c.readers[r], l)
		}
		w.suspectAll()
		c.writers[t] = w
	}
	if len(c.writers) == 0 {
		return nil
	}
	c.erasing.results, c.erasing.most, c.erasing.room = make(chan eraseResult, 1), jobBlocks, mostJobs
	return c
}

// wholeAxes returns the axes of all of a task's blocks.
func wholeAxes(t Task) []axis {
	t.Select = t.Grid.All()
	return newAxes(t)
}

// suspectAll notes every block.
func (w *consumedTask) suspectAll() {
	for page := range w.unscanned.Len() {
		w.unscanned.Set(page)
		w.owing.Set(page)
	}
	w.recorded = false
}

// note takes in that blocks of a task have just been done.
func (c *consumption) note(t *taskBoard, ranges Ranges) {
	if c == nil {
		return
	}
	if w := c.writers[t]; w != nil {
		for _, r := range ranges {
			w.suspect(r)
		}
	}
	for _, l := range c.readers[t] {
		if l.all {
			if t.done.Count() == t.done.Len() {
				l.writer.suspectAll()
			}
			continue
		}
		for _, r := range ranges {
			l.eachRead(r)
		}
	}
}

// suspect notes blocks of the task that may be consumed now.
func (w *consumedTask) suspect(r Range) {
	for i := r.First(); i < r.End(); i++ {
		w.noted = append(w.noted, i)
	}
	if len(w.noted) >= mostNoted {
		w.spill()
	}
}

// spill notes pages instead of blocks.
func (w *consumedTask) spill() {
	if len(w.noted) == 0 {
		return
	}
	for _, i := range w.noted {
		w.unscanned.Set(i / PageBits)
		w.owing.Set(i / PageBits)
	}
	w.noted = w.noted[:0]
	w.recorded = false
}

// eachRead notes the blocks that a range of the reader's blocks reads.
func (l *consumedLink) eachRead(r Range) {
	last := len(l.whole) - 1
	rowLength := l.reader.done.Len()
	if last > 0 {
		rowLength = l.reader.strides[last-1]
	}
	for i := r.First(); i < r.End(); {
		at := l.reader.position(i)
		count := min(r.End()-i, rowLength-int64(at[last]))
		var box rows
		box.last = last
		for d := range l.whole {
			begin, end := l.whole[d].reads(at[d])
			if d == last {
				_, end = l.whole[d].reads(at[d] + int(count) - 1)
			}
			box.lo[d], box.hi[d] = l.writer.whole[d].writers(begin, end)
		}
		l.writer.suspectRows(&box)
		i += count
	}
}

func (w *consumedTask) suspectRows(box *rows) {
	if box.empty() {
		return
	}
	box.at = box.lo
	for more := true; more; more = box.next() {
		w.suspect(Range{w.index(&box.at), int64(box.length())})
	}
}

// take reports whether a block is consumed and was not taken before.
func (w *consumedTask) take(i int64) bool {
	return !w.taken.Get(i) && w.consumed(i) && w.taken.Set(i)
}

// consumed reports whether a block is done, and read, by all that ever will. A block that nobody reads is never consumed.
func (w *consumedTask) consumed(i int64) bool {
	if !w.done.Get(i) {
		return false
	}
	at := w.position(i)
	read := false
	for _, l := range w.links {
		any, all := l.read(&at)
		if !all {
			return false
		}
		read = read || any
	}
	return read
}

// read reports whether any block reads the one at a position, and whether all that do are done.
func (l *consumedLink) read(at *position) (any, all bool) {
	if l.all {
		return l.reader.done.Len() > 0, l.reader.done.Count() == l.reader.done.Len()
	}
	var box rows
	box.last = len(l.whole) - 1
	for d := range l.whole {
		begin, end := l.writer.whole[d].writes(at[d])
		box.lo[d], box.hi[d] = l.whole[d].readers(begin, end)
	}
	if box.empty() {
		return false, true
	}
	box.at = box.lo
	for more := true; more; more = box.next() {
		if !l.reader.done.All(l.reader.index(&box.at), int64(box.length())) {
			return true, false
		}
	}
	return true, true
}

// An eraseJob is blocks of one task to be handed over.
type eraseJob struct {
	writer *consumedTask
	blocks Ranges
}

// jobBlocks bounds the blocks handed over at once.
const jobBlocks = 1024

// collect returns the blocks that are consumed by the bits on the board, which the caller is about to store. It looks at
// about budget blocks of pages that were suspected as a whole. As long as many are on their way it looks at none, and
// remembers pages only.
func (c *consumption) collect(budget int64) []eraseJob {
	if c == nil {
		return nil
	}
	var jobs []eraseJob
	for _, w := range c.writers {
		if c.erasing.full() {
			w.spill()
			continue
		}
		var found Ranges
		slices.Sort(w.noted)
		for _, i := range slices.Compact(w.noted) {
			if w.take(i) {
				found = found.Append(i)
			}
		}
		w.noted = w.noted[:0]
		found = w.scan(found, &budget)
		for _, r := range found {
			w.owe(r, 1)
		}
		jobs = append(jobs, w.split(found, c.erasing.most)...)
	}
	return jobs
}

// scan looks at pages that were suspected as a whole, as long as the budget of blocks lasts.
func (w *consumedTask) scan(found Ranges, budget *int64) Ranges {
	for *budget > 0 {
		page, ok := w.unscanned.Next(0)
		if !ok {
			break
		}
		w.unscanned.Clear(page)
		end := min((page+1)*PageBits, w.done.Len())
		any := false
		for i, ok := w.done.Next(page * PageBits); ok && i < end; i, ok = w.done.Next(i + 1) {
			*budget--
			if w.take(i) {
				found, any = found.Append(i), true
			}
		}
		if !any {
			w.settlePage(int(page))
		}
	}
	return found
}

// split cuts ranges into jobs of so many blocks at most.
func (w *consumedTask) split(found Ranges, most int64) []eraseJob {
	var jobs []eraseJob
	room := int64(0)
	for _, r := range found {
		for r.Count() > 0 {
			if room == 0 {
				jobs, room = append(jobs, eraseJob{writer: w}), most
			}
			n := min(r.Count(), room)
			job := &jobs[len(jobs)-1]
			job.blocks = append(job.blocks, Range{r.First(), n})
			r, room = Range{r.First() + n, r.Count() - n}, room-n
		}
	}
	return jobs
}

// owe notes that blocks are on their way to being handed over (sign 1), or have arrived (−1).
func (w *consumedTask) owe(r Range, sign int64) {
	for i := r.First(); i < r.End(); {
		page := i / PageBits
		n := min(r.End(), (page+1)*PageBits) - i
		if w.owed[int(page)] += sign * n; w.owed[int(page)] == 0 {
			delete(w.owed, int(page))
		}
		if sign > 0 && w.owing.Set(page) {
			w.recorded = false
		} else if sign < 0 {
			w.settlePage(int(page))
		}
		i += n
	}
}

// settlePage takes a page off the record when nothing of it is owed.
func (w *consumedTask) settlePage(page int) {
	if w.owed[page] == 0 && !w.unscanned.Get(int64(page)) && w.owing.Clear(int64(page)) {
		w.recorded = false
	}
}

// takeBack undoes collect: what made the blocks consumed could not be stored.
func (c *consumption) takeBack(jobs []eraseJob) {
	for _, job := range jobs {
		for _, r := range job.blocks {
			for i := r.First(); i < r.End(); i++ {
				job.writer.taken.Clear(i)
			}
			job.writer.suspect(r)
			job.writer.owe(r, -1)
		}
	}
}

// record returns what of the record has changed.
func (c *consumption) record() []pageWrite {
	if c == nil {
		return nil
	}
	var writes []pageWrite
	for t, w := range c.writers {
		if w.recorded {
			continue
		}
		w.recorded = true
		r := owedRecord{Consumers: t.Consumers, Pages: Ranges{}}
		for page, ok := w.owing.Next(0); ok; page, ok = w.owing.Next(page + 1) {
			r.Pages = r.Pages.Append(page)
		}
		writes = append(writes, pageWrite{task: t.Name, kind: pageOwed, key: keyOwed(t.Name, t.Generation), data: encode(r), revision: w.revision})
	}
	return writes
}

// An owedRecord is what is stored of a task whose output is consumed: pages that may hold consumed blocks which were not
// handed over. It is of no use when others have read the output since.
type owedRecord struct {
	Consumers []string `json:"consumers"`
	Pages     Ranges   `json:"pages"`
}

// load takes in the record that an earlier tracker has left.
func (w *consumedTask) load(r owedRecord, revision uint64) {
	w.revision = revision
	if !slices.Equal(r.Consumers, w.Consumers) {
		return
	}
	w.unscanned, w.owing = NewBitmap(w.unscanned.Len()), NewBitmap(w.owing.Len())
	for _, p := range r.Pages {
		for page := max(p.First(), 0); page < min(p.End(), w.owing.Len()); page++ {
			w.unscanned.Set(page)
			w.owing.Set(page)
		}
	}
	w.recorded = true
}

// stored takes in whether a record was written.
func (c *consumption) stored(t *taskBoard, p pageWrite) {
	w := c.writers[t]
	if p.stored {
		w.revision = p.revision
	} else {
		w.recorded = false
	}
}

// scanBudget is how many blocks of suspected pages one collect looks at, besides those noted one by one.
const scanBudget = 1 << 15

// collectConsumed returns the blocks that the bits now on the board make consumed. all means that nothing else is being
// done meanwhile: it may take longer, but not so long that a request to stop is not heard.
func (l *life) collectConsumed(all bool) []eraseJob {
	budget := int64(scanBudget)
	if all {
		budget *= 8
	}
	return l.consumed.collect(budget)
}

// suspects reports whether blocks are noted that nobody has looked at.
func (c *consumption) suspects() bool {
	for _, w := range c.writers {
		if len(w.noted) > 0 || w.unscanned.Count() > 0 {
			return true
		}
	}
	return false
}
