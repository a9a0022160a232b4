package console

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"volara/stream"
)

// ProgressOptions says where and how progress is shown. The zero value is for a command: automatic, on standard error.
type ProgressOptions struct {
	Mode Mode

	// Out is where progress goes: standard error by default, standard output in ModeJSON.
	Out io.Writer
	// Log is where LogWriter writes while no bars are drawn: standard error by default.
	Log io.Writer

	Poll  time.Duration    // how often Follow asks; default 150 ms
	Every time.Duration    // least time between lines of a task in ModePlain (default 5 s), snapshots in ModeJSON (1 s)
	Now   func() time.Time // the clock; default time.Now
}

// Progress shows a run. Its methods may be called concurrently.
type Progress struct {
	mode Mode
	opts ProgressOptions

	mu      sync.Mutex
	tracker tracker
	view    view
	closed  bool
}

// A view shows snapshots in one of the modes.
type view interface {
	show(s Snapshot)
	// close shows the last snapshot for good.
	close()
}

// NewProgress prepares to show a run; nothing is written before the first Update.
func NewProgress(o ProgressOptions) *Progress {
	if o.Out == nil {
		o.Out = os.Stderr
		if o.Mode == ModeJSON {
			o.Out = os.Stdout
		}
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	if o.Poll <= 0 {
		o.Poll = 150 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Progress{mode: o.Mode.resolve(o.Out), opts: o}
	p.view = p.newView()
	return p
}

func (p *Progress) newView() view {
	every := func(standard time.Duration) time.Duration {
		if p.opts.Every > 0 {
			return p.opts.Every
		}
		return standard
	}
	switch p.mode {
	case ModeTTY:
		return newBars(p.opts.Out)
	case ModePlain:
		return &plainView{out: p.opts.Out, every: every(5 * time.Second)}
	case ModeJSON:
		return &jsonView{out: p.opts.Out, every: every(time.Second)}
	}
	return offView{}
}

// Mode returns the mode in use, never ModeAuto.
func (p *Progress) Mode() Mode { return p.mode }

// Follow shows what poll returns until the run has ended or ctx is done, then asks once more.
func (p *Progress) Follow(ctx context.Context, poll func() stream.Status) {
	tick := time.NewTicker(p.opts.Poll)
	defer tick.Stop()
	for {
		s := poll()
		p.Update(s)
		if ended(s.State) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.Update(poll())
			return
		}
	}
}

// Update shows a status.
func (p *Progress) Update(s stream.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.view.show(p.tracker.snapshot(s, p.opts.Now()))
	}
}

// Close leaves the last status on the screen and gives the terminal back; later Updates show nothing. It may be called
// more than once.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		p.view.close()
	}
}

// LogWriter returns where log lines go so that they and the bars leave each other whole: above the bars while those
// are drawn, to ProgressOptions.Log otherwise. Each Write should be whole lines.
func (p *Progress) LogWriter() io.Writer {
	b, ok := p.view.(*bars)
	if !ok || !IsTerminal(p.opts.Log) && IsTerminal(p.opts.Out) {
		return p.opts.Log
	}
	return logAbove{bars: b, else_: p.opts.Log}
}

type logAbove struct {
	bars  *bars
	else_ io.Writer
}

func (l logAbove) Write(b []byte) (int, error) {
	if l.bars.log(b) {
		return len(b), nil
	}
	return l.else_.Write(b)
}

type offView struct{}

func (offView) show(Snapshot) {}
func (offView) close()        {}

// jsonView writes a Snapshot a line.
type jsonView struct {
	out     io.Writer
	every   time.Duration
	last    Snapshot
	written time.Time
	pending bool
}

func (v *jsonView) show(s Snapshot) {
	changed := s.State != v.last.State || s.Reason != v.last.Reason
	v.last, v.pending = s, true
	if changed || s.Time.Sub(v.written) >= v.every {
		v.write()
	}
}

func (v *jsonView) close() {
	if v.pending {
		v.write()
	}
}

func (v *jsonView) write() {
	v.written, v.pending = v.last.Time, false
	_ = json.NewEncoder(v.out).Encode(v.last) // progress that cannot be shown does not stop the run
}
