package dashboard

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"volara/stream"
)

// runStates are the values of the label state of volara_run_state.
var runStates = [...]string{stream.StateRunning, stream.StatePaused, stream.StateDone, stream.StateFailed, stream.StateStopped}

// A collector turns the run's status into metrics when it is asked for them.
type collector struct {
	version string
	status  func() (stream.Status, bool)

	info, state, started, workers, slots *prometheus.Desc
	total, blocks, seconds, voxels       *prometheus.Desc
}

func newCollector(version string, status func() (stream.Status, bool)) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("volara_"+name, help, labels, nil)
	}
	return &collector{
		version: version, status: status,
		info:    desc("build_info", "1; the label says which version runs.", "version"),
		state:   desc("run_state", "1 for the state that the run is in, 0 for the others.", "run", "state"),
		started: desc("run_start_time_seconds", "When the run was begun or resumed, Unix time.", "run"),
		workers: desc("run_workers", "Workers that reported lately.", "run"),
		slots:   desc("run_slots", "Blocks that these workers can have in work at once.", "run"),
		total:   desc("task_blocks", "Blocks of the task that this run wants done.", "run", "task"),
		blocks: desc("task_blocks_by_state", "Blocks of the task by state: computed, masked, running, waiting, failed, orphaned (wait for a failed block); "+
			"they add up to volara_task_blocks.", "run", "task", "state"),
		seconds: desc("task_block_seconds_total", "Time spent in the blocks done since the run was begun or resumed, of all slots.", "run", "task", "phase"),
		voxels:  desc("task_voxels", "Voxels of the blocks that this run wants done; 0 when unknown.", "run", "task"),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.info, 1, c.version)
	s, begun := c.status()
	if !begun {
		return
	}
	for _, state := range runStates {
		is := 0.0
		if s.State == state {
			is = 1
		}
		gauge(c.state, is, s.Run, state)
	}
	if !s.Started.IsZero() {
		gauge(c.started, float64(s.Started.UnixMilli())/1e3, s.Run)
	}
	gauge(c.workers, float64(s.Workers), s.Run)
	gauge(c.slots, float64(s.Slots), s.Run)
	for _, t := range s.Tasks {
		gauge(c.total, float64(t.Total), s.Run, t.Name)
		gauge(c.voxels, float64(t.Voxels), s.Run, t.Name)
		for state, n := range byState(t) {
			gauge(c.blocks, float64(n), s.Run, t.Name, state)
		}
		for phase, d := range map[string]time.Duration{"read": t.Timings.Read, "compute": t.Timings.Compute, "write": t.Timings.Write} {
			ch <- prometheus.MustNewConstMetric(c.seconds, prometheus.CounterValue, d.Seconds(), s.Run, t.Name, phase)
		}
	}
}

// byState splits a task's blocks into disjoint states.
func byState(t stream.TaskStatus) map[string]int64 {
	return map[string]int64{
		"computed": t.Done - t.Masked,
		"masked":   t.Masked,
		"running":  t.Running,
		"failed":   t.Failed,
		"orphaned": t.Orphaned,
		"waiting":  t.Total - t.Done - t.Running - t.Failed - t.Orphaned,
	}
}
