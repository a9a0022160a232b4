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
	"volara/zarr"
	"volara/zarr/store"
)

// A guard keeps workers of an earlier generation off an output that another one has taken over: the marker beside it names
// the generation that may write. A worker's hold on a block does not tell: it lasts for a while after the run was killed,
// and dropped, and begun anew. Whoever takes an output over changes the marker first and then removes what writers have
// begun; a writer asks last before it gives a file its name. Safe for concurrent use.
type guard struct {
	path       string // of the file that holds the marker
	generation string
	look       func() (stamp, error) // at the file; one that is not there is fs.ErrNotExist
	read       func() (*Marker, error)

	mu   sync.Mutex
	seen stamp // of the file when it last named the generation; nil: never
}

// A stamp tells two states of a file apart.
type stamp interface{ same(other stamp) bool }

// A fileStamp is that of a local file.
type fileStamp struct{ os.FileInfo }

func (s fileStamp) same(other stamp) bool {
	o, ok := other.(fileStamp)
	return ok && os.SameFile(s.FileInfo, o.FileInfo) && s.ModTime().Equal(o.ModTime()) && s.Size() == o.Size()
}

// A version is the stamp of an object on a server.
type version string

func (v version) same(other stamp) bool { return stamp(v) == other }

// guardFile keeps others off what the marker in a local file is of.
func guardFile(path, generation string, read func() (*Marker, error)) *guard {
	return &guard{path: path, generation: generation, read: read, look: func() (stamp, error) {
		info, err := os.Stat(path)
		return fileStamp{info}, err
	}}
}

// guardArray keeps others off an array.
func guardArray(array *zarr.Array, place Place, generation string) *guard {
	g := guardFile(array.AttributesFile(), generation, func() (*Marker, error) {
		marker, _, err := OutputMarker(context.Background(), place)
		return marker, err
	})
	if v, ok := array.Node().Store.(store.Versioner); ok {
		key := array.Node().Prefix + array.AttributesKey()
		g.look = func() (stamp, error) {
			v, err := v.Version(context.Background(), key)
			return version(v), err
		}
	}
	return g
}

// errTakenOver says that another generation has the output.
var errTakenOver = errors.New("the output was taken over by another generation of its task, or removed")

// check returns an error unless the output is the generation's. The marker is read again only when its file has changed.
func (g *guard) check() error {
	if g == nil {
		return nil
	}
	now, err := g.look()
	if errors.Is(err, fs.ErrNotExist) {
		return fault.TakenOver(fmt.Errorf("%w: %w", errTakenOver, err))
	}
	if err != nil {
		return fault.FromOS(fmt.Errorf("whose output it is: %w", err))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen != nil && g.seen.same(now) {
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
