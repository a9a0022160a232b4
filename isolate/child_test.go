package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"volara/fault"
	"volara/geometry"
	"volara/stream"
)

// The test binary is its own child, and the parent of one that is killed.
const (
	childArgument  = "child-of-the-tests"
	parentArgument = "parent-of-the-tests"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		os.Exit(beChild())
	}
	if len(os.Args) > 2 && os.Args[1] == parentArgument {
		os.Exit(beParent(os.Args[2]))
	}
	os.Exit(m.Run())
}

// A script says what a child of the tests does; it travels as the run's specification.
type script struct {
	Open   string        `json:"open"`   // how opening goes wrong
	Blocks []string      `json:"blocks"` // what is done with the block of that index; "": it is done
	Last   time.Duration `json:"last"`   // how long a block lasts
	Dir    string        `json:"dir"`    // a block that is committed leaves a file with its index as name here
}

func (s script) setup() Setup {
	spec, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return Setup{Spec: spec, Task: "t", LogLevel: slog.LevelInfo}
}

func beChild() int {
	in, out, err := Pipes()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	Prepare()
	err = Serve(in, out, func(_ context.Context, s Setup, log *slog.Logger) (stream.Processor, error) {
		var p scripted
		if err := json.Unmarshal(s.Spec, &p.script); err != nil {
			return nil, err
		}
		p.log = log
		switch p.Open {
		case "error":
			return nil, errors.New("no such model")
		case "environment":
			return nil, fault.Environment(errors.New("the database is locked"))
		case "panic":
			panic("cannot open")
		case "die":
			fmt.Fprintln(os.Stderr, "error while loading shared libraries: libmodel.so")
			os.Exit(127)
		case "hang":
			select {}
		}
		return p, nil
	})
	if err != nil {
		return 1
	}
	return 0
}

type scripted struct {
	script
	log *slog.Logger
}

func (p scripted) Process(ctx context.Context, b geometry.Block) (stream.Result, error) {
	what := ""
	if b.Index < int64(len(p.Blocks)) {
		what = p.Blocks[b.Index]
	}
	r := stream.Result{Timings: stream.Timings{Compute: time.Duration(b.Index)}}
	switch what {
	case "crash":
		fmt.Println("about to crash")
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "exit":
		os.Exit(3)
	case "fatal":
		debug.SetMaxStack(1 << 20)
		var deep func(int) int
		deep = func(n int) int { return deep(n+1) + 1 }
		deep(0)
	case "hang":
		select {}
	case "garbage":
		_, _ = os.NewFile(outFile, "").WriteString("{}{}{}{}{}{}{}{}{}{}")
		select {}
	case "panic":
		panic("no such voxel")
	case "error":
		return r, errors.New("no such chunk")
	case "permanent":
		return r, fault.Permanent(errors.New("NaN"))
	case "environment":
		return r, fault.Environment(errors.New("disk full"))
	case "masked":
		r.Masked = true
	case "log":
		p.log.With("a", 1).WithGroup("g").Warn("a word", "b", time.Second, "roi", b.WriteROI)
	case "pid":
		return r, fmt.Errorf("pid %d", os.Getpid())
	case "obedient":
		<-ctx.Done()
		return r, ctx.Err()
	}
	time.Sleep(p.Last)
	return r, p.commit(ctx, b)
}

func (p scripted) commit(ctx context.Context, b geometry.Block) error {
	if err := ctx.Err(); err != nil || p.Dir == "" {
		return err
	}
	return os.WriteFile(filepath.Join(p.Dir, fmt.Sprint(b.Index)), nil, 0o666)
}

func (p scripted) Close() error {
	if p.Dir != "" {
		return os.WriteFile(filepath.Join(p.Dir, "closed"), nil, 0o666)
	}
	return nil
}

// command starts the test binary in a role.
func command(t testing.TB, args ...string) []string {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{path}, args...)
}

// newTestPool returns a pool of children that follow a script.
func newTestPool(t testing.TB, s script) *Pool {
	p := NewPool(Options{Setup: s.setup(), Command: command(t, childArgument), Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func blockAt(i int64) geometry.Block {
	roi := geometry.NewRoi(geometry.Coordinate{int(i)}, geometry.Coordinate{1})
	return geometry.Block{Index: i, Position: geometry.Coordinate{int(i)}, ReadROI: roi, WriteROI: roi}
}

// alive reports whether there is a process, be it a zombie.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not in 10 s: " + what)
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// pidOf asks a pool's child for its process.
func pidOf(t *testing.T, p *Pool, index int64) int {
	t.Helper()
	var pid int
	_, err := p.Process(context.Background(), blockAt(index))
	if n, scanErr := fmt.Sscanf(fmt.Sprint(err), "pid %d", &pid); n != 1 {
		t.Fatal(err, scanErr)
	}
	return pid
}

// children returns the processes whose parent this one is, zombies among them.
func children(t *testing.T) []string {
	t.Helper()
	pattern := fmt.Sprintf("/proc/%d/task/*/children", os.Getpid())
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && len(text) > 0 {
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}
