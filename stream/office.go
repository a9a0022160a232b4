package stream

import (
	"maps"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Periods of a worker's reports: when nothing has changed, and the shortest.
const (
	reportPeriod = time.Second
	reportMin    = 100 * time.Millisecond
)

// An office tells the tracker what its worker is doing. Reports are hints: a lost one makes a status wrong for a
// moment, no more.
type office struct {
	nc   *nats.Conn
	name string
	opts WorkerOptions

	mu      sync.Mutex
	shift   *shift
	running map[string]int
	waiting map[*job]string // why jobs wait for their environment
	changed bool
	urgent  chan struct{}
}

func newOffice(nc *nats.Conn, run string, opts WorkerOptions) *office {
	return &office{
		nc: nc, name: run, opts: opts,
		running: map[string]int{}, waiting: map[*job]string{}, urgent: make(chan struct{}, 1),
	}
}

// run reports until stop is closed, and then a last time.
func (o *office) run(stop <-chan struct{}) {
	tick := time.NewTicker(reportMin)
	defer tick.Stop()
	var last time.Time
	for {
		leaving, atOnce := false, false
		select {
		case <-stop:
			leaving = true
		case <-o.urgent:
			atOnce = true
		case <-tick.C:
		}
		now := time.Now()
		if r, any := o.report(leaving, atOnce || now.Sub(last) >= reportPeriod); any {
			last = now
			if err := o.nc.Publish(reportSubject(o.name), encode(r)); err == nil && leaving {
				o.nc.FlushTimeout(time.Second) // the server may be gone
			}
		}
		if leaving {
			return
		}
	}
}

// report returns what is to be told now, if anything is.
func (o *office) report(leaving, force bool) (report, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.changed && !force && !leaving {
		return report{}, false
	}
	o.changed = false
	r := report{Worker: o.opts.Name, Slots: o.opts.Slots, Running: maps.Clone(o.running), Leaving: leaving}
	if o.shift != nil {
		r.Epoch = o.shift.record.Epoch
	}
	for _, why := range o.waiting {
		r.Paused = why
	}
	return r, true
}

// serve says which epoch the worker serves.
func (o *office) serve(s *shift) {
	o.mu.Lock()
	o.shift, o.changed = s, true
	o.mu.Unlock()
	o.hurry()
}

// begins says that a message of a task is in work, ends that it no longer is.
func (o *office) begins(task string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running[task]++
	o.changed = true
}

func (o *office) ends(task string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed = true
	if o.running[task]--; o.running[task] == 0 {
		delete(o.running, task)
	}
}

// pauses says that a job waits for its environment, resumes that it does not.
func (o *office) pauses(b *job, why string) {
	o.mu.Lock()
	o.waiting[b] = why
	o.changed = true
	o.mu.Unlock()
	o.hurry()
}

func (o *office) resumes(b *job) {
	o.mu.Lock()
	_, was := o.waiting[b]
	delete(o.waiting, b)
	o.changed = o.changed || was
	o.mu.Unlock()
	if was {
		o.hurry()
	}
}

// paused reports whether a job waits for its environment: no more work is taken then.
func (o *office) paused() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) > 0
}

// hurry makes the next report go out at once.
func (o *office) hurry() {
	select {
	case o.urgent <- struct{}{}:
	default:
	}
}
