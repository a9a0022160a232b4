package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// purgePeriod is how long folded completions may lie before they are purged: they cost a replay after a crash, a purge
// costs more.
const purgePeriod = 500 * time.Millisecond

// Writing many pages loads the server, and blocks that do not go in the order of their indices soon change the same pages
// again: after a write of n pages the next one waits n times pageRest, at most maxRest.
const (
	pageRest = 2 * time.Millisecond
	maxRest  = time.Second
)

// pageTimeout is what a page may add to the time that a write may take.
const pageTimeout = 20 * time.Millisecond

// statusPeriod is how often status.json is written.
const statusPeriod = time.Second

// A storeBook knows which revision of each stored key is ours, and writes what has changed. The order of a write is:
// events for people, bitmaps and troubles, the cursor that says which events the bitmaps cover, and at last the purge
// of the completions that are now recorded. A crash in between makes the next tracker fold those completions again,
// which changes nothing.
type storeBook struct {
	state   *State
	board   *board
	events  jetstream.Stream
	results chan storeResult

	done      map[string][]uint64       // revision of each page of done blocks, by task
	masked    map[string][]uint64       // of each page of masked blocks
	troubles  map[string]map[int]uint64 // of each page of troubles
	cursor    cursor
	cursorRev uint64

	busy     bool
	rest     time.Time // before it nothing is written that can wait
	failing  time.Time // since when writes have failed
	err      error     // of the last write
	purged   uint64    // last sequence purged
	purgedAt time.Time
	statusAt time.Time
	trimmed  time.Time // when the history was last looked at
}

// A cursor says up to which sequence the events for people are covered by the bitmaps.
type cursor struct {
	Events uint64 `json:"events"`
}

// A storeJob is one write; nothing in it is shared with the board.
type storeJob struct {
	events    []Event
	pages     []pageWrite
	cursor    cursor
	cursorRev uint64
	purge     uint64 // 0: nothing
	trim      bool   // the history
	status    *Status
	consumed  []eraseJob // to be handed over once the pages are stored
}

// A pageWrite is one key to be written. revision is what it must be and, afterwards, what it is.
type pageWrite struct {
	task     string
	kind     pageKind
	page     int
	key      string
	data     []byte
	revision uint64
	stored   bool
}

// A pageKind says what a page holds.
type pageKind int

const (
	pageDone pageKind = iota
	pageMasked
	pageTrouble
	pageOwed // no page: what is consumed and may not have been handed over
)

// A storeResult is a job after it was carried out, as far as it went.
type storeResult struct {
	job  storeJob
	told int // how many of the events are stored
	err  error
}

func (s *storeBook) init(state *State, b *board) {
	s.state, s.board = state, b
	s.done, s.masked, s.troubles = map[string][]uint64{}, map[string][]uint64{}, map[string]map[int]uint64{}
	for _, t := range b.tasks {
		s.done[t.Name] = make([]uint64, t.done.Pages())
		s.masked[t.Name] = make([]uint64, t.masked.Pages())
		s.troubles[t.Name] = map[int]uint64{}
	}
}

func (s *storeBook) loadCursor(e jetstream.KeyValueEntry) error {
	s.cursorRev = e.Revision()
	return json.Unmarshal(e.Value(), &s.cursor)
}

func (s *storeBook) loadDone(e jetstream.KeyValueEntry) error {
	t, page, err := s.page(e.Key())
	if err != nil {
		return err
	}
	if err := t.done.DecodePage(page, e.Value()); err != nil {
		return err
	}
	s.done[t.Name][page] = e.Revision()
	return nil
}

func (s *storeBook) loadMasked(e jetstream.KeyValueEntry) error {
	t, page, err := s.page(e.Key())
	if err != nil {
		return err
	}
	if err := t.masked.DecodePage(page, e.Value()); err != nil {
		return err
	}
	s.masked[t.Name][page] = e.Revision()
	return nil
}

func (s *storeBook) loadTrouble(e jetstream.KeyValueEntry) error {
	t, page, err := s.page(e.Key())
	if err != nil {
		return err
	}
	s.troubles[t.Name][page] = e.Revision()
	return t.decodeTroubles(e.Value())
}

// page takes the key of a page apart.
func (s *storeBook) page(key string) (*taskBoard, int, error) {
	parts := strings.Split(key, ".")
	if len(parts) != 4 {
		return nil, 0, errors.New("the key does not name a page")
	}
	name, err := untoken(parts[1])
	if err != nil {
		return nil, 0, err
	}
	page, err := strconv.Atoi(parts[3])
	if err != nil {
		return nil, 0, err
	}
	t := s.board.byName[name]
	if t == nil || page < 0 || page >= t.done.Pages() {
		return nil, 0, fmt.Errorf("the task has no page %d", page)
	}
	return t, page, nil
}

// collect takes what has changed off the board. Masked blocks come before done ones: what is done by then is not folded
// again.
func (s *storeBook) collect() []pageWrite {
	var pages []pageWrite
	for _, t := range s.board.tasks {
		for _, page := range t.masked.Dirty() {
			t.masked.Clean(page)
			pages = append(pages, pageWrite{
				task: t.Name, kind: pageMasked, page: page, key: keyMasked(t.Name, t.Generation, page),
				data: t.masked.EncodePage(page), revision: s.masked[t.Name][page],
			})
		}
		for _, page := range t.done.Dirty() {
			t.done.Clean(page)
			pages = append(pages, pageWrite{
				task: t.Name, kind: pageDone, page: page, key: keyDone(t.Name, t.Generation, page),
				data: t.done.EncodePage(page), revision: s.done[t.Name][page],
			})
		}
		for _, page := range slices.Sorted(maps.Keys(t.touched)) {
			pages = append(pages, pageWrite{
				task: t.Name, kind: pageTrouble, page: page, key: keyTrouble(t.Name, t.Generation, page),
				data: t.encodeTroubles(page), revision: s.troubles[t.Name][page],
			})
		}
		clear(t.touched)
	}
	return pages
}

// startStore begins a write of what has changed, unless one is under way.
func (l *life) startStore(io context.Context, now time.Time) {
	if job, any := l.storeJob(now, false); any {
		l.store.busy = true
		results := l.store.results
		go func() { results <- l.carryOut(io, job) }()
	}
}

// storeJob collects what there is to write; all means: also what can wait.
func (l *life) storeJob(now time.Time, all bool) (storeJob, bool) {
	s := &l.store
	if s.busy || l.lease.doubtful() {
		return storeJob{}, false // somebody else may lead by now
	}
	if !all && now.Before(s.rest) {
		return storeJob{}, false
	}
	consumed := l.collectConsumed(all)
	job := storeJob{
		events: l.events, pages: append(l.consumed.record(), s.collect()...), cursor: s.cursor, cursorRev: s.cursorRev,
		consumed: consumed,
	}
	l.events = nil
	if l.folded > s.purged && (all || now.Sub(s.purgedAt) > purgePeriod) {
		job.purge, s.purgedAt = l.folded, now
	}
	if all || now.Sub(s.trimmed) > trimPeriod {
		job.trim, s.trimmed = len(job.events) > 0, now
	}
	if l.t.opts.Dir != "" && (all || now.Sub(s.statusAt) > statusPeriod) {
		status := l.t.Snapshot()
		job.status, s.statusAt = &status, now
	}
	return job, len(job.events) > 0 || len(job.pages) > 0 || job.purge > 0 || job.status != nil || len(job.consumed) > 0
}

// carryOut does a job in the order that a crash needs.
func (l *life) carryOut(io context.Context, job storeJob) storeResult {
	ctx, cancel := context.WithTimeout(io, apiTimeout+time.Duration(len(job.pages))*pageTimeout)
	defer cancel()
	r := storeResult{job: job}
	if r.told, r.err = l.tell(ctx, job.events); r.err != nil {
		return r
	}
	fault.Point("tracker.told")
	for i := range r.job.pages {
		p := &r.job.pages[i]
		if p.revision, r.err = l.state.put(ctx, p.key, p.data, p.revision); r.err != nil {
			return r
		}
		p.stored = true
		fault.Point("tracker.marked")
	}
	if now := (cursor{l.teller.last}); now.Events > job.cursor.Events {
		if r.job.cursorRev, r.err = l.state.put(ctx, keyCursor, encode(now), job.cursorRev); r.err != nil {
			return r
		}
		r.job.cursor = now
	}
	fault.Point("tracker.stored")
	if job.purge > 0 && l.purge(ctx, job.purge) != nil {
		r.job.purge = 0 // next time
	}
	if job.trim {
		if r.err = l.trimEvents(ctx, r.job.cursor); r.err != nil {
			return r
		}
	}
	if job.status != nil && l.lease.held() {
		r.err = writeStatus(l.t.opts.Dir, *job.status)
	}
	return r
}

// purgeTimeout bounds a purge, which others wait for and nothing depends on.
const purgeTimeout = 2 * time.Second

// purge removes the completions up to a sequence.
func (l *life) purge(ctx context.Context, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	if err := l.done.Purge(ctx, jetstream.WithPurgeSequence(sequence+1)); err != nil {
		l.log.Debug("completions that are recorded stay for now", "error", err)
		return err
	}
	fault.Point("tracker.purged")
	return nil
}

// stored takes in the result of a write. What failed is written again with the next one, as long as the world may
// recover; a conflict ends the epoch.
func (l *life) stored(r storeResult) error {
	s := &l.store
	s.busy = false
	s.rest = time.Now().Add(min(time.Duration(len(r.job.pages))*pageRest, maxRest))
	s.cursorRev, s.cursor = r.job.cursorRev, r.job.cursor
	l.events = append(r.job.events[r.told:], l.events...)
	for _, p := range r.job.pages {
		t := s.board.byName[p.task]
		switch {
		case p.kind == pageOwed:
			l.consumed.stored(t, p)
		case !p.stored && p.kind == pageTrouble:
			t.touched[p.page] = true
		case !p.stored && p.kind == pageMasked:
			t.masked.Soil(p.page)
		case !p.stored:
			t.done.Soil(p.page)
		case p.kind == pageTrouble:
			s.troubles[p.task][p.page] = p.revision
		case p.kind == pageMasked:
			s.masked[p.task][p.page] = p.revision
		default:
			s.done[p.task][p.page] = p.revision
		}
	}
	if r.err == nil {
		l.consumed.release(r.job.consumed)
		l.dropJournals()
		s.purged = max(s.purged, r.job.purge)
		s.failing, s.err = time.Time{}, nil
		return nil
	}
	l.consumed.takeBack(r.job.consumed)
	if !fault.IsEnvironment(r.err) {
		return r.err
	}
	if s.failing.IsZero() {
		s.failing = time.Now()
		l.log.Warn("what is done cannot be stored; trying again", "error", r.err)
	}
	s.err = r.err
	l.disk.full(time.Now())
	return nil
}
