package console

import (
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars draws on a terminal in place. The library moves the cursor, knows the width and keeps log lines above; what the
// lines say is drawn here from one snapshot a frame, so that columns line up and counts agree.
type bars struct {
	out     io.Writer
	painter painter
	current atomic.Pointer[Snapshot]

	mu      sync.Mutex
	pool    *mpb.Progress // nil before the first snapshot and after the end
	bar     *mpb.Bar
	refresh chan any
	ended   bool
}

// patience is how long a frame may wait for the one before it: the user may have stopped the terminal.
const patience = time.Second

func newBars(out io.Writer) *bars {
	return &bars{out: out, painter: painter{colour: Colour(out), unicode: unicodeLocale()}}
}

func (b *bars) show(s Snapshot) {
	b.current.Store(&s)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	if b.pool == nil {
		b.start()
	}
	b.frame()
}

func (b *bars) start() {
	b.refresh = make(chan any)
	b.pool = mpb.New(mpb.WithOutput(b.out), mpb.WithManualRefresh(b.refresh))
	footer := mpb.BarFillerFunc(func(w io.Writer, st decor.Statistics) error {
		_, err := io.WriteString(w, b.painter.footer(*b.current.Load(), st.AvailableWidth))
		return err
	})
	tasks := mpb.BarFillerFunc(func(w io.Writer, st decor.Statistics) error {
		lines := b.painter.taskLines(*b.current.Load(), st.AvailableWidth, max(1, termHeight(b.out)-3))
		slices.Reverse(lines) // the library stacks them upward from the footer
		_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
		return err
	})
	b.bar = b.pool.MustAdd(0, footer, mpb.BarFillerTrim(), mpb.BarExtender(tasks, true))
}

// frame draws the current snapshot and the log lines since the last frame, or nothing when the terminal does not take
// it; once the terminal is gone, the bars end. b.mu is held.
func (b *bars) frame() {
	if !b.bar.IsRunning() {
		b.ended, b.pool = true, nil
		return
	}
	select {
	case b.refresh <- time.Time{}:
	case <-time.After(patience):
	}
}

// log writes lines above the bars, with the next frame; false when no bars are drawn.
func (b *bars) log(lines []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pool == nil {
		return false
	}
	_, err := b.pool.Write(lines)
	return err == nil
}

func (b *bars) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pool != nil {
		b.frame()
		if b.pool != nil {
			b.pool.Shutdown()
		}
	}
	b.ended, b.pool = true, nil
}
