package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A round is one pipeline in a folder of its own, what is done to it, and what must have come of it.
type round struct {
	*testing.T
	dir  string
	rng  *rand.Rand
	work workload

	server   string // URL of an external server; empty: the embedded one
	replicas int    // servers of it

	began     time.Time
	started   int // processes
	processes []*process

	mu    sync.Mutex
	story *os.File
}

// newRound makes the folder of a round. It is kept when the round fails.
func newRound(t *testing.T, number int, name string) *round {
	t.Helper()
	dir, err := os.MkdirTemp(settings.dir, fmt.Sprintf("chaos-%d-%d-", settings.seed, number))
	if err != nil {
		t.Fatal(err)
	}
	r := &round{T: t, dir: dir, began: time.Now(), rng: rand.New(rand.NewPCG(settings.seed, uint64(number)))}
	if r.story, err = os.Create(filepath.Join(dir, "story.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.pointDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	r.note("round %d of seed %d: %s", number, settings.seed, name)
	t.Cleanup(func() {
		r.reap()
		r.story.Close()
		if !t.Failed() && settings.only < 0 {
			os.RemoveAll(dir)
			return
		}
		if story, err := os.ReadFile(r.story.Name()); err == nil {
			t.Logf("%s", story)
		}
		t.Logf("logs are in %s; to repeat: CHAOS_SEED=%d CHAOS_ROUND=%d go test ./test/chaos -v", dir, settings.seed, number)
	})
	return r
}

// note writes down what happens.
func (r *round) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.story, "%7.3f %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

func (r *round) pointDir() string { return filepath.Join(r.dir, "points") }

// hits returns how often a point was reached by processes that were told to do something there.
func (r *round) hits(point string) int64 {
	info, err := os.Stat(filepath.Join(r.pointDir(), point))
	if err != nil {
		return 0
	}
	return info.Size()
}

// points is the variable that tells a process what to do at which points.
func points(specs ...string) []string { return []string{"VOLARA_POINTS=" + strings.Join(specs, ",")} }

// ackWait is how long a worker may be silent in a round.
const ackWait = 2 * time.Second

// upLimit bounds a run. It is generous: the machine may be busy.
const upLimit = 2 * time.Minute

// up starts `volara up`.
func (r *round) up(extra []string, args ...string) *process {
	args = slices.Concat([]string{"up", "--progress", "off", "--ack-wait", ackWait.String()}, r.work.flags, args)
	if r.server != "" {
		// The lease of one that was killed outlives it for a while: --standby waits.
		args = append(args, "--nats", r.server, "--replicas", strconv.Itoa(r.replicas), "--standby")
	}
	return r.start("up", extra, "volara", append(args, r.pipeline())...)
}

// solo starts `volara up` with two blocks in work at once.
func (r *round) solo(extra ...string) *process { return r.up(extra, "--workers", "2") }

// lead starts `volara up` without a worker and waits until workers can join.
func (r *round) lead(extra ...string) *process {
	p := r.up(extra, "--workers", "0")
	for began := time.Now(); p.alive() && !r.reachable(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			r.Fatalf("%s has no server", p.name)
		}
	}
	return p
}

// reachable reports whether a stage would find a server.
func (r *round) reachable() bool { return r.server != "" || exists(r.url()) }

// stage starts a worker that finds the server through the state directory, or the external one.
func (r *round) stage(extra []string, args ...string) *process {
	args = slices.Concat([]string{"--state", r.state(), "--run", r.work.run, "--workers", "2"}, r.work.flags, args)
	if r.server != "" && !slices.Contains(args, "--nats") {
		args = append(args, "--nats", r.server)
	}
	return r.start("stage", extra, "stage", args...)
}

func (r *round) pipeline() string { return filepath.Join(r.dir, "pipeline.yaml") }
func (r *round) state() string    { return filepath.Join(r.dir, ".volara") }
func (r *round) url() string      { return filepath.Join(r.state(), "nats", "url") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// between returns a time from the round's randomness.
func (r *round) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.rng.Int64N(int64(most-least)+1))
}

// sleep waits for a time from the round's randomness.
func (r *round) sleep(least, most time.Duration) { time.Sleep(r.between(least, most)) }

// pick returns one of several.
func pick[T any](r *round, from ...T) T { return from[r.rng.IntN(len(from))] }

// resume starts `volara up` as often as it is killed and returns when one has ended by itself, with status 0.
func (r *round) resume(up *process, again func() *process) {
	for tries := 0; ; tries++ {
		status := up.ends(upLimit)
		if status == 0 {
			return
		}
		if status > 0 {
			r.Fatalf("%s ended with status %d\n%s", up.name, status, up.said())
		}
		if tries > 40 {
			r.Fatal("`up` was killed too often: the round makes no progress")
		}
		up = again()
	}
}
