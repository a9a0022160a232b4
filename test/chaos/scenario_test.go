package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A scenario is a kind of round.
type scenario struct {
	name string
	do   func(r *round)
}

// killAt lets `up` with a worker of its own be killed at points, one after the other, and start again each time.
func killAt(w workload, hit int, names ...string) scenario {
	return scenario{fmt.Sprintf("up of %s is killed at hit %d of %v", w.run, hit, names), func(r *round) {
		r.prepare(w)
		var specs []string
		for _, name := range names {
			specs = append(specs, fmt.Sprintf("%s:%d:kill", name, hit))
		}
		again := func() *process { return r.solo(points(specs...)...) }
		r.resume(again(), again)
		for _, name := range names {
			if r.hits(name) < int64(hit) && hit == 1 {
				r.Errorf("nothing came across %s", name)
			}
		}
		r.verdict()
	}}
}

// freezeAt stops `up`, with its server and worker, at a point for longer than its lease and the ack wait.
func freezeAt(w workload, hit int, name string) scenario {
	return scenario{fmt.Sprintf("up of %s sleeps at hit %d of %s", w.run, hit, name), func(r *round) {
		r.prepare(w)
		up := r.solo(points(fmt.Sprintf("%s:%d:stop", name, hit))...)
		if up.endsOrStops(upLimit) {
			r.sleep(6500*time.Millisecond, 9*time.Second)
			up.wake()
		} else if hit == 1 {
			r.Errorf("nothing came across %s", name)
		}
		r.resume(up, func() *process { return r.solo() })
		r.verdict()
	}}
}

// slowly makes a worker's blocks last.
const slowly = "worker.noted:*:30ms"

// workerKilledAt lets one of two stages be killed at a point.
func workerKilledAt(w workload, hit int, name string) scenario {
	return scenario{fmt.Sprintf("a stage of %s is killed at hit %d of %s", w.run, hit, name), func(r *round) {
		r.prepare(w)
		up := r.lead()
		doomed := r.stage(points(fmt.Sprintf("%s:%d:kill", name, hit)))
		if hit > 1 {
			r.stage(points(slowly))
		}
		select {
		case <-doomed.done:
		case <-up.done:
		case <-time.After(upLimit):
		}
		if hit == 1 {
			if r.hits(name) == 0 {
				r.Errorf("nothing came across %s", name)
			}
			r.stage(nil)
		}
		r.resume(up, func() *process { return r.lead() })
		r.verdict()
	}}
}

// sleeperAt stops a stage at a point until its block was done by another; it wakes up during the run, or after it.
func sleeperAt(w workload, name string, during bool) scenario {
	when := "after the run"
	if during {
		when = "during the run"
	}
	return scenario{fmt.Sprintf("a stage of %s sleeps at %s and wakes up %s", w.run, name, when), func(r *round) {
		r.prepare(w)
		up := r.lead()
		sleeper := r.stage(points(name + ":1:stop"))
		if !sleeper.endsOrStops(upLimit) {
			r.Errorf("nothing came across %s", name)
		}
		r.stage(points(slowly))
		if during || name == "graph.written" { // it holds the graph's lock: nobody else can go on
			r.sleep(ackWait, 2*ackWait)
			sleeper.wake()
		}
		r.resume(up, func() *process { return r.lead() })
		sleeper.wake()
		r.sleep(0, time.Second)
		r.verdict()
	}}
}

// sleeperMissesDrop stops a stage at a point; meanwhile the run is dropped and started with another configuration. It
// wakes up while the new run works, or after it.
func sleeperMissesDrop(name string, during, keepOutputs bool) scenario {
	when := "after"
	if during {
		when = "during"
	}
	return scenario{fmt.Sprintf("a stage sleeps at %s through a drop (outputs kept: %v) and wakes up %s the next run", name, keepOutputs, when), func(r *round) {
		r.prepare(segmentation(biasOfFile))
		up := r.lead()
		sleeper := r.stage(points(name + ":1:stop"))
		if !sleeper.endsOrStops(upLimit) {
			r.Errorf("nothing came across %s", name)
		}
		up.signal(pick(r, syscall.SIGTERM, syscall.SIGKILL))
		up.ends(upLimit)
		if status := r.drop(keepOutputs); status != 0 && strings.Contains(r.processes[len(r.processes)-1].said(), "database is locked") {
			sleeper.wake() // it holds the graph's lock, at graph.written or with its other block
			time.Sleep(time.Second)
			status = r.drop(keepOutputs)
			if status != 0 {
				r.Fatalf("volara drop ended with status %d", status)
			}
		} else if status != 0 {
			r.Fatalf("volara drop ended with status %d", status)
		}
		r.prepare(segmentation(otherBias))
		up = r.lead()
		r.stage(points(slowly))
		if during || name == "graph.written" {
			r.sleep(0, time.Second)
			sleeper.wake()
		}
		r.resume(up, func() *process { return r.lead() })
		sleeper.wake()
		r.sleep(0, time.Second)
		r.verdict()
	}}
}

// drop drops the run and returns the exit status.
func (r *round) drop(keepOutputs bool, extra ...string) int {
	args := []string{"drop", "--yes", "--force"}
	if keepOutputs {
		args = append(args, "--keep-outputs")
	}
	return r.start("drop", extra, "volara", append(args, r.pipeline())...).ends(upLimit)
}

// dropKilledAt lets a drop be killed at a point, drops again, and runs another configuration.
func dropKilledAt(name string) scenario {
	return scenario{"drop is killed at " + name, func(r *round) {
		r.prepare(segmentation(biasOfFile))
		r.resume(r.solo(), func() *process { return r.solo() })
		if status := r.drop(false, points(name+":1:kill")...); status != -1 {
			r.Errorf("the drop was not killed: status %d", status)
		}
		if status := r.drop(false); status != 0 {
			r.Errorf("the second drop ended with status %d", status)
		}
		r.prepare(segmentation(otherBias))
		r.resume(r.solo(), func() *process { return r.solo() })
		r.verdict()
	}}
}

// leaderKilledAt lets the tracker and its server be killed at a point while stages stay.
func leaderKilledAt(w workload, hit int, names ...string) scenario {
	return scenario{fmt.Sprintf("the leader of %s is killed at hit %d of %v, stages stay", w.run, hit, names), func(r *round) {
		r.prepare(w)
		var specs []string
		for _, name := range names {
			specs = append(specs, fmt.Sprintf("%s:%d:kill", name, hit))
		}
		again := func() *process { return r.lead(points(specs...)...) }
		up := again()
		r.stage(points(slowly), "--stay")
		r.stage(points(slowly), "--stay")
		r.resume(up, again)
		r.verdict()
	}}
}

// leaderSleeps stops the tracker and its server for longer than the lease while stages wait.
func leaderSleeps(w workload) scenario {
	return scenario{"the leader of " + w.run + " sleeps for longer than its lease", func(r *round) {
		r.prepare(w)
		up := r.lead()
		r.stage(points(slowly))
		r.stage(points(slowly))
		r.sleep(50*time.Millisecond, 500*time.Millisecond)
		up.pause()
		r.sleep(6500*time.Millisecond, 9*time.Second)
		up.wake()
		r.resume(up, func() *process { return r.lead() })
		r.verdict()
	}}
}

// networkFails disturbs the network between one of two stages and the server.
func networkFails(w workload, n network, lasting time.Duration, reset bool) scenario {
	return scenario{fmt.Sprintf("the network of a stage of %s is %+v for %v, reset %v", w.run, n, lasting, reset), func(r *round) {
		r.prepare(w)
		up := r.lead()
		p := newProxy(r)
		r.stage(points(slowly), "--nats", p.url())
		r.sleep(100*time.Millisecond, 600*time.Millisecond)
		p.set(n)
		r.sleep(0, 300*time.Millisecond)
		r.stage(points(slowly))
		time.Sleep(lasting)
		p.heal(reset)
		r.resume(up, func() *process { return r.lead() })
		r.verdict()
	}}
}

// databaseLocked holds the graph's lock for a while.
func databaseLocked() scenario {
	return scenario{"the graph is locked by somebody", func(r *round) {
		r.prepare(segmentation(biasOfFile))
		up := r.solo(points(slowly)...)
		r.lockGraph(r.between(0, 500*time.Millisecond), r.between(time.Second, 7*time.Second))
		r.resume(up, func() *process { return r.solo() })
		r.verdict()
	}}
}

// diskFull lets the disk of the outputs, or of the state, be full for a while.
func diskFull(state bool) scenario {
	what := "outputs"
	if state {
		what = "state"
	}
	return scenario{"the disk of the " + what + " is full", func(r *round) {
		r.prepare(segmentation(biasOfFile))
		fills, size := filepath.Join(r.dir, "volume.zarr"), "40m"
		if state {
			fills, size = r.state(), "300m" // what must be free for blocks to be given out, and a little more
		}
		c := exec.Command("unshare", "-rm", "sh", "-c", fullDisk, "sh", fills, filepath.Join(programs, "volara"), r.pipeline(),
			fmt.Sprint(r.between(0, 1500*time.Millisecond).Seconds()), fmt.Sprint(r.between(2*time.Second, 6*time.Second).Seconds()), size)
		c.Env = append(os.Environ(), mark+"="+r.dir, "VOLARA_POINT_DIR="+r.pointDir())
		c.Env = append(c.Env, points(slowly)...)
		out, err := c.CombinedOutput()
		r.note("%s", out)
		if err != nil {
			r.Fatalf("on a full disk: %v\n%s", err, out)
		}
		r.verdict()
	}}
}

// fullDisk runs a pipeline in a namespace where a folder is on a small disk, which is filled and freed again; what is in the
// folder is then copied out. An `up` that gives up is started again.
const fullDisk = `set -e
kept=$(mktemp -d)
mkdir -p "$1"
mount --bind "$1" "$kept"
mount -t tmpfs -o size="$6" none "$1"
cp -a "$kept/." "$1"
( sleep "$4"; dd if=/dev/zero of="$1/filler" bs=16k 2>/dev/null || true; sleep "$5"; rm -f "$1/filler" ) &
filling=$!
tries=0
while ! "$2" up --progress off --workers 2 "$3"; do
  tries=$((tries + 1))
  if [ $tries -ge 6 ]; then exit 1; fi
  sleep 1
done
wait $filling
cp -a "$1/." "$kept"
umount "$1"
umount "$kept"
rmdir "$kept"
`
