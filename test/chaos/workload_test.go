package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"volara/demo"
)

// A workload is what a round runs.
type workload struct {
	run    string // its name
	totals map[string]int64
	bias   string // of the segmentation's first channels; empty: a pipeline without outputs
	text   string // of a pipeline without outputs

	flags  []string // of those that work on it
	masked bool     // the segmentation with more features: see masked
	apart  string   // the type of a segmentation's task that is processed in child processes
}

const (
	biasOfFile = "-0.4, -0.4, -0.4" // as the demo writes it
	otherBias  = "-0.2, -0.2, -0.2"
)

// segmentation is the demo's pipeline: arrays, a graph, a look-up table.
func segmentation(bias string) workload {
	return workload{run: "demo", bias: bias, totals: map[string]int64{
		"fragments-extract-frags": 64, "graph-aff-agglom": 64, "segmentation-graph-mws": 1, "segments-relabel": 64,
	}}
}

// noops is a chain of three tasks of many blocks that do nothing.
func noops() workload {
	var text strings.Builder
	text.WriteString("name: noops\ntasks:\n")
	for i, name := range []string{"a", "b", "c"} {
		fmt.Fprintf(&text, "  - {task_type: noop, name: %s, roi: [[0, 0], [30, 30]], block_size: [1, 1], context: [1, 1], duration: 1ms", name)
		if i > 0 {
			fmt.Fprintf(&text, ", after: [%c]", 'a'+i-1)
		}
		text.WriteString("}\n")
	}
	return workload{run: "noops", text: text.String(), totals: map[string]int64{"a": 900, "b": 900, "c": 900}}
}

// prepare writes what the workload needs into the round's folder.
func (r *round) prepare(w workload) {
	r.work = w
	if err := w.write(r.dir); err != nil {
		r.Fatal(err)
	}
}

func (w workload) write(dir string) error {
	if w.bias == "" {
		return os.WriteFile(filepath.Join(dir, "pipeline.yaml"), []byte(w.text), 0o644)
	}
	files := demo.In(dir)
	if err := os.MkdirAll(files.Container, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(volume.Affs, files.Affs); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	text, err := os.ReadFile(volume.Pipeline)
	if err != nil {
		return err
	}
	old := "bias: [" + biasOfFile + ", "
	if !strings.Contains(string(text), old) {
		return fmt.Errorf("%s has no %q", volume.Pipeline, old)
	}
	text = []byte(strings.Replace(string(text), old, "bias: ["+w.bias+", ", 1))
	if w.masked {
		if text, err = w.addFeatures(dir, text); err != nil {
			return err
		}
	}
	return os.WriteFile(files.Pipeline, text, 0o644)
}

// references are the folders of undisturbed runs by bias.
var references = map[string]func() (string, error){
	biasOfFile: sync.OnceValues(func() (string, error) { return segmentation(biasOfFile).undisturbed(biasOfFile[:4]) }),
	otherBias:  sync.OnceValues(func() (string, error) { return segmentation(otherBias).undisturbed(otherBias[:4]) }),
}

// undisturbed runs the workload in a folder of its own, which it returns.
func (w workload) undisturbed(name string) (string, error) {
	dir := filepath.Join(filepath.Dir(programs), "reference"+name)
	if err := w.write(dir); err != nil {
		return "", err
	}
	out, err := exec.Command(filepath.Join(programs, "volara"), "up", "--progress", "off", demo.In(dir).Pipeline).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the undisturbed run: %w\n%s", err, out)
	}
	return dir, nil
}

// compare demands that the round's outputs are those of the undisturbed run.
func (w workload) compare(dir string) error {
	if w.bias == "" {
		return nil
	}
	find := references[w.bias]
	if w.masked {
		find = maskedReference
	}
	reference, err := find()
	if err != nil {
		return err
	}
	want, got := demo.In(reference), demo.In(dir)
	pairs := [][2]string{{want.Segments, got.Segments}}
	if !w.masked {
		pairs = append(pairs, [2]string{want.Fragments, got.Fragments})
	} else if left := chunks(got.Fragments); len(left) > 0 {
		return fmt.Errorf("fragments that are consumed are left: %v", left)
	}
	for _, pair := range pairs {
		if n, err := demo.SameChunks(pair[0], pair[1]); err != nil || n == 0 {
			return fmt.Errorf("chunks: %d, %w", n, err)
		}
	}
	graph := func(f demo.Files) string { return filepath.Join(f.Container, "graph.sqlite") }
	if n, err := demo.SameRows(context.Background(), graph(want), graph(got)); err != nil || n == 0 {
		return fmt.Errorf("rows: %d, %w", n, err)
	}
	lut := func(f demo.Files) string { return filepath.Join(f.Container, "segmentation.npz") }
	a, err1 := os.ReadFile(lut(want))
	b, err2 := os.ReadFile(lut(got))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if string(a) != string(b) {
		return errors.New("the look-up tables differ")
	}
	return nil
}

// TestReferencesDiffer demands that the two configurations can be told apart.
func TestReferencesDiffer(t *testing.T) {
	a, err1 := references[biasOfFile]()
	b, err2 := references[otherBias]()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, w := range []workload{segmentation(biasOfFile), segmentation(otherBias)} {
		if same := w.compare(a) == nil; same != (w.bias == biasOfFile) {
			t.Errorf("%s is that of %s: %v", a, w.bias, same)
		}
		if same := w.compare(b) == nil; same != (w.bias == otherBias) {
			t.Errorf("%s is that of %s: %v", b, w.bias, same)
		}
	}
}
