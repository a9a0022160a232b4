package stream

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"volara/geometry"
)

// drawGrid returns a random small grid.
func drawGrid(t *rapid.T, dims int, name string) geometry.Grid {
	draw := func(lo, hi int, what string) geometry.Coordinate {
		c := make(geometry.Coordinate, dims)
		for d := range c {
			c[d] = rapid.IntRange(lo, hi).Draw(t, name+" "+what)
		}
		return c
	}
	most := []int{0, 60, 20, 9, 6}[dims]
	g, err := geometry.NewGrid(geometry.NewRoi(draw(-9, 9, "offset"), draw(1, most, "shape")), draw(1, 5, "block"),
		draw(0, 4, "low"), draw(0, 4, "high"),
		rapid.SampledFrom([]geometry.Fit{geometry.FitValid, geometry.FitOverhang, geometry.FitShrink}).Draw(t, name+" fit"))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// drawSelect returns all blocks of a grid, or a random box of them.
func drawSelect(t *rapid.T, g geometry.Grid, name string) geometry.Roi {
	if g.Len() == 0 || rapid.Bool().Draw(t, name+" whole") {
		return g.All()
	}
	begin, end := make(geometry.Coordinate, g.Dims()), make(geometry.Coordinate, g.Dims())
	for d, n := range g.Counts() {
		begin[d] = rapid.IntRange(0, n-1).Draw(t, name+" begin")
		end[d] = rapid.IntRange(begin[d]+1, n).Draw(t, name+" end")
	}
	return geometry.FromCorners(begin, end)
}

func drawPlan(t *rapid.T) Plan {
	p := Plan{Run: "r"}
	dims := rapid.IntRange(1, 4).Draw(t, "dims")
	for i := range rapid.IntRange(1, 4).Draw(t, "tasks") {
		name := fmt.Sprint("t", i)
		g := drawGrid(t, dims, name)
		task := Task{
			Name: name, Generation: "G" + name, Grid: g, Select: drawSelect(t, g, name),
			MaxRetries: rapid.IntRange(0, 2).Draw(t, "retries"), Conflict: rapid.Bool().Draw(t, "conflict"), Skip: drawSkip(t, g, name), Tile: drawTile(t, g, name),
		}
		for j := range i {
			switch rapid.IntRange(0, 3).Draw(t, "dependency") {
			case 0:
				task.Upstream = append(task.Upstream, Dependency{Task: p.Tasks[j].Name, All: true})
			case 1, 2:
				task.Upstream = append(task.Upstream, Dependency{Task: p.Tasks[j].Name})
			}
		}
		p.Tasks = append(p.Tasks, task)
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// A reference knows the plan by brute force.
type reference struct {
	plan   Plan
	done   []map[int64]bool
	failed []map[int64]bool
	masked []map[int64]bool // of done
}

func newReference(p Plan) *reference {
	r := &reference{plan: p}
	for range p.Tasks {
		r.done, r.failed = append(r.done, map[int64]bool{}), append(r.failed, map[int64]bool{})
		r.masked = append(r.masked, map[int64]bool{})
	}
	return r
}

func (r *reference) task(name string) int {
	for i, t := range r.plan.Tasks {
		if t.Name == name {
			return i
		}
	}
	panic(name)
}

// each calls f with the blocks in a box that the task's run does not skip.
func each(box geometry.Roi, t Task, f func(int64)) {
	for i := range t.Grid.Len() {
		if box.ContainsPoint(t.Grid.Position(i)) && (t.Skip == nil || !t.Skip.Get(i)) {
			f(i)
		}
	}
}

// waits calls f with every selected block that a block waits for.
func (r *reference) waits(task int, index int64, f func(task int, index int64)) {
	t := r.plan.Tasks[task]
	for _, d := range t.Upstream {
		up := r.task(d.Task)
		u := r.plan.Tasks[up]
		box := u.Select
		if !d.All {
			box = box.Intersect(u.Grid.Writers(t.Grid.At(index).ReadROI))
		}
		if !box.Empty() {
			each(box, u, func(i int64) { f(up, i) })
		}
	}
	if t.Conflict {
		own := t.Grid.Position(index)
		each(t.Select.Intersect(t.Grid.Conflicts(own)), t, func(i int64) {
			if t.Grid.Level(t.Grid.Position(i)) < t.Grid.Level(own) {
				f(task, i)
			}
		})
	}
}

func (r *reference) ready(task int, index int64) bool {
	ok := true
	r.waits(task, index, func(up int, i int64) { ok = ok && r.done[up][i] })
	return ok
}

// orphaned counts the blocks that wait, directly or not, for a failed one.
func (r *reference) orphaned() []int64 {
	lost := make([]map[int64]bool, len(r.plan.Tasks))
	counts := make([]int64, len(r.plan.Tasks))
	for k, t := range r.plan.Tasks {
		lost[k] = map[int64]bool{}
		for more := true; more; { // blocks of a task with conflicts wait for each other
			more = false
			each(t.Select, t, func(i int64) {
				if r.done[k][i] || r.failed[k][i] || lost[k][i] {
					return
				}
				r.waits(k, i, func(up int, j int64) {
					lost[k][i] = lost[k][i] || r.failed[up][j] || lost[up][j]
				})
				if lost[k][i] {
					counts[k]++
					more = true
				}
			})
		}
	}
	return counts
}

func testPolicy() policy {
	return policy{maxBatch: 7, maxCrashes: 2, retryDelays: []time.Duration{time.Millisecond}, jitter: func() float64 { return 0.5 }}
}

// Whatever happens to messages and completions, no block is published before what it reads is done, every block is
// done, failed or orphaned at the end, each is told done once, and the counts are those of a slow reference.
func TestBoardAgainstReference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSimulation(rt, drawPlan(rt))
		s.hostile = rapid.Float64Range(0, 0.5).Draw(rt, "hostile")
		for !s.b.drained() {
			s.step()
		}
		s.check()
	})
}

// A simulation drives a board with simulated workers.
type simulation struct {
	*rapid.T
	b        *board
	ref      *reference
	rng      *rand.Rand
	now      time.Time
	inWork   []work
	zombies  []work // of workers that were taken for dead
	hung     []work // whose worker was told that they do not stop
	vanished []work // published and lost, until a sweep finds it
	told     map[string]map[int64]int
	hostile  float64
	attempts map[string]map[int64]int
}

func newSimulation(t *rapid.T, p Plan) *simulation {
	s := &simulation{
		T: t, b: newBoard(p, testPolicy()), ref: newReference(p), now: time.Unix(0, 0),
		told: map[string]map[int64]int{}, attempts: map[string]map[int64]int{},
		rng: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
	}
	for _, task := range p.Tasks {
		s.told[task.Name], s.attempts[task.Name] = map[int64]int{}, map[int64]int{}
	}
	s.b.epoch = 1
	return s
}

func (s *simulation) step() {
	for w, ok := s.b.due(s.now); ok; w, ok = s.b.due(s.now) {
		s.take(w)
	}
	published := false
	for i := range s.b.tasks {
		t := s.b.tasks[(i+s.rng.IntN(len(s.b.tasks)))%len(s.b.tasks)]
		t.pace.blockTime = 0.02 / float64(1+s.rng.IntN(9))
		if len(t.messages) < 3 {
			if w, ok := t.next(); ok {
				s.take(w)
				published = true
			}
		}
	}
	switch {
	case len(s.inWork) > 0:
		s.finish()
	case published:
	default:
		if due, ok := s.b.retry.first(); ok {
			s.now = due
			return
		}
		for _, t := range s.b.tasks {
			t.lost(s.now) // what a sweep finds
		}
		s.vanished = nil
	}
}

// take checks a message before it goes into work.
func (s *simulation) take(w work) {
	k := s.ref.task(w.Task)
	for _, r := range w.Blocks {
		for i := r.First(); i < r.End(); i++ {
			switch {
			case s.ref.done[k][i]:
				s.Fatalf("%s %d is done and published again", w.Task, i)
			case !s.ref.ready(k, i):
				s.Fatalf("%s %d is published before what it reads is done", w.Task, i)
			case !s.ref.plan.Tasks[k].Select.ContainsPoint(s.ref.plan.Tasks[k].Grid.Position(i)):
				s.Fatalf("%s %d is not selected", w.Task, i)
			case s.b.tasks[k].skipped(i):
				s.Fatalf("%s %d is to be skipped", w.Task, i)
			}
		}
	}
	if w.Attempt > 1 && w.Blocks.Count() != 1 {
		s.Fatalf("attempt %d with %v", w.Attempt, w.Blocks)
	}
	s.noConflict(w)
	s.inWork = append(s.inWork, w)
}

// finish ends a random message in a random way.
func (s *simulation) finish() {
	at := s.rng.IntN(len(s.inWork))
	w := s.inWork[at]
	s.inWork = append(s.inWork[:at], s.inWork[at+1:]...)
	c := completion{
		Task: w.Task, Generation: w.Generation, Epoch: w.Epoch, Attempt: w.Attempt, Message: w.Blocks[0].First(),
		Elapsed: time.Millisecond, Worker: "w",
	}
	if s.rng.Float64() >= s.hostile {
		s.some(&c, w)
		s.fold(c)
		return
	}
	switch s.rng.IntN(8) {
	case 0: // lost altogether: found by a sweep
		s.vanished = append(s.vanished, w)
	case 1: // the worker died
		c.Crashed = w.Blocks
		s.fold(c)
		s.zombies = append(s.zombies, w)
	case 7: // or did not, and tells so at last
		s.inWork = append(s.inWork, w)
		if n := len(s.zombies); n > 0 {
			w = s.zombies[s.rng.IntN(n)]
			c.Task, c.Generation, c.Attempt, c.Message = w.Task, w.Generation, w.Attempt, w.Blocks[0].First()
			switch s.rng.IntN(3) {
			case 0:
				c.Returned = w.Blocks
			case 1:
				c.Crashed = w.Blocks
			default:
				c.Done = w.Blocks
			}
			s.fold(c)
		}
	case 2: // the worker left
		c.Returned = w.Blocks
		s.fold(c)
	case 3: // twice
		s.some(&c, w)
		s.fold(c)
		s.fold(c)
	case 4: // of another generation
		c.Done, c.Generation = w.Blocks, "other"
		if _, err := s.b.fold(c, s.now); err != nil {
			s.Fatal(err)
		}
		s.inWork = append(s.inWork, w)
	case 5: // of an earlier epoch
		s.inWork = append(s.inWork, w)
		c.Done, c.Epoch = w.Blocks, 0
		s.fold(c)
		if s.b.byName[w.Task].levels == nil {
			s.drop(w)
		}
	case 6: // some fail
		for _, r := range w.Blocks {
			for i := r.First(); i < r.End(); i++ {
				if s.rng.IntN(2) == 0 {
					c.Done = c.Done.Append(i)
				} else {
					f := fails{Block: i, Error: "no", Permanent: s.rng.IntN(4) == 0}
					if f.Permanent && s.b.byName[w.Task].levels != nil && s.rng.IntN(2) == 0 {
						f.Hung = true
						s.hung = append(s.hung, work{Task: w.Task, Epoch: w.Epoch, Blocks: Ranges{{i, 1}}})
					}
					c.Failed = append(c.Failed, f)
				}
			}
		}
		s.fold(c)
		if s.rng.IntN(2) == 0 {
			s.fold(c)
		}
	}
}

// some makes all blocks of a message done, some of them masked.
func (s *simulation) some(c *completion, w work) {
	for _, r := range w.Blocks {
		for i := r.First(); i < r.End(); i++ {
			if s.rng.IntN(3) == 0 {
				c.Masked = c.Masked.Append(i)
			} else {
				c.Done = c.Done.Append(i)
			}
		}
	}
}

// drop takes a message out of work whose blocks are done already: the worker finds that out late.
func (s *simulation) drop(w work) {
	for i := range s.inWork {
		if &s.inWork[i].Blocks[0] == &w.Blocks[0] {
			s.inWork = append(s.inWork[:i], s.inWork[i+1:]...)
			return
		}
	}
}

func (s *simulation) fold(c completion) {
	events, err := s.b.fold(c, s.now)
	if err != nil {
		s.Fatal(err)
	}
	k := s.ref.task(c.Task)
	c.Done, c.Masked = s.believed(c.Done, c), s.believed(c.Masked, c)
	for _, r := range c.Done {
		for i := r.First(); i < r.End(); i++ {
			s.ref.done[k][i] = true
			delete(s.ref.failed[k], i)
		}
	}
	for _, r := range c.Masked {
		for i := r.First(); i < r.End(); i++ {
			s.ref.masked[k][i] = s.ref.masked[k][i] || !s.ref.done[k][i]
			s.ref.done[k][i] = true
			delete(s.ref.failed[k], i)
		}
	}
	for _, e := range events {
		for _, r := range e.Blocks {
			for i := r.First(); i < r.End(); i++ {
				switch e.Kind {
				case EventBlockDone, EventBlockMasked:
					s.told[c.Task][i]++
					if s.ref.masked[k][i] != (e.Kind == EventBlockMasked) {
						s.Fatalf("%s %d was told as %s", c.Task, i, e.Kind)
					}
				case EventBlockFailed:
					s.ref.failed[k][i] = true
				}
			}
		}
	}
}

func (s *simulation) check() {
	orphaned := s.ref.orphaned()
	ended := s.b.ended()
	for k, t := range s.b.tasks {
		if int64(len(s.ref.done[k])) != t.done.Count() || t.nDone != t.done.Count() {
			s.Errorf("%s: %d done, reference %d", t.Name, t.done.Count(), len(s.ref.done[k]))
		}
		masked := int64(0)
		for i := range t.done.Len() {
			if t.masked.Get(i) != s.ref.masked[k][i] {
				s.Errorf("%s %d: masked is %v", t.Name, i, t.masked.Get(i))
			}
			if t.masked.Get(i) {
				masked++
			}
		}
		if t.nMasked != masked {
			s.Errorf("%s: %d masked, reference %d", t.Name, t.nMasked, masked)
		}
		if int64(len(s.ref.failed[k])) != t.nFailed || len(t.listFailures()) != int(t.nFailed) {
			s.Errorf("%s: %d failed, reference %d", t.Name, t.nFailed, len(s.ref.failed[k]))
		}
		if got := t.total - t.nDone - t.nFailed; got != orphaned[k] {
			s.Errorf("%s: %d orphaned, reference %d", t.Name, got, orphaned[k])
		}
		if !ended[k] {
			s.Errorf("%s has not ended", t.Name)
		}
		for i, n := range s.told[t.Name] {
			if n != 1 {
				s.Errorf("%s %d was told done %d times", t.Name, i, n)
			}
		}
	}
}

// A board loaded in the middle goes on where the first one was.
func TestBoardResumes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		first := newSimulation(rt, p)
		for range rapid.IntRange(0, 40).Draw(rt, "steps") {
			if first.b.drained() {
				break
			}
			first.step()
		}
		second := newSimulation(rt, p)
		second.ref = first.ref
		for k, t := range second.b.tasks {
			t.setDone(first.b.tasks[k].done)
			t.masked = first.b.tasks[k].masked
			t.countMasked()
		}
		for !second.b.drained() {
			second.step()
		}
		second.told = nil
		second.check()
	})
}

func TestTroublesSurvive(t *testing.T) {
	p := chain("r", grid(t, 0, 3, 40000))
	p.Tasks[0].Generation = "G"
	b := newBoard(p, testPolicy())
	task := b.tasks[0]
	for i := range int64(300) {
		task.troubles[i*399] = &trouble{attempts: int(1 + i%3), crashes: int(i % 2), failed: i%5 == 0,
			failure: &failureDetail{Error: fmt.Sprint("error ", i)}}
	}
	again := newBoard(p, testPolicy()).tasks[0]
	for page := range task.done.Pages() {
		if err := again.decodeTroubles(task.encodeTroubles(page)); err != nil {
			t.Fatal(err)
		}
	}
	if len(again.troubles) != 300 || again.nFailed != 60 {
		t.Fatalf("%d troubles, %d failed", len(again.troubles), again.nFailed)
	}
	for i, was := range task.troubles {
		is := again.troubles[i]
		if is.attempts != was.attempts || is.crashes != was.crashes || is.failed != was.failed {
			t.Errorf("block %d: %+v, was %+v", i, is, was)
		}
	}
	again.forgive()
	if again.nFailed != 0 || len(again.troubles) != 270 { // 30 of the 60 had crashed their workers
		t.Errorf("after forgive: %d failed of %d", again.nFailed, len(again.troubles))
	}
	if w, ok := again.next(); !ok || w.Isolated {
		t.Errorf("a block that was never tried comes as %+v", w)
	}
	if again.decodeTroubles([]byte(`{"groups":[{"blocks":[[119999,2]]}]}`)) == nil {
		t.Error("blocks that do not exist were taken")
	}
}

func TestBatchFollowsBlockTime(t *testing.T) {
	for _, c := range []struct {
		block time.Duration
		want  int
	}{{time.Microsecond, 64}, {time.Millisecond, 20}, {4 * time.Millisecond, 5}, {time.Second, 1}} {
		var p pace
		if p.batch(64) != 1 {
			t.Error("a batch before anything was measured")
		}
		for range 50 {
			p.measured(10*c.block, 10)
		}
		if got := p.batch(64); got != c.want {
			t.Errorf("blocks of %v: batch %d, not %d", c.block, got, c.want)
		}
	}
}

// Blocks that become slower make the next messages smaller at once: they would keep downstream blocks waiting. Those
// that become faster make them larger within some messages.
func TestBatchFollowsChange(t *testing.T) {
	var p pace
	for range 50 {
		p.measured(64*10*time.Microsecond, 64)
	}
	if got := p.batch(64); got != 64 {
		t.Fatalf("batch %d", got)
	}
	p.measured(100*time.Millisecond, 1)
	if got := p.batch(64); got != 1 {
		t.Errorf("batch %d after a slow block", got)
	}
	for range 20 {
		p.measured(100*time.Millisecond, 1)
	}
	n := 0
	for ; p.batch(64) < 64 && n < 1000; n++ {
		k := int64(p.batch(64))
		p.measured(time.Duration(k)*10*time.Microsecond, k)
	}
	if n > 40 {
		t.Errorf("batches of fast blocks took %d messages to grow", n)
	}
	p = pace{}
	for range 100 { // fast and slow ones in turn
		p.measured(10*time.Microsecond, 1)
		p.measured(8*time.Millisecond, 1)
	}
	if got := p.batch(64); got < 3 || got > 7 {
		t.Errorf("batches of %d for blocks of 4 ms in the mean", got)
	}
}

func BenchmarkBoard(b *testing.B) {
	g := grid(b, 1, 100, 100, 100)
	b.Run("conflict", func(b *testing.B) {
		p := chain("r", g)
		p.Tasks[0].Conflict = true
		benchmarkBoard(b, p, 64)
	})
	for _, batch := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) { benchmarkBoard(b, chain("r", g, g), batch) })
	}
}

func benchmarkBoard(b *testing.B, p Plan, batch int) {
	blocks := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		policy := testPolicy()
		policy.maxBatch = batch
		board := newBoard(p, policy)
		for !board.drained() {
			for _, t := range board.tasks {
				t.pace.blockTime = 1e-9
				w, ok := t.next()
				if !ok {
					continue
				}
				c := completion{Task: w.Task, Attempt: 1, Message: w.Blocks[0].First(), Done: w.Blocks}
				if _, err := board.fold(c, time.Time{}); err != nil {
					b.Fatal(err)
				}
				blocks += w.Blocks.Count()
			}
		}
	}
	b.ReportMetric(float64(blocks)/b.Elapsed().Seconds(), "blocks/s")
}

// A task that waits for another is looked through in pieces, between which others get their turn.
func TestScanIsNoHoldUp(t *testing.T) {
	const n = 40 * scanStep * scanSteps
	b := newBoard(chain("r", grid(t, 0, n), grid(t, 1, n)), testPolicy())
	up, down := b.tasks[0], b.tasks[1]
	if _, ok := down.next(); ok || !down.scanning() {
		t.Fatal("nothing is ready, and most was not looked at")
	}
	w, ok := up.next()
	if !ok || w.Blocks[0].First() != 0 {
		t.Fatalf("upstream: %v, %v", w, ok)
	}
	for i := 0; down.scanning(); i++ {
		if _, ok := down.next(); ok || i > 41 {
			t.Fatalf("call %d: %v", i, ok)
		}
	}
	if b.drained() {
		t.Error("the board is drained")
	}
}

// A task whose ready blocks are held back has its tracker wait, not look for more of them.
func TestHeldTaskIsNotScannedForEver(t *testing.T) {
	p := chain("r", grid(t, 0, 40*scanStep))
	p.Tasks[0].Conflict = true
	b := newBoard(p, testPolicy())
	b.hold(true)
	task := b.tasks[0]
	for n := 0; ; n++ {
		if _, ok := task.next(); ok {
			t.Fatal("a block of a task that is held is published")
		}
		if !task.scanning() {
			break
		}
		if n == 40 {
			t.Fatal("more is looked for although enough is ready")
		}
	}
	b.hold(false)
	blocks := int64(0)
	for !b.drained() {
		w, ok := task.next()
		if !ok && !task.scanning() {
			t.Fatal("nothing is published and nothing is looked for")
		}
		if !ok {
			continue
		}
		blocks += w.Blocks.Count()
		foldAll(t, b, completion{Done: w.Blocks}, w)
	}
	if blocks != task.total {
		t.Errorf("%d blocks were published of %d", blocks, task.total)
	}
}

// What is told late of a message says nothing of another one that began with the same block.
func TestMessagesOfOneBlock(t *testing.T) {
	p := chain("r", grid(t, 0, 10))
	p.Tasks[0].Generation = "G"
	b := newBoard(p, testPolicy())
	b.epoch = 1
	task, now := b.tasks[0], time.Unix(0, 0)
	task.pace.blockTime = 1e-9
	w, ok := task.next()
	if !ok || w.Blocks.Count() != 7 {
		t.Fatalf("%+v", w)
	}
	fold := func(attempt, part int, c completion) {
		t.Helper()
		c.Task, c.Generation, c.Epoch, c.Attempt, c.Message, c.Part = "a", "G", 1, attempt, 0, part
		if _, err := b.fold(c, now); err != nil {
			t.Fatal(err)
		}
	}
	messages := func(want int, when string) {
		t.Helper()
		if len(task.messages) != want {
			t.Errorf("%d messages %s, not %d", len(task.messages), when, want)
		}
	}
	fold(1, 0, completion{Failed: []fails{{Block: 0, Error: "no"}}})
	if again, ok := b.due(now.Add(time.Hour)); !ok || again.Blocks[0] != (Range{0, 1}) || again.Attempt != 2 {
		t.Fatalf("%+v", again)
	}
	messages(2, "while the others of the first one are at work")
	fold(1, 1, completion{Done: Ranges{{1, 3}}})
	messages(2, "after some of the first one")
	fold(1, 2, completion{Done: Ranges{{4, 3}}})
	messages(1, "after the first one")
	fold(1, 3, completion{Returned: Ranges{{0, 1}}})
	messages(1, "after a late report")
	fold(2, 0, completion{Done: Ranges{{0, 1}}})
	messages(0, "at the end")
}
