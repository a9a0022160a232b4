package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"volara/fault"
	"volara/zarr/store"
)

// A guard keeps workers of an earlier generation off an output that another one has taken over: the marker beside it names
// the generation that may write. A worker's hold on a block does not tell: it lasts for a while after the run was killed,
// and dropped, and begun anew. Whoever takes an output over changes the marker first and then removes what writers have
// begun; a writer asks last before it gives a file its name. Safe for concurrent use.
type guard struct {
	path       string // of the file that holds the marker
	generation string
	read       func() (*Marker, error)

	mu   sync.Mutex
	seen os.FileInfo // of the file when it last named the generation
}

// errTakenOver says that another generation has the output.
var errTakenOver = errors.New("the output was taken over by another generation of its task, or removed")

// check returns an error unless the output is the generation's. The marker is read again only when its file has changed.
func (g *guard) check() error {
	if g == nil {
		return nil
	}
	now, err := os.Stat(g.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.TakenOver(fmt.Errorf("%w: %w", errTakenOver, err))
	}
	if err != nil {
		return fault.FromOS(fmt.Errorf("whose output it is: %w", err))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen != nil && os.SameFile(g.seen, now) && g.seen.ModTime().Equal(now.ModTime()) && g.seen.Size() == now.Size() {
		return nil
	}
	m, err := g.read()
	if err != nil {
		return fmt.Errorf("whose output it is: %w", err)
	}
	if m == nil || m.Generation != g.generation {
		return fault.TakenOver(fmt.Errorf("%s: %w%s", g.path, errTakenOver, m.who()))
	}
	g.seen = now
	return nil
}

// who tells whose output it is, as the end of a sentence.
func (m *Marker) who() string {
	if m == nil {
		return ""
	}
	by := fmt.Sprintf(": task %s of run %s", m.Task, m.Run)
	if id, err := ulid.Parse(m.Generation); err == nil {
		by += ", begun at " + id.Timestamp().Local().Format(time.DateTime)
	}
	return by
}

// fence returns a context under which stores ask the guard last, or why nothing may be written any more.
func (g *guard) fence(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); g == nil || err != nil {
		return ctx, err
	}
	return store.WithFence(ctx, g.check), g.check()
}

// context returns a context that also ends, as far as its Err tells, when the output is another generation's.
func (g *guard) context(ctx context.Context) context.Context {
	if g == nil {
		return ctx
	}
	return guarded{ctx, g}
}

// guarded is a context whose Err asks a guard.
type guarded struct {
	context.Context
	guard *guard
}

// Err implements context.Context; its error may be that of the guard.
func (c guarded) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	return c.guard.check()
}

// AfterFunc lets contexts derived from this one do without a goroutine.
func (c guarded) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(c.Context, f) }
