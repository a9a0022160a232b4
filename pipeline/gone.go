package pipeline

import (
	"context"
	"path/filepath"

	"volara/stream"
)

// warnGone tells when the run's folder speaks of blocks that are done and the server knows nothing of the run: its store
// was damaged or removed, or the run was kept by another server.
func (r *run) warnGone(ctx context.Context) error {
	dir := RunDir(r.Server.StateDir, r.pipeline.Name)
	last, err := stream.ReadStatus(dir)
	if err != nil {
		return nil // a status that cannot be read says nothing
	}
	var done int64
	for _, t := range last.Tasks {
		done += t.Done
	}
	if done == 0 {
		return nil
	}
	records, err := r.state.Generations(ctx)
	if err != nil || len(records) > 0 {
		return err
	}
	where := Redacted(r.Server.URL)
	if !r.Server.External() {
		where = filepath.Join(r.Server.StateDir, "nats")
	}
	r.log.Warn("the record of what is done is gone: its store is damaged or was removed, or another server holds it; blocks are done again",
		"done", done, "as_told_by", filepath.Join(dir, "status.json"), "store", where)
	return nil
}
