package chaos

import (
	"fmt"
	"os"
	"time"
)

// A poisoned pipeline is a chain of two no-op tasks, of which the first has a block that does harm.
func (r *round) poison(harm string) {
	r.work = workload{run: "poison"}
	text := fmt.Sprintf(`name: poison
tasks:
  - {task_type: noop, name: a, roi: [[0], [40]], block_size: [1], max_retries: 1, %s}
  - {task_type: noop, name: b, roi: [[0], [40]], block_size: [1], after: [a]}
`, harm)
	if err := os.WriteFile(r.pipeline(), []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

// poisonVerdict demands that one block has failed, that its downstream block waits for it, and that all others are done.
func (r *round) poisonVerdict() {
	r.Helper()
	s := r.status()
	if s.State != "failed" || len(s.Tasks) != 2 {
		r.Fatalf("the status is %s (%s)", s.State, s.Reason)
	}
	if a := s.Tasks[0]; a.Done != 39 || a.Failed != 1 {
		r.Errorf("the status of a: %+v", a)
	}
	if b := s.Tasks[1]; b.Done != 39 || b.Orphaned != 1 {
		r.Errorf("the status of b: %+v", b)
	}
	if pids := r.orphans(); len(pids) > 0 {
		r.Errorf("processes are left: %v", pids)
	}
}

// blockKillsUp has a block that kills `up` every time, until it is given up.
func blockKillsUp() scenario {
	return scenario{"a block kills its process every time", func(r *round) {
		r.poison("crash: [7]")
		for range 20 {
			up := r.solo()
			if status := up.ends(upLimit); status == 1 {
				r.poisonVerdict()
				return
			} else if status != -1 {
				r.Fatalf("%s ended with status %d\n%s", up.name, status, up.said())
			}
		}
		r.Error("the block is never given up")
	}}
}

// blockKillsStages has a block that kills the stage it is given to every time; stages are started again.
func blockKillsStages() scenario {
	return scenario{"a block kills its stage every time", func(r *round) {
		r.poison("crash: [7]")
		up := r.lead()
		for range 20 {
			stage := r.stage(nil)
			select {
			case <-stage.done:
			case <-up.done:
			case <-time.After(upLimit):
			}
			if !up.alive() {
				break
			}
		}
		if status := up.ends(upLimit); status != 1 {
			r.Errorf("%s ended with status %d\n%s", up.name, status, up.said())
		}
		for _, p := range r.processes {
			p.leaves()
		}
		r.poisonVerdict()
	}}
}

// blockHangs has a block that never ends and a timeout.
func blockHangs() scenario {
	return scenario{"a block never ends", func(r *round) {
		r.poison("hang: [7], timeout: 300ms")
		up := r.solo()
		if status := up.ends(upLimit); status != 1 {
			r.Errorf("%s ended with status %d\n%s", up.name, status, up.said())
		}
		r.poisonVerdict()
	}}
}
