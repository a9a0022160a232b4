package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"

	"volara/fault"
	"volara/graph"
	"volara/graph/funlib"
)

// Generation implements graph.Store.
func (s *Store) Generation(ctx context.Context, task string) (string, error) {
	c, err := s.readers.take()
	if err != nil {
		return "", err
	}
	defer s.readers.give(c)
	return generation(ctx, c, task)
}

// SetGeneration implements graph.Store.
func (s *Store) SetGeneration(ctx context.Context, task, id string) error {
	return s.write(ctx, 1, func(c *conn) error {
		if err := c.exec(funlib.CreateGenerations); err != nil {
			return err
		}
		return c.execute(funlib.SetGeneration, values(task, id))
	})
}

// checkWriter fails with graph.ErrStaleGeneration unless the database holds the writer's generation for its task.
func (s *Store) checkWriter(c *conn, w graph.Writer) error {
	current, err := generation(context.Background(), c, w.Task)
	if err != nil {
		return err
	}
	if current == "" || current != w.Generation {
		return fault.TakenOver(s.about(fmt.Errorf("%w: task %s is %q there, and not %q",
			graph.ErrStaleGeneration, w.Task, current, w.Generation)))
	}
	return nil
}

// generation returns a task's generation, empty where none was ever set.
func generation(ctx context.Context, c *conn, task string) (current string, err error) {
	exists, err := hasTable(ctx, c, funlib.Generations)
	if err != nil || !exists {
		return "", err
	}
	err = c.each(ctx, funlib.SelectGeneration, values(task), func(row []driver.Value) error {
		current, _ = row[0].(string)
		return nil
	})
	return current, err
}
