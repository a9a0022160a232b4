package zarr

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
)

// halfEnv makes a test process write one half of the arrays that it is told: see TestHalfWriter.
const halfEnv = "VOLARA_TEST_WRITES_HALF"

// The halves of an array of 64×64, which meet in the middle of a chunk of 16×16.
const (
	halvesEdge  = 64
	halvesSplit = 24
)

// TestTwoProcesses has two processes write the halves of one chunk, or of one shard, at the same time: nothing is lost.
func TestTwoProcesses(t *testing.T) {
	const tries = 40
	for name, spec := range map[string]Spec{
		"chunk":            {Chunks: []int{halvesEdge, halvesEdge}},
		"chunk of v2":      {Chunks: []int{halvesEdge, halvesEdge}, Format: 2},
		"shard":            {Chunks: []int{16, 16}, Shards: []int{halvesEdge, halvesEdge}},
		"several shards":   {Chunks: []int{16, 16}, Shards: []int{32, 32}},
		"shard of raw":     {Chunks: []int{16, 16}, Shards: []int{halvesEdge, halvesEdge}, Codec: "raw"},
		"partly in bounds": {Chunks: []int{16, 16}, Shards: []int{80, 80}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec.Shape, spec.DType = []int{halvesEdge, halvesEdge}, nd.Uint16
			dir := t.TempDir()
			writers := []*halfWriter{startHalfWriter(t, "0"), startHalfWriter(t, "1")}
			for try := range tries {
				path := filepath.Join(dir, fmt.Sprint(try))
				a := create(t, path, spec)
				for _, w := range writers {
					w.begin(t, path)
				}
				for _, w := range writers {
					w.end(t)
				}
				got, err := a.Read(t.Context(), []int{0, 0}, spec.Shape)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range nd.Values[uint16](got) {
					if v != uint16(i+1) {
						t.Fatalf("try %d: voxel %d is %d: a half was lost", try, i, v)
					}
				}
			}
		})
	}
}

// TestTwoWays has two processes write the halves of one chunk, each of which has come upon the array in another way.
func TestTwoWays(t *testing.T) {
	writers := []*halfWriter{startHalfWriter(t, "0"), startHalfWriter(t, "1")}
	dir := t.TempDir()
	for try := range 40 {
		group := filepath.Join(dir, fmt.Sprint(try))
		a := create(t, filepath.Join(group, "in", "0"), Spec{Shape: []int{halvesEdge, halvesEdge}, Chunks: []int{halvesEdge, halvesEdge}, DType: nd.Uint16})
		writers[try%2].begin(t, a.Path())
		writers[1-try%2].begin(t, group+belowGroup+"in/0")
		for _, w := range writers {
			w.end(t)
		}
		got, err := a.Read(t.Context(), []int{0, 0}, []int{halvesEdge, halvesEdge})
		if err != nil || string(got.Bytes()) != string(count(halvesEdge, halvesEdge).Bytes()) {
			t.Fatalf("try %d: a half was lost, %v", try, err)
		}
	}
}

// belowGroup is between the path of a group and that of an array below it, which is opened through the group.
const belowGroup = " below "

// A halfWriter is a process that runs TestHalfWriter.
type halfWriter struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startHalfWriter(t *testing.T, half string) *halfWriter {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestHalfWriter$")
	cmd.Env = append(os.Environ(), halfEnv+"="+half)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait() //nolint:errcheck // what it wrote is looked at
	})
	return &halfWriter{in, bufio.NewReader(out)}
}

func (w *halfWriter) begin(t *testing.T, path string) {
	t.Helper()
	if _, err := fmt.Fprintln(w.in, path); err != nil {
		t.Fatal(err)
	}
}

func (w *halfWriter) end(t *testing.T) {
	t.Helper()
	if line, err := w.out.ReadString('\n'); err != nil || line != "done\n" {
		t.Fatalf("a writer says %q, %v", line, err)
	}
}

// TestHalfWriter is no test of its own but the other process of TestTwoProcesses: for every path that it reads it writes
// one half of the array there.
func TestHalfWriter(t *testing.T) {
	half := os.Getenv(halfEnv)
	if half == "" {
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer := "done"
		if err := writeHalf(t.Context(), lines.Text(), half == "1"); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

func writeHalf(ctx context.Context, path string, second bool) error {
	a, err := openEither(ctx, path)
	if err != nil {
		return err
	}
	defer a.Close()
	from, to := 0, halvesSplit
	if second {
		from, to = halvesSplit, halvesEdge
	}
	return a.Write(ctx, []int{0, from}, count(halvesEdge, halvesEdge).Crop([]int{0, from}, []int{halvesEdge, to - from}))
}

// openEither opens the array at a path, or through the group that the text names.
func openEither(ctx context.Context, text string) (*Array, error) {
	group, below, ok := strings.Cut(text, belowGroup)
	if !ok {
		return Open(ctx, text)
	}
	g, err := OpenGroup(ctx, group)
	if err != nil {
		return nil, err
	}
	return g.OpenArray(ctx, below)
}
