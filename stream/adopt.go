package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
)

// NewGeneration returns a new generation's id.
func NewGeneration() string { return ulid.Make().String() }

// Adopt records a generation of a task that has none, with what is done of it. The record is written last: should the
// program die before, there is still none. Nobody is told of these blocks: they were done elsewhere.
func (s *State) Adopt(ctx context.Context, task, generation, from string, fingerprint json.RawMessage, done *Bitmap) error {
	if err := s.forget(ctx, task); err != nil {
		return err
	}
	for _, page := range done.Dirty() {
		if _, err := s.put(ctx, keyDone(task, generation, page), done.EncodePage(page), 0); err != nil {
			return err
		}
	}
	g := Generation{ID: generation, Fingerprint: fingerprint, Created: time.Now().UTC(), Adopted: from}
	if _, err := s.put(ctx, keyGeneration(task), encode(g), 0); err != nil {
		return fmt.Errorf("adopt what is done of task %s: %w", task, err)
	}
	return nil
}
