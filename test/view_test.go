package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"volara/demo"
	"volara/graph"
	"volara/nd"
	"volara/zarr"
)

// shown is what `volara view --json` tells.
type shown struct {
	URL, Link, SSH, State string
	Forward               bool
	Layers                []struct {
		Name, Kind, Path, Type string
		Axes                   []struct {
			Name, Unit string
			Size       int
			VoxelSize  float64 `json:"voxel_size"`
			Offset     float64
		}
		Notes []string
	}
	Position []struct {
		Axis, Unit   string
		World, Voxel float64
	}
	Problems []string
}

// names returns what the layers are called.
func (s shown) names() []string {
	var names []string
	for _, l := range s.Layers {
		names = append(names, l.Name)
	}
	return names
}

// look starts `volara view` and returns what it tells; the test interrupts it at its end and demands exit status 0.
func look(t *testing.T, dir string, args ...string) shown {
	t.Helper()
	c := volara(dir, append([]string{"view", "--json"}, args...)...)
	var stderr strings.Builder
	c.Stderr = &stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var s shown
	err = json.NewDecoder(bufio.NewReader(stdout)).Decode(&s)
	t.Cleanup(func() {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("view ended with %v\n%s", err, stderr.String())
		}
	})
	if err != nil {
		t.Fatalf("view told nothing (%v)\n%s", err, stderr.String())
	}
	return s
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// TestView serves the arrays of a volume, and then those of its pipeline, of which some do not exist yet.
func TestView(t *testing.T) {
	dir := t.TempDir()
	if _, err := demo.Write(t.Context(), dir, demo.DefaultOptions(64, 1)); err != nil {
		t.Fatal(err)
	}
	s := look(t, dir, "volume.zarr")
	if !slices.Contains(s.names(), "raw") || !slices.Contains(s.names(), "affs") || !strings.Contains(s.SSH, "ssh -N -L") || s.Forward || s.Problems != nil {
		t.Errorf("%+v", s)
	}
	if l := s.Layers[slices.Index(s.names(), "raw")]; l.Kind != "image" || l.Type != "uint8" || l.Axes[0].Name != "z" || l.Axes[0].Unit != "nm" || l.Axes[0].VoxelSize != 40 {
		t.Errorf("%+v", l)
	}
	if p := s.Position; len(p) != 3 || p[0].Axis != "x" || p[0].Unit != "nm" || p[0].World != 16*p[0].Voxel {
		t.Errorf("%+v", p)
	}
	if code, _ := fetch(t, withoutKey(t, s.URL)+"raw/zarr.json"); code != 404 {
		t.Errorf("without the key: %d", code)
	}
	state, err := url.PathUnescape(s.Link[strings.Index(s.Link, "#!")+2:])
	if err != nil || state != s.State || !json.Valid([]byte(state)) || !strings.HasPrefix(s.Link, "https://neuroglancer-demo.appspot.com/#!") {
		t.Errorf("the link %s (%v)", s.Link, err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "volume.zarr/raw/c/0/0/0"))
	if err != nil {
		t.Fatal(err)
	}
	if code, text := fetch(t, s.URL+"raw/c/0/0/0"); code != 200 || text != string(file) {
		t.Errorf("a chunk: %d", code)
	}
	p := look(t, dir, "pipeline.yaml")
	if !slices.Contains(p.names(), "affs") || !slices.Contains(p.names(), "blocks-fragments-extract-frags") || slices.Contains(p.names(), "fragments") {
		t.Errorf("before the run: %v", p.names())
	}
	mustRun(t, volara(dir, "up", "--progress", "off", "pipeline.yaml"))
	if _, text := fetch(t, p.URL+"state.json"); !strings.Contains(text, `"name":"fragments"`) {
		t.Errorf("after the run: %s", text)
	}
	if code, _ := fetch(t, p.URL+"fragments/zarr.json"); code != 200 {
		t.Errorf("the fragments: %d", code)
	}
}

// withoutKey returns the root of a server whose address is given.
func withoutKey(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || len(u.Path) < 20 {
		t.Fatalf("%s has no key (%v)", address, err)
	}
	return u.Scheme + "://" + u.Host + "/"
}

// TestViewAddress is where a server is reached: at a path of the user's own, at none, and by pages of the viewer where other
// machines reach it.
func TestViewAddress(t *testing.T) {
	dir := t.TempDir()
	if _, err := demo.Write(t.Context(), dir, demo.DefaultOptions(64, 1)); err != nil {
		t.Fatal(err)
	}
	for key, path := range map[string]string{"none": "/", "a_B-1": "/a_B-1/"} {
		s := look(t, dir, "--key", key, "volume.zarr/raw")
		if u, err := url.Parse(s.URL); err != nil || u.Path != path {
			t.Errorf("--key %s: %s", key, s.URL)
		}
		if code, _ := fetch(t, s.URL+"raw/zarr.json"); code != 200 {
			t.Errorf("--key %s: %d", key, code)
		}
	}
	s := look(t, dir, "--listen", "0.0.0.0:0", "--public", "volume.zarr/raw")
	u, err := url.Parse(s.URL)
	if err != nil || !s.Forward || !strings.Contains(s.State, "http://127.0.0.1:"+u.Port()+u.Path) || strings.Contains(s.State, u.Host) {
		t.Errorf("pages of an https viewer may not read from %s: %+v", s.URL, s)
	}
	own := look(t, dir, "--listen", "0.0.0.0:0", "--public", "--viewer", "http://ng.example", "volume.zarr/raw")
	if u, err := url.Parse(own.URL); err != nil || own.Forward || !strings.Contains(own.State, u.Host) {
		t.Errorf("those of an http viewer may: %+v", own)
	}
}

// states counts the values of a task's blocks as they are served.
func states(t *testing.T, s shown, task string) map[byte]int {
	t.Helper()
	a, err := zarr.Open(t.Context(), s.URL+"blocks-"+task)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	values, err := a.Read(t.Context(), make([]int, len(a.Shape())), a.Shape())
	if err != nil {
		t.Fatal(err)
	}
	count := map[byte]int{}
	for _, v := range values.Bytes() {
		count[v]++
	}
	return count
}

// TestViewBlocks watches the blocks of a run that goes on, one of which never ends, until the run is killed.
func TestViewBlocks(t *testing.T) {
	dir := noops(t, "name: a, roi: [[5, 0], [40, 8]], block_size: [1, 8], duration: 20ms, hang: [7]")
	s := look(t, dir, "noop.yaml")
	if got := states(t, s, "a"); len(got) != 1 || got[4] != 40 {
		t.Errorf("before the run: %v", got)
	}
	c := volara(dir, "up", "--progress", "off", "--workers", "2", "noop.yaml")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	await := func(what string, is func(map[byte]int) bool) {
		t.Helper()
		var got map[byte]int
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if got = states(t, s, "a"); is(got) {
				return
			}
		}
		t.Errorf("%s: %v", what, got)
	}
	await("all but one are done and that one is in work", func(n map[byte]int) bool { return n[1] == 39 && n[5] == 1 })
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	await("one waits", func(n map[byte]int) bool { return n[1] == 39 && n[4] == 1 })
	if _, text := fetch(t, s.URL+"state.json"); !strings.Contains(text, `"1":"#58b068"`) {
		t.Errorf("the colours are not told: %s", text)
	}
	edited := strings.Replace(textOf(t, dir, "noop.yaml"), ", hang: [7]", "", 1)
	if err := os.WriteFile(filepath.Join(dir, "noop.yaml"), []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, volara(dir, "up", "--progress", "off", "noop.yaml"))
	await("all are done", func(n map[byte]int) bool { return n[1] == 40 })
}

func textOf(t *testing.T, dir, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestViewMistakes demands a word about what cannot be shown.
func TestViewMistakes(t *testing.T) {
	dir := noops(t, "name: a, roi: [[0], [4]], block_size: [1]")
	if _, err := demo.Write(t.Context(), filepath.Join(dir, "demo"), demo.DefaultOptions(64, 1)); err != nil {
		t.Fatal(err)
	}
	if err := (&graph.LUT{Fragments: []int64{1}, Segments: []int64{2}}).Write(filepath.Join(dir, "l.npz")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.npz"), []byte("PK"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"nothing is there", []string{"nowhere"}},
		{"nowhere.npz", []string{"--lut", "nowhere.npz", "demo/volume.zarr/raw"}},
		{"bad.npz", []string{"--lut", "bad.npz", "demo/volume.zarr/raw"}},
		{"labels=PATH", []string{"--lut", "l.npz", "demo/volume.zarr/raw"}},
		{"--key a/b", []string{"--key", "a/b", "demo/volume.zarr/raw"}},
		{"--memory lots", []string{"--memory", "lots", "demo/volume.zarr/raw"}},
		{"--public", []string{"--listen", "0.0.0.0:0", "noop.yaml"}},
		{"names no host", []string{"--listen", ":8080", "noop.yaml"}},
		{"--state and --nats are for a pipeline", []string{"--state", "x", "nowhere"}},
		{"--cache -1", []string{"--cache=-1", "noop.yaml"}},
	} {
		if out, status := outcome(t, volara(dir, append([]string{"view"}, c.args...)...)); status != 2 || !strings.Contains(out, c.says) {
			t.Errorf("view %v: exit status %d\n%s", c.args, status, out)
		}
	}
}

// TestExportBlocks takes Volara's done marks over and writes them again: they are Volara's. Those that are written are
// believed by another run.
func TestExportBlocks(t *testing.T) {
	dir := volaraRun(t)
	if out, status := upWith(t, dir, "--adopt", "volara_logs"); status != 0 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	mustRun(t, volara(dir, slices.Concat([]string{"blocks", "export"}, tasks, []string{"marks"})...))
	names := []string{"frags-extract-frags", "db-aff-agglom", "lut-graph-mws", "segs-relabel"}
	for _, name := range names {
		ours, volaras := filepath.Join(dir, "marks", name+"-meta", "blocks_done.zarr"), filepath.Join(dir, marks(name))
		if !slices.Equal(contents(t, ours), contents(t, volaras)) {
			t.Errorf("%s: other values", name)
		}
		if a, b := described(t, ours), described(t, volaras); a != b {
			t.Errorf("%s: Volara has\n%s\nhere is\n%s", name, b, a)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, ".volara")); err != nil {
		t.Fatal(err)
	}
	if out, status := upWith(t, dir, "--adopt", "marks"); status != 0 || !strings.Contains(out, "nothing was left to do") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	mustRun(t, volara(dir, slices.Concat([]string{"blocks", "export", "--task", "segs-relabel"}, tasks, []string{"one.zarr"})...))
	if !slices.Equal(contents(t, filepath.Join(dir, "one.zarr")), contents(t, filepath.Join(dir, marks("segs-relabel")))) {
		t.Error("one task: other values")
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"is there already", slices.Concat([]string{"--task", "segs-relabel"}, tasks, []string{"one.zarr"})},
		{`no task is named "x"`, slices.Concat([]string{"--task", "x"}, tasks, []string{"two.zarr"})},
		{"has not begun", slices.Concat([]string{"--state", "empty"}, tasks, []string{"two.zarr"})},
		{"the path to write", tasks[:1]},
	} {
		if out, status := outcome(t, volara(dir, append([]string{"blocks", "export"}, c.args...)...)); status != 2 || !strings.Contains(out, c.says) {
			t.Errorf("blocks export %v: exit status %d\n%s", c.args, status, out)
		}
	}
}

// described returns what an array of done marks says of itself.
func described(t *testing.T, path string) string {
	t.Helper()
	a, err := zarr.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	m := a.Metadata()
	s, err := a.Spatial(zarr.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := a.Usage(t.Context())
	present := stored.Present
	return fmt.Sprint(m.Format, m.Shape, m.Chunks, m.DType, m.Fill, m.Codecs, s, present, err)
}

// TestSliceBlocks lays the blocks of a run over a plane of an array, in the colours of what became of them.
func TestSliceBlocks(t *testing.T) {
	dir := noops(t, "name: a, roi: [[10, 0], [20, 40]], block_size: [10, 10], fail_rate: 1, max_retries: 0", "name: b, roi: [[10, 0], [20, 40]], block_size: [10, 10]")
	array, err := zarr.Create(t.Context(), filepath.Join(dir, "raw"), zarr.Spec{Shape: []int{20, 20}, Chunks: []int{20, 20}, DType: nd.Uint8,
		Attributes: map[string]any{"voxel_size": []int{1, 2}, "offset": []int{10, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := array.Close(); err != nil {
		t.Fatal(err)
	}
	if out, status := outcome(t, volara(dir, "up", "--progress", "off", "noop.yaml")); status != 1 {
		t.Fatalf("exit status %d\n%s", status, out)
	}
	centre := func(task, says string) color.RGBA {
		t.Helper()
		out, status := outcome(t, volara(dir, "zarr", "slice", "--zoom", "2", "-o", "s.png", "--pipeline", "noop.yaml", "--task", task, "raw"))
		if status != 0 || !strings.Contains(out, says) {
			t.Fatalf("exit status %d\n%s", status, out)
		}
		f, err := os.Open(filepath.Join(dir, "s.png"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil || img.Bounds().Dx() != 80 || img.Bounds().Dy() != 40 {
			t.Fatalf("%v %v", img.Bounds(), err)
		}
		return color.RGBAModel.Convert(img.At(50, 10)).(color.RGBA)
	}
	if c := centre("a", "blocks of a: 8 failed"); c.R < 2*c.G {
		t.Errorf("a failed block is %v", c)
	}
	if c := centre("b", "blocks of b: 8 computed"); c.G < c.R || c.G < c.B {
		t.Errorf("a computed block is %v", c)
	}
	for says, args := range map[string][]string{
		"which task's blocks?": {"--pipeline", "noop.yaml", "raw"},
		`no task is named "c"`: {"--pipeline", "noop.yaml", "--task", "c", "raw"},
		"--pipeline":           {"--task", "a", "raw"},
		"no such file":         {"--pipeline", "nowhere.yaml", "raw"},
	} {
		if out, status := outcome(t, volara(dir, append([]string{"zarr", "slice"}, args...)...)); status != 2 || !strings.Contains(out, says) {
			t.Errorf("%v: exit status %d\n%s", args, status, out)
		}
	}
}
