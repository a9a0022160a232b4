package stream

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"time"
)

// A trouble is the record of a block that was tried and is not done.
type trouble struct {
	attempts int // that ended, badly
	crashes  int // of these: the worker died, or lost its hold on the block
	failed   bool
	waiting  bool // for a new attempt
	pardoned int  // attempts that no longer count against it
	issued   int  // number of the attempt last published in this epoch; 0 stands for 1
	failure  *failureDetail
	shared   bool // by several failed blocks; not to be changed
}

// failureDetail is what is known of a block's last error.
type failureDetail struct {
	Error  string    `json:"error"`
	Worker string    `json:"worker"`
	Log    string    `json:"log,omitempty"`
	Time   time.Time `json:"time"`
}

// Limits of what is kept of errors, so that a task whose every block fails does not drown the run.
const (
	maxErrorLength = 2000
	maxPageDetails = 64   // errors of a page of blocks that are stored
	maxFailures    = 1000 // in a status, a task
)

func (t *taskBoard) failed(i int64) bool {
	if len(t.troubles) == 0 {
		return false
	}
	tried := t.troubles[i]
	return tried != nil && tried.failed
}

// tried returns the record of a block, to be changed; a new one when it has none.
func (t *taskBoard) tried(i int64) *trouble {
	r := t.troubles[i]
	switch {
	case r == nil:
		r = &trouble{}
		t.troubles[i] = r
	case r.shared:
		own := *r
		own.shared = false
		r = &own
		t.troubles[i] = r
	}
	t.touched[int(i/PageBits)] = true
	return r
}

// foldFailed counts a failed attempt; the block is tried again or, its attempts spent, failed.
func (t *taskBoard) foldFailed(f fails, c completion, current bool, now time.Time) []Event {
	if t.done.Get(f.Block) {
		return nil
	}
	tried := t.tried(f.Block)
	tried.attempts = max(tried.attempts, c.Attempt)
	if !current || !t.out.Get(f.Block) || tried.waiting || c.Attempt < tried.issued {
		return nil
	}
	tried.failure = &failureDetail{Error: clip(f.Error, maxErrorLength), Worker: c.Worker, Log: f.Log, Time: now}
	if f.Hung && t.levels != nil {
		t.hung[f.Block] = true
	}
	return t.tryAgain(f.Block, tried, f.Permanent, now)
}

// foldCrashed counts an attempt that ended with its worker.
func (t *taskBoard) foldCrashed(i int64, c completion, current bool, now time.Time) []Event {
	if t.done.Get(i) {
		return nil
	}
	tried := t.tried(i)
	if c.Attempt > tried.attempts {
		tried.attempts = c.Attempt
		tried.crashes++
	}
	if t.board.epoch == 0 && tried.crashes > t.board.policy.maxCrashes && !tried.failed { // found when the run starts again
		tried.failure = &failureDetail{Error: "every worker that had the block died", Worker: c.Worker, Time: now}
		return t.tryAgain(i, tried, false, now)
	}
	if !current || !t.out.Get(i) || tried.waiting || c.Attempt < tried.issued {
		return nil
	}
	tried.failure = &failureDetail{Error: "the worker that had the block died or lost its connection", Worker: c.Worker, Time: now}
	crashed := Event{Kind: EventBlockCrashed, Blocks: Ranges{{i, 1}}}
	if t.levels != nil {
		now = now.Add(t.board.policy.grace)
	}
	return append([]Event{crashed}, t.tryAgain(i, tried, false, now)...)
}

func (t *taskBoard) tryAgain(i int64, tried *trouble, permanent bool, now time.Time) []Event {
	p := &t.board.policy
	event := Event{Blocks: Ranges{{i, 1}}, Error: tried.failure.Error}
	if permanent || tried.errors() > t.MaxRetries || tried.crashes > p.maxCrashes {
		tried.failed = true
		t.out.Clear(i)
		t.noteFailed(i)
		event.Kind = EventBlockFailed
		return []Event{event}
	}
	t.wait(i, now.Add(p.delay(tried.attempts-tried.pardoned)))
	event.Kind = EventBlockRetry
	return []Event{event}
}

// wait keeps a block out until it is due for another attempt.
func (t *taskBoard) wait(i int64, due time.Time) {
	t.tried(i).waiting = true
	t.waiting++
	t.board.retry.push(t, i, due)
}

// delay returns how long to wait after the nth attempt: between half of the delay and one and a half.
func (p *policy) delay(n int) time.Duration {
	if len(p.retryDelays) == 0 {
		return 0
	}
	d := p.retryDelays[min(n, len(p.retryDelays))-1]
	return time.Duration(float64(d) * (0.5 + p.jitter()))
}

// forgive gives failed blocks all their attempts again. That a block's worker has died is not forgotten: it goes on being
// tried apart.
func (t *taskBoard) forgive() {
	for i, tried := range t.troubles {
		if tried.failed {
			delete(t.troubles, i)
			if tried.crashes > 0 {
				t.troubles[i] = &trouble{attempts: 1, crashes: 1}
			}
			t.touched[int(i/PageBits)] = true
			t.unnoteFailed(i)
		}
	}
}

// troublePage is how the troubles of a page of blocks are stored.
type troublePage struct {
	Groups  []troubleGroup           `json:"groups"`
	Details map[int64]*failureDetail `json:"details,omitempty"` // of some of the blocks
}

// troubleGroup are the blocks that share a record.
type troubleGroup struct {
	Attempts int    `json:"attempts"`
	Crashes  int    `json:"crashes,omitempty"`
	Pardoned int    `json:"pardoned,omitempty"`
	Failed   bool   `json:"failed,omitempty"`
	Blocks   Ranges `json:"blocks"`
}

// encodeTroubles returns a page of troubles as it is stored.
func (t *taskBoard) encodeTroubles(page int) []byte {
	groups := map[troubleGroupKey]Ranges{}
	stored := troublePage{Details: map[int64]*failureDetail{}}
	for i := int64(page) * PageBits; i < min(int64(page+1)*PageBits, t.done.Len()); i++ {
		tried := t.troubles[i]
		if tried == nil {
			continue
		}
		key := tried.key()
		groups[key] = groups[key].Append(i)
		if tried.failure != nil && len(stored.Details) < maxPageDetails {
			stored.Details[i] = tried.failure
		}
	}
	for key, blocks := range groups {
		stored.Groups = append(stored.Groups, troubleGroup{key.attempts, key.crashes, key.pardoned, key.failed, blocks})
	}
	return encode(stored)
}

type troubleGroupKey struct {
	attempts, crashes, pardoned int
	failed                      bool
}

func (r *trouble) key() troubleGroupKey {
	return troubleGroupKey{r.attempts, r.crashes, r.pardoned, r.failed}
}

// decodeTroubles takes in what encodeTroubles returned.
func (t *taskBoard) decodeTroubles(data []byte) error {
	var stored troublePage
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	for _, g := range stored.Groups {
		for _, r := range g.Blocks {
			if r.First() < 0 || r.Count() < 1 || r.Count() > t.done.Len()-r.First() {
				return fmt.Errorf("blocks %d to %d do not exist", r.First(), r.End())
			}
			for i := r.First(); i < r.End(); i++ {
				if t.done.Get(i) {
					continue
				}
				t.troubles[i] = &trouble{attempts: g.Attempts, crashes: g.Crashes, pardoned: g.Pardoned, failed: g.Failed, failure: stored.Details[i]}
				if g.Failed {
					t.noteFailed(i)
				}
			}
		}
	}
	return nil
}

// A retryQueue orders the blocks that wait for a new attempt by the time it is due.
type retryQueue []retryItem

type retryItem struct {
	due   time.Time
	task  *taskBoard
	block int64
}

func (q *retryQueue) push(t *taskBoard, block int64, due time.Time) {
	heap.Push((*retryHeap)(q), retryItem{due, t, block})
}

func (q *retryQueue) pop(now time.Time) (*taskBoard, int64, bool) {
	if len(*q) == 0 || (*q)[0].due.After(now) {
		return nil, 0, false
	}
	item := heap.Pop((*retryHeap)(q)).(retryItem)
	return item.task, item.block, true
}

// first returns when the next block is due.
func (q retryQueue) first() (time.Time, bool) {
	if len(q) == 0 {
		return time.Time{}, false
	}
	return q[0].due, true
}

type retryHeap []retryItem

func (h retryHeap) Len() int           { return len(h) }
func (h retryHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h retryHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *retryHeap) Push(x any)        { *h = append(*h, x.(retryItem)) }
func (h *retryHeap) Pop() any {
	old := *h
	item := old[len(old)-1]
	*h = old[:len(old)-1]
	return item
}

// clip shortens a text to n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
