package stages

import (
	"strings"

	"volara/config"
)

// What worker_type may be.
const (
	workerLocal   = "local" // in the worker's own process; Volara's name for it
	workerThread  = "thread"
	workerProcess = "process" // each block in a child process
)

// Apart reports whether the task's blocks are processed in child processes.
func (c *Shared) Apart() bool {
	return c.WorkerConfig != nil && c.WorkerConfig.WorkerType == workerProcess
}

// checkWorkers refuses workers that there are not.
func (c *Shared) checkWorkers() error {
	if c.WorkerConfig == nil {
		return nil
	}
	types := []string{workerLocal, workerThread, workerProcess}
	switch t := c.WorkerConfig.WorkerType; t {
	case workerLocal, workerThread, workerProcess:
		return nil
	case "":
		return fieldErrorf("worker_config", "worker_type is missing; say one of %s, or leave worker_config out (%s)", strings.Join(types, ", "), workerLocal)
	case "slurm", "lsf":
		return fieldErrorf("worker_config", "worker_type %q is not built yet; leave worker_config out (local workers) and start `stage` by the cluster's scheduler", t)
	default:
		return fieldErrorf("worker_config", "no worker_type is called %q; %s", t, config.Suggest(t, types))
	}
}
