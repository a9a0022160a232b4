// Package scale drives the real tracker, with the real server and workers whose blocks do nothing, through runs of
// growing size, and measures what grows with them: time, memory, disk. Every part of a run has a process of its own, so
// that peaks are its own too, and the first one is killed half way.
//
//	go test ./test/scale -run Growth -v -timeout 2h -args -sizes 1e4,1e6,1e8 -shape cube
package scale

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"

	"volara/geometry"
)

var (
	sizes = flag.String("sizes", "1e4,1e5", "blocks a stage, a list")
	shape = flag.String("shape", "cube", "of the grid: row, square, cube or hypercube")
	width = flag.Int("columns", 0, "give blocks out in columns of so many by so many, as tasks do that read arrays; 0: by index")
	slots = flag.Int("slots", 4, "blocks in work at once")
)

// childEnv holds the part that a child process plays.
const childEnv = "VOLARA_SCALE_PART"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := play(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// A part is what one process does of a run.
type part struct {
	Dir    string
	Counts []int
	Slots  int
	Tile   []int // order of the blocks; empty: by index
	Kill   int64 // after so many blocks of both stages the process kills itself; 0: never
}

// perform plays a part in a process of its own.
func (p part) perform(t *testing.T) (m measured) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if state := cmd.ProcessState; p.Kill > 0 && (state == nil || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
		t.Fatalf("the process was to die: %v", err)
	} else if p.Kill == 0 && err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return m
}

// counts returns a grid's number of blocks along each axis: about n in all.
func counts(t *testing.T, shape string, n float64) []int {
	t.Helper()
	dims := map[string]int{"row": 1, "square": 2, "cube": 3, "hypercube": 4}[shape]
	if dims == 0 || !(n >= 1 && n < 1<<53) {
		t.Fatalf("%g blocks in a %q", n, shape)
	}
	c := make([]int, dims)
	for d := range c {
		c[d] = int(math.Round(math.Pow(n, 1/float64(dims))))
	}
	return c
}

// Limits of what may not grow with a run, beside 4 bits a block and stage.
const (
	maxHeap  = 64 << 20  // bytes, of server, tracker and workers together
	maxQueue = 16 << 20  // bytes of the queue
	maxStore = 256 << 20 // bytes of JetStream's store, the events' 64 MiB included
)

// TestGrowth runs two stages, the second of which reads the first with a block of context, is killed half way, resumed,
// and run once more when all is done.
func TestGrowth(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "blocks\tpart\tfirst block s\tall s\tblocks/s\theap MB\tRSS MB\tstore MB\tqueue MB\tstatus ms\tstatus KB\tevents MB\t")
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		c := counts(t, *shape, n)
		total := int64(2)
		for _, n := range c {
			total *= int64(n)
		}
		p := part{Dir: filepath.Join(t.TempDir(), "state"), Counts: c, Slots: *slots, Kill: total / 2}
		if *width > 0 {
			p.Tile = append(geometry.Coordinate{c[0]}, geometry.Fill(len(c)-1, *width)...)
		}
		first := p.perform(t)
		p.Kill = 0
		second, third := p.perform(t), p.perform(t)
		for i, m := range []measured{first, second, third} {
			fmt.Fprintln(w, m.row(total, []string{"first half, killed", "resumed", "again, all done"}[i]))
			m.check(t, total)
		}
		if second.Processed > total-first.Processed+total/4 {
			t.Errorf("after %d of %d blocks and a kill, %d were processed", first.Processed, total, second.Processed)
		}
		if third.Processed != 0 {
			t.Errorf("%d blocks were processed again", third.Processed)
		}
	}
	w.Flush()
	t.Log("\n" + table.String())
}

func (m measured) row(total int64, part string) string {
	const mb = 1 << 20
	return fmt.Sprintf("%.3g × 2\t%s\t%.2f\t%.2f\t%.0f\t%.1f\t%.0f\t%.1f\t%.2f\t%.1f\t%.1f\t%.1f\t", float64(total)/2, part,
		m.First, m.Wall, float64(m.Processed)/(m.Wall), m.Heap/mb, m.RSS/mb, m.Store/mb, m.Queue/mb, 1e3*m.Status, m.StatusBytes/1024,
		m.EventBytes/mb)
}

func (m measured) check(t *testing.T, total int64) {
	t.Helper()
	if limit := maxHeap + float64(total)/2; m.Heap > limit {
		t.Errorf("%d blocks: a heap of %.0f bytes, more than %.0f", total, m.Heap, limit)
	}
	if m.Queue > maxQueue {
		t.Errorf("%d blocks: a queue of %.0f bytes, more than %d", total, m.Queue, maxQueue)
	}
	if m.Store > maxStore {
		t.Errorf("%d blocks: a store of %.0f bytes, more than %d", total, m.Store, maxStore)
	}
}
