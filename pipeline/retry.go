package pipeline

import (
	"slices"

	"volara/config"
	"volara/stream"
)

// FailedOf counts the failed blocks of a run that a request names. What the run does not have, or what has not failed,
// is an *InputError.
func FailedOf(s stream.Status, r stream.RetryRequest) (int64, error) {
	names := make([]string, len(s.Tasks))
	for i, t := range s.Tasks {
		names[i] = t.Name
	}
	for _, name := range r.Tasks {
		if !slices.Contains(names, name) {
			return 0, inputErrorf("no task is named %q; %s", name, config.Suggest(name, names))
		}
	}
	var tasks []stream.TaskStatus
	for _, t := range s.Tasks {
		if len(r.Tasks) == 0 || slices.Contains(r.Tasks, t.Name) {
			tasks = append(tasks, t)
		}
	}
	if len(r.Blocks) > 0 {
		return failedBlocks(tasks, r.Blocks)
	}
	failed := int64(0)
	for _, t := range tasks {
		failed += t.Failed
	}
	return failed, nil
}

func failedBlocks(tasks []stream.TaskStatus, blocks []int64) (int64, error) {
	if len(tasks) != 1 {
		return 0, inputErrorf("blocks are those of one task; name it with --task")
	}
	t := tasks[0]
	complete := int64(len(t.Failures)) == t.Failed // else the status lists only some
	for _, i := range blocks {
		if complete && !slices.ContainsFunc(t.Failures, func(f stream.Failure) bool { return f.Block == i }) {
			return 0, inputErrorf("block %d of task %s has not failed", i, t.Name)
		}
	}
	return int64(len(blocks)), nil
}
