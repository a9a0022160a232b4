package pipeline

import (
	"context"
	"fmt"
	"slices"

	"volara/stages"
)

// A LostInput is what a task that is to be dropped reads, and could not read again: chunks of it may have been deleted
// after they were consumed, and the task that writes it is not dropped.
type LostInput struct {
	Reader, Writer string // tasks
	Path           string
}

// String says it in a line.
func (l LostInput) String() string {
	return fmt.Sprintf("%s can only be made again with %s: chunks of %s, which it reads, were deleted after they were consumed (keep: until_consumed)",
		l.Reader, l.Writer, l.Path)
}

// lostInputs lists what the tasks, and those downstream of them, could not read again once their records are gone.
func (p *Pipeline) lostInputs(ctx context.Context, tasks []*Task) []LostInput {
	var lost []LostInput
	again := p.Downstream(tasks) // these begin anew
	for _, reader := range again {
		for _, e := range reader.Upstream {
			if slices.Contains(again, e.Task) {
				continue
			}
			path, err := consumedBy(ctx, reader, e.Task, func(m *stages.Marker) bool { return m.Run == p.Name && m.Task == e.Task.Name })
			if err == nil && path != "" { // an input that is damaged is the next up's to tell
				lost = append(lost, LostInput{reader.Name, e.Task.Name, path})
			}
		}
	}
	return lost
}
