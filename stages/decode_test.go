package stages_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/config"
	"volara/stages"
)

func parseNode(text string) (*config.Node, error) { return config.Parse("task.yaml", []byte(text)) }

func decode(t *testing.T, text string, into any) error {
	t.Helper()
	root, err := parseNode(text)
	if err != nil {
		t.Fatal(err)
	}
	return root.Decode(into)
}

// TestNamesAndMappings writes every resource by name and in full.
func TestNamesAndMappings(t *testing.T) {
	var named, full stages.Relabel
	if err := decode(t, "{task_type: relabel, frags_data: fragments, seg_data: segments, lut: final, block_size: [4, 4]}", &named); err != nil {
		t.Fatal(err)
	}
	if named.FragsData.Ref != "fragments" || named.SegData.Ref != "segments" || named.LUT.Ref != "final" {
		t.Errorf("%+v", named)
	}
	if err := decode(t, "{task_type: relabel, frags_data: {store: a}, seg_data: {store: b, chunks: [2, 2]}, lut: {path: c}, block_size: [4, 4]}", &full); err != nil {
		t.Fatal(err)
	}
	b := &stages.Binder{Base: "/base"}
	if err := decode(t, "{fragments: {store: a}, segments: {store: b, chunks: [2, 2]}}", &b.Named.Datasets); err != nil {
		t.Fatal(err)
	}
	if err := decode(t, "{final: {path: c.npz}}", &b.Named.LUTs); err != nil {
		t.Fatal(err)
	}
	named.Bind(b)
	full.Bind(b)
	if len(b.Errs) > 0 {
		t.Fatal(b.Errs)
	}
	a, _ := json.Marshal(named)
	other, _ := json.Marshal(full)
	if string(a) != string(other) || named.LUT.Path != "/base/c.npz" || named.DefaultName() != "b-relabel" {
		t.Errorf("by name %s, in full %s", a, other)
	}
	if got := b.Uses[1].Resource.String(); got != "lut /base/c.npz" {
		t.Errorf("%q", got)
	}
}

func TestAttributeTypes(t *testing.T) {
	var db stages.DB
	text := "{db_type: sqlite, path: db.sqlite, ndim: 2, node_attrs: {code: 3, name: str}, edge_attrs: {adj: float, n: int, ok: bool}}"
	if err := decode(t, text, &db); err != nil {
		t.Fatal(err)
	}
	schema, err := db.Schema()
	if err != nil || schema.Dims != 2 || len(schema.NodeAttrs) != 4 || len(schema.EdgeAttrs) != 4 {
		t.Errorf("%+v, %v", schema, err)
	}
	data, err := json.Marshal(db)
	if err != nil {
		t.Fatal(err)
	}
	var back stages.DB
	if err := decode(t, string(data), &back); err != nil || back.NodeAttrs["code"] != db.NodeAttrs["code"] || back.EdgeAttrs["n"].Name != "int" {
		t.Errorf("%s becomes %+v: %v", data, back, err)
	}
	for _, bad := range []string{"0", "-2", "double", "1.5", "[3]", "Vec(float)"} {
		if err := decode(t, "{path: a, edge_attrs: {adj: "+bad+"}}", &stages.DB{}); err == nil {
			t.Errorf("an attribute of type %s is accepted", bad)
		}
	}
}

// TestWeightsKeepTheirOrder: it breaks ties.
func TestWeightsKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var weights, back stages.Weights
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z_ "é]{0,5}`), 0, 6, rapid.ID).Draw(rt, "names") {
			weights = append(weights, stages.Weight{Attr: name, Factor: rapid.Float64Range(-9, 9).Draw(rt, "factor"), Bias: rapid.Float64Range(-1, 1).Draw(rt, "bias")})
		}
		data, err := json.Marshal(weights)
		if err != nil {
			rt.Fatal(err)
		}
		if err := decode(t, string(data), &back); err != nil || !slices.Equal(weights, back) {
			rt.Fatalf("%s becomes %v: %v", data, back, err)
		}
	})
	for _, bad := range []string{"[1, 2]", "{adj: 1}", "{adj: [1]}", "{adj: [1, 2, 3]}", "{adj: [a, b]}"} {
		if err := decode(t, bad, new(stages.Weights)); err == nil {
			t.Errorf("weights %s are accepted", bad)
		}
	}
}

func TestBuiltinTypes(t *testing.T) {
	types := stages.Builtin()
	names := stages.TypeNames(types)
	if !slices.IsSorted(names) || len(names) != len(types) {
		t.Errorf("%v", names)
	}
	for _, name := range names {
		s := types[name]()
		s.Common().TaskType = name
		if s.Common().Retries() != stages.DefaultRetries || !strings.HasSuffix(s.DefaultName(), name) {
			t.Errorf("%s: %d retries, called %s", name, s.Common().Retries(), s.DefaultName())
		}
		if s.Common().MaxRetries = ptr(0); s.Common().Retries() != 0 {
			t.Errorf("%s: %d retries, none are wanted", name, s.Common().Retries())
		}
		if slices.Contains(stages.Later(), name) {
			t.Errorf("%s is built", name)
		}
	}
	for _, field := range stages.Operational() {
		if field == "seed" || field == "block_size" || field == "grid" {
			t.Errorf("%s changes the outputs", field)
		}
	}
}
