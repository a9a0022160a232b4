package config_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"volara/config"
	"volara/geometry"
)

func parse(t testing.TB, src string) *config.Node {
	t.Helper()
	n, err := config.Parse("p.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDecodeTask(t *testing.T) {
	const src = `
defaults: &defaults
  store: data.zarr/affs
  voxel_size: [40, 4.0, 4]
task: &task
  task_type: extract-frags
  affs_data:
    <<: *defaults
    channels: [0, [1, 2]]
    voxel_size: [1, 2, 3]
  block_size: [+64, 0x40, 6.4e1]
  num_workers: 2
  roi: [[0, -40], [10, 20]]
  fit: overhang
  bias: [-0.4, 1, .5, 1.]
  weights:
    a: [1, -0.4]
  remove_debris: 65535
  randomized_strides: true
  filter_fragments: ~
  timeout: 1.5
again:
  <<: [*task, *defaults]
  store:
`
	root := parse(t, src)
	var c common
	f := frags{FilterFragments: 0.25}
	if err := root.Get("task").Decode(&c, &f); err != nil {
		t.Fatal(err)
	}
	two := 2
	roi := geometry.NewRoi(geometry.Coordinate{0, -40}, geometry.Coordinate{10, 20})
	if want := (common{"extract-frags", &roi, &two, "overhang"}); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
	want := frags{
		Node: root.Get("task"),
		Affs: source{Fields: dataset{
			Store: "data.zarr/affs", VoxelSize: geometry.Coordinate{1, 2, 3}, Channels: []any{int64(0), []any{int64(1), int64(2)}},
		}},
		BlockSize: geometry.Coordinate{64, 64, 64}, Bias: []float64{-0.4, 1, 0.5, 1},
		Weights: map[string][2]float64{"a": {1, -0.4}}, FilterFragments: 0.25, RemoveDebris: 65535, Randomized: true,
		Timeout: config.Duration(1500 * time.Millisecond),
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got %+v, want %+v", f, want)
	}
	again := root.Get("again")
	if again.Get("store") == nil || !again.Get("store").IsNull() || again.Get("voxel_size").Index(0).Text() != "40" {
		t.Errorf("a field beside << must win, even null, and the others be merged: %s", again.JSON())
	}
}

func TestDecodeKinds(t *testing.T) {
	type inner struct {
		A int `json:"a,omitempty"`
		B string
	}
	type Embedded struct {
		C int `yaml:"c"`
	}
	type all struct {
		inner
		Embedded
		Named  inner            `yaml:"named"`
		Inline struct{ D bool } `yaml:",inline"`
		Ptr    **int            `yaml:"ptr"`
		Ints   []*int           `yaml:"ints"`
		Raw    json.RawMessage  `yaml:"raw"`
		Any    any              `yaml:"any"`
		Keep   *config.Node     `yaml:"keep"`
		Addr   netip.Addr       `yaml:"addr"`
		Map    map[fit][]uint8  `yaml:"map"`
		F32    float32          `yaml:"f32"`
		Empty  []int            `yaml:"empty"`
		Out    int              `yaml:"-"`
		hidden int
	}
	got := all{Out: 7, hidden: 8}
	n := parse(t, `
a: 1
B: x
c: 3
named: {a: 4}
D: true
ptr: 5
ints: [1, null, 0o17]
raw: {z: [1.0, "é", null, true], a: 0x10}
any: {x: [1, 2.5, .inf, 18446744073709551616, "1", ~]}
keep: null
addr: 10.0.0.1
map: {shrink: [255], anything: []}
f32: 3.4e38
empty: []
`)
	if err := n.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.A != 1 || got.B != "x" || got.C != 3 || got.Named.A != 4 || !got.Inline.D || **got.Ptr != 5 || got.Out != 7 {
		t.Errorf("got %+v", got)
	}
	if len(got.Ints) != 3 || *got.Ints[0] != 1 || got.Ints[1] != nil || *got.Ints[2] != 15 {
		t.Errorf("ints: %v", got.Ints)
	}
	if string(got.Raw) != `{"z":[1.0,"é",null,true],"a":16}` {
		t.Errorf("raw: %s", got.Raw)
	}
	if s := string(n.Get("any").JSON()); s != `{"x":[1,2.5,null,18446744073709551616,"1",null]}` {
		t.Errorf("any as JSON: %s", s)
	}
	if x := got.Any.(map[string]any)["x"].([]any); x[0] != int64(1) || x[1] != 2.5 || x[3] != 18446744073709551616.0 || x[4] != "1" || x[5] != nil {
		t.Errorf("any: %#v", got.Any)
	}
	if got.Keep == nil || !got.Keep.IsNull() || got.Addr.String() != "10.0.0.1" || got.Map["shrink"][0] != 255 || got.F32 < 3e38 {
		t.Errorf("got %+v", got)
	}
	if got.Empty == nil || len(got.Empty) != 0 {
		t.Error("an empty list is not an absent one")
	}
}

// Volara serialises unset optional fields as null and sets of one line; both must read.
func TestDecodeSerialised(t *testing.T) {
	src := `{"roi":null,"num_workers":2,"fit":"shrink","task_type":"extract-frags",` +
		`"affs_data":{"store":"segment.zarr/affs","voxel_size":null,"channels":null},` +
		`"block_size":[32,32,32],"bias":[-0.4,-0.7],"weights":null,"filter_fragments":0.0,"remove_debris":5,"timeout":null}`
	n := parse(t, src)
	var c common
	var f frags
	if err := n.Decode(&c, &f); err != nil {
		t.Fatal(err)
	}
	if c.Roi != nil || *c.NumWorkers != 2 || f.RemoveDebris != 5 || f.Weights != nil {
		t.Errorf("got %+v %+v", c, f)
	}
	if string(n.JSON()) != src {
		t.Errorf("as JSON again: %s", n.JSON())
	}
}

func TestNode(t *testing.T) {
	root := parse(t, "tasks:\n- block_size: [1, 2]\n  w: {a: 1}\n")
	task := root.Get("tasks").Index(0)
	size := task.Get("block_size").Index(1)
	if got := size.Path(); got != "tasks[0].block_size[1]" {
		t.Errorf("path %q", got)
	}
	if line, column := size.Position(); line != 2 || column != 19 {
		t.Errorf("position %d:%d", line, column)
	}
	if got := task.Keys(); !reflect.DeepEqual(got, []string{"block_size", "w"}) {
		t.Errorf("keys %v", got)
	}
	if task.At("block_size", 1) != size || task.At("block_size", 5) != task.Get("block_size") || task.At("bias", 3) != task {
		t.Error("At does not find the deepest node there is")
	}
	task.Describe("relabel")
	cause := errors.New("too small")
	err := size.Errorf("block_size[1] is %w", cause).Hint("at least %d", 8)
	want := "p.yaml:2:19: block_size[1] is too small\n    2 | - block_size: [1, 2]\n      |                   ^ at least 8"
	if err.Error() != want || !errors.Is(err, cause) || err.Message() != "block_size[1] is too small; at least 8" {
		t.Errorf("got\n%s", err)
	}
	if got := task.Get("w").KeyErrorf("no").Column; got != 3 {
		t.Errorf("a key's column is %d", got)
	}
	var absent *config.Node
	if absent.Kind() != config.Null || absent.Len() != 0 || absent.Get("x") != nil || absent.Index(0) != nil ||
		absent.Text() != "" || absent.Path() != "" || absent.File() != "" || absent.Value() != nil || string(absent.JSON()) != "null" {
		t.Error("a nil node must read as null")
	}
	if got := absent.Errorf("oh %d", 1).Error(); got != "oh 1" {
		t.Errorf("an error without a place: %q", got)
	}
	if err := absent.Decode(&common{}); err == nil || !strings.Contains(err.Error(), `"task_type" is missing`) {
		t.Errorf("a required field of an absent map: %v", err)
	}
}

func TestJoin(t *testing.T) {
	a := parse(t, "x: 1\ny: 2\n")
	b, err := config.Parse("q.yaml", []byte("z: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	first, second := a.Get("x").Errorf("one"), a.Get("y").Errorf("two")
	plain := errors.New("no place")
	err = config.Join(second, nil, errors.Join(b.Get("z").Errorf("three"), first), plain, config.Errors{second})
	var all config.Errors
	if !errors.As(err, &all) || !errors.Is(err, plain) {
		t.Fatalf("got %T", err)
	}
	var texts []string
	for _, e := range all {
		texts = append(texts, e.Message())
	}
	if got := strings.Join(texts, ", "); got != "no place, one, two, three" {
		t.Errorf("order: %s", got)
	}
	if len(all) != 4 {
		t.Errorf("%d errors, one was there twice", len(all))
	}
	if config.Join(nil, config.Errors(nil)) != nil {
		t.Error("nothing joined must be nil")
	}
}

func TestDuration(t *testing.T) {
	for src, want := range map[string]time.Duration{
		"100ms": 100 * time.Millisecond, "2h30m": 150 * time.Minute, "1": time.Second, "0.25": 250 * time.Millisecond, "0": 0, "1e3": 1000 * time.Second,
	} {
		var got struct{ T config.Duration }
		if err := parse(t, "T: "+src).Decode(&got); err != nil || got.T.Std() != want {
			t.Errorf("%s: %v, %v", src, got.T, err)
		}
		text, _ := json.Marshal(got)
		again := got
		again.T = -1
		if err := json.Unmarshal(text, &again); err != nil || again != got {
			t.Errorf("%s comes back as %v: %v", text, again, err)
		}
	}
	for _, src := range []string{"-1", "-1s", "1e300", ".nan", "true", "[1]", "5 apples"} {
		var got struct{ T config.Duration }
		if err := parse(t, "T: "+src).Decode(&got); err == nil {
			t.Errorf("%s was read as %v", src, got.T)
		}
	}
}

func TestNearest(t *testing.T) {
	valid := []string{"block_size", "bias", "context", "lut", "db", "sigma"}
	for name, want := range map[string]string{
		"bock_size": "block_size", "blocksize": "block_size", "BLOCK-SIZE": "block_size", "bais": "bias", "contxt": "context",
		"luts": "lut", "bd": "", "x": "", "": "", "something_else": "", "sgma": "sigma", "size": "", strings.Repeat("x", 1<<16): "",
	} {
		if got, ok := config.Nearest(name, valid); got != want || ok != (want != "") {
			t.Errorf("%.20q: %q, want %q", name, got, want)
		}
	}
}
