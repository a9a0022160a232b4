package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"volara/geometry"
	"volara/graph"
	"volara/graph/sqlite"
)

// Graphs shares the open graph databases of a process: each file is opened once. It is safe for concurrent use.
type Graphs struct {
	schemas map[string]graph.Schema

	mu   sync.Mutex
	open map[string]graph.Store
}

// NewGraphs returns a set that opens databases with the given schemas, by path.
func NewGraphs(schemas map[string]graph.Schema) *Graphs {
	return &Graphs{schemas: schemas, open: map[string]graph.Store{}}
}

// Open returns the database, creating it where it is missing. It belongs to the set.
func (g *Graphs) Open(ctx context.Context, path string) (graph.Store, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.open[path]; ok {
		return s, nil
	}
	schema, ok := g.schemas[path]
	if !ok {
		return nil, fmt.Errorf("no task has planned the graph %s", path)
	}
	s, err := sqlite.Open(ctx, path, schema, sqlite.Options{Create: true})
	if err != nil {
		return nil, err
	}
	g.open[path] = s
	return s, nil
}

// Close closes what was opened.
func (g *Graphs) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for path, s := range g.open {
		errs = append(errs, s.Close())
		delete(g.open, path)
	}
	return errors.Join(errs...)
}

// initGraph opens the graph for a task's generation: what an earlier one wrote is cleared, once, unless it is adopted.
func initGraph(ctx context.Context, env *Env, db *DB, clear func(context.Context, graph.Store) error) error {
	s, err := env.Graphs.Open(ctx, db.Path)
	if err != nil {
		return err
	}
	generation, err := s.Generation(ctx, env.Task)
	if err != nil || generation == env.writer().Generation {
		return err
	}
	if env.Adopt {
		return s.SetGeneration(ctx, env.Task, env.writer().Generation)
	}
	// While it clears, no generation may write: a late worker of the old one would leave rows behind.
	if err := s.SetGeneration(ctx, env.Task, ""); err != nil {
		return err
	}
	if err := clear(ctx, s); err != nil {
		return err
	}
	return s.SetGeneration(ctx, env.Task, env.writer().Generation)
}

// dropGraph voids the task's generation first, so that no late worker writes, and clears what it wrote. A graph that is
// empty then is removed with its files; one that is not there is no error.
func dropGraph(ctx context.Context, env *Env, db *DB, clear func(context.Context, graph.Store) error) error {
	if _, err := os.Stat(db.Path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := env.Graphs.Open(ctx, db.Path)
	if err != nil {
		return err
	}
	if err := s.SetGeneration(ctx, env.Task, ""); err != nil {
		return err
	}
	if err := clear(ctx, s); err != nil {
		return err
	}
	empty, err := isEmpty(ctx, s)
	if err != nil || !empty {
		return err
	}
	return env.Graphs.remove(db.Path)
}

func isEmpty(ctx context.Context, s graph.Store) (bool, error) {
	for _, err := range s.Nodes(ctx, geometry.Roi{}, nil) {
		return false, err
	}
	for _, err := range s.Edges(ctx, geometry.Roi{}, nil) {
		return false, err
	}
	return true, nil
}

// remove closes a database and deletes its files.
func (g *Graphs) remove(path string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.open[path]; ok {
		delete(g.open, path)
		if err := s.Close(); err != nil {
			return err
		}
	}
	return sqlite.Remove(path)
}

func clearNodes(ctx context.Context, s graph.Store) error { return s.ClearNodes(ctx) }

// GraphGeneration returns the generation in which a task may write to the graph at path, which must exist. It opens the
// database for writing: what a killed process has left in its log is put in order first.
func GraphGeneration(ctx context.Context, path, task string) (string, error) {
	s, err := sqlite.Open(ctx, path, graph.Schema{}, sqlite.Options{})
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("it is gone")
	}
	if err != nil {
		return "", err
	}
	id, err := s.Generation(ctx, task)
	return id, errors.Join(err, s.Close())
}
