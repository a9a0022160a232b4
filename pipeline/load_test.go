package pipeline

import (
	"slices"
	"strings"
	"testing"

	"volara/stages"
)

func parse(t *testing.T, text string) (*Pipeline, error) {
	t.Helper()
	return Parse(stages.Builtin(), "/data/segment.yaml", []byte(text))
}

const chain = `
name: chain
tasks:
  - {task_type: noop, name: c, roi: [[0, 0], [100, 100]], block_size: [10, 10], context: [5, 5], after: [b]}
  - {task_type: noop, name: a, roi: [[0, 0], [100, 100]], block_size: [7, 20]}
  - {task_type: noop, name: b, roi: [[0, 0], [100, 100]], block_size: [30, 3], context: [1, 2], after: [a]}
`

func TestTasksAreSortedUpstreamFirst(t *testing.T) {
	p, err := parse(t, chain)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Names(), " "); got != "a b c" {
		t.Errorf("order %s, want a b c", got)
	}
	if p.Name != "chain" || p.StateDir() != "/data/.volara" {
		t.Errorf("run %s with state in %s", p.Name, p.StateDir())
	}
	b, _ := p.Task("b")
	var down []string
	for _, d := range p.Downstream([]*Task{b}) {
		down = append(down, d.Name)
	}
	if !slices.Equal(down, []string{"b", "c"}) {
		t.Errorf("downstream of b: %v", down)
	}
}

const segmentation = `
datasets:
  affs: {store: v.zarr/affs}
  fragments: {store: v.zarr/fragments}
dbs:
  rag: {path: rag.sqlite, edge_attrs: {near: float}}
tasks:
  - {task_type: relabel, frags_data: fragments, seg_data: {store: v.zarr/segments}, lut: {path: lut}, block_size: [8, 8, 8]}
  - {task_type: graph-mws, db: rag, lut: {path: lut.npz}, weights: {near: [1, -0.5]}}
  - {task_type: aff-agglom, db: rag, affs_data: affs, frags_data: fragments, block_size: [8, 8, 8], scores: {near: [[1, 0, 0]]}}
  - {task_type: extract-frags, db: rag, affs_data: affs, frags_data: fragments, block_size: [8, 8, 8], context: [1, 1, 1], bias: [-0.5]}
`

func TestDependenciesFollowFromResources(t *testing.T) {
	p, err := parse(t, segmentation)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"fragments-extract-frags": nil,
		"rag-aff-agglom":          {"fragments-extract-frags"},
		"lut-graph-mws":           {"fragments-extract-frags", "rag-aff-agglom"},
		"segments-relabel":        {"fragments-extract-frags", "lut-graph-mws (all)"},
	}
	for _, task := range p.Tasks {
		var got []string
		for _, e := range task.Upstream {
			name := e.Task.Name
			if e.All {
				name += " (all)"
			}
			got = append(got, name)
		}
		slices.Sort(got)
		if !slices.Equal(got, want[task.Name]) {
			t.Errorf("%s waits for %v, want %v", task.Name, got, want[task.Name])
		}
	}
	frags, _ := p.Task("fragments-extract-frags")
	if got := frags.Stage.(*stages.ExtractFrags).AffsData.Store; got != "/data/v.zarr/affs" {
		t.Errorf("affs at %s: paths start from the file's folder", got)
	}
}

func TestLoadErrors(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"no tasks":          {`name: x`, `"tasks" is missing`},
		"empty tasks":       {`tasks: []`, "tasks is empty"},
		"no type":           {`tasks: [{name: a}]`, "every task needs a task_type"},
		"unknown type":      {`tasks: [{task_type: no-op}]`, `did you mean "noop"`},
		"later type":        {`tasks: [{task_type: argmax}]`, "argmax is not built yet"},
		"unknown field":     {`tasks: [{task_type: noop, roi: [[0], [1]], blocksize: [1]}]`, `did you mean "block_size"`},
		"missing field":     {`tasks: [{task_type: noop, roi: [[0], [1]]}]`, `"block_size" is missing in noop`},
		"same name":         {`tasks: [{task_type: noop, block_size: [1]}, {task_type: noop, block_size: [1]}]`, "two tasks are named noop"},
		"unknown after":     {`tasks: [{task_type: noop, name: first, block_size: [1]}, {task_type: noop, block_size: [1], after: [frist]}]`, `did you mean "first"`},
		"after itself":      {`tasks: [{task_type: noop, block_size: [1], after: [noop]}]`, "would wait for itself"},
		"bad name":          {`tasks: [{task_type: noop, name: "a/b", block_size: [1]}]`, "no name for a task"},
		"bad run name":      {`{name: "a b", tasks: [{task_type: noop, block_size: [1]}]}`, "no name for a run"},
		"unknown dataset":   {strings.Replace(segmentation, "affs_data: affs,", "affs_data: aff,", 1), `no dataset is named "aff"; datasets: defines affs, fragments`},
		"unknown database":  {strings.Replace(segmentation, "db: rag, lut", "db: tag, lut", 1), `no database is named "tag"`},
		"no luts":           {strings.Replace(segmentation, "lut: {path: lut.npz}", "lut: lut", 1), "the file has no luts: section"},
		"remote store":      {strings.Replace(segmentation, "v.zarr/affs", "gs://b/affs", 1), "https://storage.googleapis.com/b/affs"},
		"remote output":     {strings.Replace(segmentation, "store: v.zarr/segments", "store: https://host/segments", 1), "on a web server, which is only read"},
		"packed output":     {strings.Replace(segmentation, "store: v.zarr/segments", "store: v.zip/segments", 1), "in a zip file, which is only read"},
		"secret in a URL":   {strings.Replace(segmentation, "v.zarr/affs", "https://me:hush@host/affs", 1), ".netrc"},
		"wrong s3_kwargs":   {strings.Replace(segmentation, "store: v.zarr/affs", "store: s3://b/affs, s3_kwargs: {hedgehog: 1}", 1), "hedgehog is not supported"},
		"wrong zarr_kwargs": {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, zarr_kwargs: {mode: w}", 1), "mode is not supported"},
		"remote database":   {strings.Replace(segmentation, "path: rag.sqlite", "path: s3://b/rag.sqlite", 1), "only arrays"},
		"ops and a field":   {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, channels: 0, ops: [invert]", 1), "/data/v.zarr/affs has ops and channels"},
		"unknown operation": {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, ops: [{clp: [0, 1]}]", 1), `did you mean "clip"`},
		"lazy output":       {strings.Replace(segmentation, "store: v.zarr/segments", "store: v.zarr/segments, channels: 0", 1), "this task writes it"},
		"stacked on itself": {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, stack: affs", 1), "does one stand on itself"},
		"unknown table":     {strings.Replace(segmentation, "frags_data: fragments, seg", "frags_data: {store: v.zarr/fragments, lut: nolut}, seg", 1), "no look-up table"},
		"wrong argument":    {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, scale_shift: [1]", 1), "scale_shift"},
		"two writers":       {strings.Replace(segmentation, "v.zarr/segments", "v.zarr/fragments", 1), "both write"},
		"read-only output":  {strings.Replace(segmentation, "store: v.zarr/segments", "store: v.zarr/segments, writable: false", 1), "writable: false"},
		"wrong dataset":     {strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, dataset_type: labels", 1), "affs is needed here"},
		"postgres":          {strings.Replace(segmentation, "path: rag.sqlite", "db_type: postgresql", 1), "postgresql is not built yet"},
		"unknown attribute": {strings.Replace(segmentation, "near: float", "near: flaot", 1), "unknown attribute type"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\ndoes not say %q", err, c.want)
			}
			if !strings.Contains(err.Error(), "segment.yaml:") {
				t.Errorf("%v\nnames no place", err)
			}
			if !IsInput(err) {
				t.Errorf("%v is not called the user's", err)
			}
		})
	}
}

func TestCircleIsNamed(t *testing.T) {
	_, err := parse(t, `tasks:
  - {task_type: noop, name: a, block_size: [1], after: [c]}
  - {task_type: noop, name: b, block_size: [1], after: [a]}
  - {task_type: noop, name: c, block_size: [1], after: [b]}`)
	if err == nil || !strings.Contains(err.Error(), "circle") || !strings.Contains(err.Error(), "→") {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(chain))
	f.Add([]byte(segmentation))
	f.Add([]byte(strings.Replace(segmentation, "store: v.zarr/affs", "store: v.zarr/affs, ops: [{stack: {store: b}}, {slice: \"0:1, ...\"}, {lut: x.npz}, invert]", 1)))
	f.Add([]byte(`{"task_type":"noop","roi":[[0],[4]],"block_size":[1],"num_cache_workers":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(stages.Builtin(), "/data/x.yaml", text)
		if err == nil && len(p.Tasks) == 0 {
			t.Error("a pipeline without tasks")
		}
	})
}
