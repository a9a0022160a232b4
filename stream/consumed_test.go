package stream

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A consumer is a tracker's part in consumption, without JetStream: what is on its board, and what is stored.
type consumer struct {
	plan   Plan
	board  *board
	c      *consumption
	kept   map[string]map[int64]bool // done, as stored
	record map[string]owedRecord     // as stored
	later  []completion              // folded and not stored
	handed map[string]map[int64]bool
	room   int // jobs that may wait
}

func newConsumer(p Plan) *consumer {
	s := &consumer{plan: p, room: mostJobs, kept: map[string]map[int64]bool{}, record: map[string]owedRecord{}, handed: map[string]map[int64]bool{}}
	for _, t := range p.Tasks {
		s.kept[t.Name], s.handed[t.Name] = map[int64]bool{}, map[int64]bool{}
	}
	s.begin()
	return s
}

// begin loads what is stored, as a tracker does that takes over.
func (s *consumer) begin() {
	s.board = newBoard(s.plan, testPolicy())
	s.c = newConsumption(s.board)
	s.c.erasing.most, s.c.erasing.room = 2, s.room
	for _, t := range s.board.tasks {
		for i := range s.kept[t.Name] {
			t.done.Set(i)
		}
		if r, ok := s.record[t.Name]; ok {
			s.c.writers[t].load(r, 0)
		}
	}
	for _, c := range s.later {
		s.fold(c)
	}
}

func (s *consumer) fold(c completion) {
	t := s.board.byName[c.Task]
	s.c.note(t, t.foldDone(c.Done, false))
}

// do does a block.
func (s *consumer) do(task string, i int64) {
	c := completion{Task: task, Done: Ranges{{i, 1}}}
	s.later = append(s.later, c)
	s.fold(c)
}

// store writes, as far as it goes: nothing, the records alone, or all.
func (s *consumer) store(budget int64, how int) {
	jobs := s.c.collect(budget)
	for _, w := range s.c.record() {
		w.stored = how > 0
		if w.stored {
			var r owedRecord
			if err := json.Unmarshal(w.data, &r); err != nil {
				panic(err)
			}
			s.record[w.task] = r
		}
		s.c.stored(s.board.byName[w.task], w)
	}
	if how < 2 {
		s.c.takeBack(jobs)
		return
	}
	s.c.release(jobs)
	s.later = nil
	for _, t := range s.board.tasks {
		for i, ok := t.done.Next(0); ok; i, ok = t.done.Next(i + 1) {
			s.kept[t.Name][i] = true
		}
	}
}

// erase does one job, or fails to.
func (s *consumer) erase(t *rapid.T, r *reference, fails bool) {
	e := &s.c.erasing
	if len(e.queue) == 0 {
		return
	}
	job := e.queue[0]
	e.queue = e.queue[1:]
	if fails {
		e.queue = append(e.queue, job)
		return
	}
	for _, blocks := range job.blocks {
		for i := blocks.First(); i < blocks.End(); i++ {
			if !r.consumed(s.kept, job.writer.Name, i) {
				t.Fatalf("block %d of %s is handed over", i, job.writer.Name)
			}
			s.handed[job.writer.Name][i] = true
		}
		job.writer.owe(blocks, -1)
	}
}

// consumed is the slow way to know whether a block is: look at every block of every task that reads it.
func (r *reference) consumed(done map[string]map[int64]bool, name string, i int64) bool {
	t := r.plan.Tasks[r.task(name)]
	if !done[name][i] {
		return false
	}
	read := false
	for _, by := range t.Consumers {
		c := r.plan.Tasks[r.task(by)]
		for j := range c.Grid.Len() {
			reads := c.Grid.At(j).ReadROI.Meets(t.Grid.At(i).WriteROI)
			for _, d := range c.Upstream {
				reads = reads || d.Task == name && d.All
			}
			read = read || reads
			if reads && !done[by][j] {
				return false
			}
		}
	}
	return read
}

// drawConsumers makes some tasks' outputs be consumed by some of those that wait for them.
func drawConsumers(t *rapid.T, p *Plan) (any bool) {
	for i := range p.Tasks {
		p.Tasks[i].Consumers = nil
		for _, by := range p.Tasks[i+1:] {
			for _, d := range by.Upstream {
				if d.Task == p.Tasks[i].Name && (any || rapid.Bool().Draw(t, "consumes")) {
					p.Tasks[i].Consumers, any = append(p.Tasks[i].Consumers, by.Name), true
					break
				}
			}
		}
	}
	return any
}

// Whatever is done, stored, lost in a crash and failing on the way: only what is consumed by what is stored is handed
// over, and in the end all of it.
func TestConsumption(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		if !drawConsumers(t, &p) {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		s, r := newConsumer(p), newReference(p)
		s.room = rapid.IntRange(1, 10).Draw(t, "room")
		s.begin()
		var todo []completion
		for _, task := range p.Tasks {
			for i := range task.Grid.Len() {
				todo = append(todo, completion{Task: task.Name, Done: Ranges{{i, 1}}})
			}
		}
		if len(todo) > 300 {
			return
		}
		todo = rapid.Permutation(todo).Draw(t, "order")
		todo = todo[:len(todo)-rapid.IntRange(0, len(todo)/4).Draw(t, "never done")]
		for _, c := range todo {
			s.do(c.Task, c.Done[0].First())
			switch rapid.IntRange(0, 7).Draw(t, "then") {
			case 0, 1:
				s.store(rapid.Int64Range(0, 2).Draw(t, "budget"), rapid.IntRange(0, 2).Draw(t, "how far"))
			case 2, 3:
				s.erase(t, r, rapid.Bool().Draw(t, "fails"))
			case 4:
				if rapid.IntRange(0, 2).Draw(t, "crash") == 0 {
					s.begin()
				}
			}
		}
		for s.store(math.MaxInt64, 2); len(s.c.erasing.queue) > 0 || s.c.suspects(); s.store(math.MaxInt64, 2) {
			for len(s.c.erasing.queue) > 0 {
				s.erase(t, r, false)
			}
		}
		for _, task := range p.Tasks {
			for i := range task.Grid.Len() {
				if r.consumed(s.kept, task.Name, i) && !s.handed[task.Name][i] {
					t.Fatalf("block %d of %s is consumed and was not handed over", i, task.Name)
				}
			}
		}
		s.store(math.MaxInt64, 2)
		for name, rec := range s.record {
			if len(rec.Pages) > 0 {
				t.Fatalf("of task %s %v is said to be owed", name, rec.Pages)
			}
		}
	})
}

// However slowly blocks are deleted, few jobs wait; nothing is forgotten and nothing done twice for that.
func TestFewJobsWait(t *testing.T) {
	g := grid(t, 0, 40, 50)
	p := chain("r", g, g)
	p.Tasks[0].Consumers = []string{"b"}
	s := newConsumer(p)
	s.room = 3
	s.begin()
	w, handed := s.c.writers[s.board.tasks[0]], map[int64]int{}
	erase := func() {
		job := s.c.erasing.queue[0]
		s.c.erasing.queue = s.c.erasing.queue[1:]
		for _, r := range job.blocks {
			for i := r.First(); i < r.End(); i++ {
				handed[i]++
			}
			w.owe(r, -1)
		}
	}
	for i := range g.Len() {
		s.do("a", i)
		s.do("b", i)
		s.store(0, 2)
		if i%50 == 0 {
			erase()
		}
		if n := len(s.c.erasing.queue); n > s.room {
			t.Fatalf("%d jobs wait", n)
		}
	}
	for s.c.suspects() || len(s.c.erasing.queue) > 0 {
		for len(s.c.erasing.queue) > 0 {
			erase()
		}
		s.store(math.MaxInt64, 2)
	}
	for i := range g.Len() {
		if handed[i] != 1 {
			t.Fatalf("block %d was handed over %d times", i, handed[i])
		}
	}
	if s.record["a"].Pages.Count() != 0 {
		t.Error("something is said to be owed")
	}
}

// A record that others than today's readers have left is of no use.
func TestConsumptionByOthers(t *testing.T) {
	g := grid(t, 1, 3, 3)
	p := chain("r", g, g)
	p.Tasks[0].Consumers = []string{p.Tasks[1].Name}
	s := newConsumer(p)
	w := s.c.writers[s.board.tasks[0]]
	w.load(owedRecord{Consumers: []string{"somebody"}}, 7)
	if w.unscanned.Count() == 0 || w.revision != 7 {
		t.Error("nothing is looked at, though others left the record")
	}
	w.load(owedRecord{Consumers: p.Tasks[0].Consumers}, 8)
	if w.unscanned.Count() != 0 || w.revision != 8 {
		t.Error("all is looked at, though nothing is owed")
	}
}

// A page stays on the record as long as anything of it is owed: on its way, or not looked at.
func TestWhatIsOwedIsRecorded(t *testing.T) {
	g := grid(t, 0, 3, 3)
	p := chain("r", g, g)
	p.Tasks[0].Consumers = []string{p.Tasks[1].Name}
	s := newConsumer(p)
	w := s.c.writers[s.board.tasks[0]]
	owed := func(what string, want int64) {
		t.Helper()
		s.store(0, 2)
		if pages := s.record[w.Name].Pages; pages.Count() != want {
			t.Errorf("%s: pages %v are owed, want %d", what, pages, want)
		}
	}
	erase := func() {
		job := s.c.erasing.queue[0]
		s.c.erasing.queue = s.c.erasing.queue[1:]
		for _, r := range job.blocks {
			job.writer.owe(r, -1)
		}
	}
	do := func(blocks ...int64) {
		for _, i := range blocks {
			s.do("a", i)
			s.do("b", i)
		}
	}
	do(0)
	owed("of a page that nobody has looked at, a block is consumed", 1)
	erase()
	owed("the block is handed over, the page not looked at", 1)
	s.store(math.MaxInt64, 2)
	if n := len(s.c.erasing.queue); n != 0 {
		t.Errorf("%d jobs hand over again what was handed over", n)
	}
	owed("nothing is left", 0)
	do(1, 2, 3)
	owed("three blocks are consumed", 1)
	erase()
	owed("one of two jobs is done", 1)
	erase()
	owed("both are", 0)
}

func TestConsumersAreChecked(t *testing.T) {
	g := grid(t, 1, 3, 3)
	p := chain("r", g, g)
	p.Tasks[1].Consumers = []string{p.Tasks[0].Name}
	if err := p.Validate(); err == nil {
		t.Error("a task is consumed by one that does not wait for it")
	}
	p.Tasks[1].Consumers = []string{"nobody"}
	if err := p.Validate(); err == nil {
		t.Error("a task is consumed by one that is not there")
	}
}

// BenchmarkConsumption is what finding consumed blocks costs: noticed one by one as their readers are done, 27 of them
// each, and looked for after a crash whose record says that all may be owed.
func BenchmarkConsumption(b *testing.B) {
	g := grid(b, 1, 60, 200, 200)
	p := chain("r", g, g)
	p.Tasks[0].Consumers = []string{"b"}
	blocks := int64(0)
	full := func() (*board, *consumption) {
		board := newBoard(p, testPolicy())
		board.tasks[0].foldDone(Ranges{{0, g.Len()}}, false)
		return board, newConsumption(board)
	}
	b.Run("noticed", func(b *testing.B) {
		for b.Loop() {
			board, c := full()
			w := c.writers[board.tasks[0]]
			w.load(owedRecord{Consumers: w.Consumers}, 0)
			found := int64(0)
			for first := int64(0); first < g.Len(); first += 64 {
				c.note(board.tasks[1], board.tasks[1].foldDone(Ranges{{first, 64}}, false))
				if first%(64*80) == 0 || first+64 == g.Len() {
					for _, job := range c.collect(0) {
						found += job.blocks.Count()
					}
				}
			}
			if found != g.Len() {
				b.Fatalf("found %d of %d", found, g.Len())
			}
			blocks += found
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(blocks), "ns/block")
	})
	blocks = 0
	b.Run("looked-for", func(b *testing.B) {
		for b.Loop() {
			board, c := full()
			board.tasks[1].foldDone(Ranges{{0, g.Len()}}, false)
			c.collect(math.MaxInt64)
			blocks += g.Len()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(blocks), "ns/block")
	})
}
