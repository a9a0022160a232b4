package stream

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"volara/geometry"
)

// childDir tells a copy of the test program to be a run in that directory, until it is killed.
const childDir = "VOLARA_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func killPlan(t testing.TB) Plan {
	g := grid(t, 1, 11, 12, 13)
	return chain("killed", g, g)
}

// child is a whole program: server, tracker and worker. It says when it has begun.
func child(dir string) {
	t := &childTB{}
	s := &site{TB: t, dir: dir, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	s.start()
	p := killPlan(t)
	s.generations(&p)
	r := newRecorder()
	r.process = func(context.Context, string, geometry.Block) error { time.Sleep(200 * time.Microsecond); return nil }
	s.work(p.Run, WorkerOptions{Open: r.open, JournalDir: s.options().JournalDir})
	io.WriteString(os.Stdout, "begun\n")
	s.run(p, s.options())
	select {}
}

// childTB stands for the test in a process that has none.
type childTB struct{ testing.TB }

func (*childTB) Helper()               {}
func (*childTB) Cleanup(func())        {}
func (*childTB) Fatal(v ...any)        { slog.Error("fatal", "error", v); os.Exit(3) }
func (*childTB) Error(v ...any)        { slog.Error("error", "error", v) }
func (*childTB) Errorf(string, ...any) {}

// The program is killed again and again, at any point, and goes on each time without waiting for what it left.
func TestKilledProgramGoesOn(t *testing.T) {
	s := newSite(t)
	s.server.Close()
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+s.dir)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Errorf("round %d said %q: %s", round, line, said.String())
		}
		time.Sleep(time.Duration(rng.IntN(150)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() // says that it was killed
	}
	began := time.Now()
	s.start()
	p := killPlan(t)
	s.generations(&p)
	r := newRecorder()
	s.work(p.Run, WorkerOptions{Open: r.open, JournalDir: s.options().JournalDir})
	s.finished(s.run(p, s.options()))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the last run took %v: it waited for what was left", took)
	}
	n := p.Tasks[0].Grid.Len()
	if _, done := s.told(p.Run); done["a"] != n || done["b"] != n {
		t.Errorf("told %v, not %d", done, n)
	}
	t.Logf("%d and %d of %d blocks were left to the last run", r.total("a"), r.total("b"), n)
}
