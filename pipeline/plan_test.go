package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"volara/geometry"
	"volara/stages"
)

// TestSelectionIsClosed demands that whatever is selected, every block that a selected block reads from is selected too,
// and that a larger region selects no fewer blocks.
func TestSelectionIsClosed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(1, 3).Draw(t, "dims")
		draw := func(name string, least, most int) geometry.Coordinate {
			return geometry.Coordinate(rapid.SliceOfN(rapid.IntRange(least, most), dims, dims).Draw(t, name))
		}
		shape, offset := draw("shape", 5, 40), draw("offset", -50, 50)
		text := "tasks:\n"
		for i := range 3 {
			after := ""
			if i > 0 {
				after = fmt.Sprintf(", after: [t%d]", rapid.IntRange(0, i-1).Draw(t, "after"))
			}
			text += fmt.Sprintf("  - {task_type: noop, name: t%d, roi: [%s, %s], block_size: %s, context: %s%s}\n", i,
				list(offset), list(shape), list(draw("block", 1, 12)), list(draw("context", 0, 6)), after)
		}
		p, err := Parse(stages.Builtin(), "/data/x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		target := p.Names()[rapid.IntRange(0, 2).Draw(t, "target")]
		plan, err := p.Plan(context.Background(), Selection{Targets: []string{target}})
		if err != nil {
			t.Fatal(err)
		}
		checkClosed(t, plan)
	})
}

func checkClosed(t *rapid.T, plan *Plan) {
	byTask := map[*Task]*TaskPlan{}
	for _, task := range plan.Tasks {
		byTask[task.Task] = task
	}
	for _, task := range plan.Tasks {
		for i := range task.Plan.Grid.Len() {
			b := task.Plan.Grid.At(i)
			if !task.Select.ContainsPoint(b.Position) {
				continue
			}
			for _, e := range task.Upstream {
				up := byTask[e.Task]
				if needed := up.Plan.Grid.Writers(b.ReadROI); !up.Select.Contains(needed) {
					t.Fatalf("block %v of %s reads %v of %s, of which %v is selected", b, task.Name, needed, e.Task.Name, up.Select)
				}
			}
		}
	}
}

func noopPlan(t *testing.T, text string) *Plan {
	t.Helper()
	p, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Plan(context.Background(), Selection{})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestFingerprint tells changes that alter bytes from those that do not.
func TestFingerprint(t *testing.T) {
	const base = "tasks: [{task_type: noop, roi: [[0], [100]], block_size: [10], duration: 1s}]"
	recorded := fingerprintOf(t, base)
	for text, want := range map[string][]string{
		base: nil,
		strings.Replace(base, "duration", "num_workers: 3, max_retries: 7, timeout: 3s, crash: [1], duration", 1): nil,
		strings.Replace(base, "duration: 1s", "duration: 2s", 1):                                                  {`duration: "1s" → "2s"`},
		strings.Replace(base, "duration: 1s", "seed: 4", 1):                                                       {`duration: "1s" → unset`, "seed: unset → 4"},
		strings.Replace(base, "block_size: [10]", "block_size: [20]", 1):                                          {"block_size: [10] → [20]", "block shape in world units: (10) → (20)"},
		strings.Replace(base, "[100]]", "[90]]", 1):                                                               {"region of the grid: [0:100] → [0:90]"},
	} {
		if got := fingerprintOf(t, text).changes(recorded); !slices.Equal(got, want) {
			t.Errorf("%s: changes %q, want %q", text, got, want)
		}
	}
}

// fingerprintOf returns the only task's fingerprint after a round trip through the record.
func fingerprintOf(t *testing.T, text string) fingerprint {
	t.Helper()
	f, err := noopPlan(t, text).Tasks[0].fingerprint("/data", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back fingerprint
	if err := decodeJSON(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestFingerprintPathsMove(t *testing.T) {
	v := map[string]any{"store": "/data/v.zarr/affs", "list": []any{map[string]any{"path": "/data/x"}, "/elsewhere/y"}}
	relative(v, "/data")
	want := map[string]any{"store": "v.zarr/affs", "list": []any{map[string]any{"path": "x"}, "/elsewhere/y"}}
	if fmt.Sprint(v) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", v, want)
	}
}

// A worker that stays must not take the next run for this one: what it keeps may be out of date.
func TestSpecOfEveryRunDiffers(t *testing.T) {
	plan := noopPlan(t, chain)
	one, err1 := plan.encodeSpec(nil)
	two, err2 := plan.encodeSpec(nil)
	if err1 != nil || err2 != nil || string(one) == string(two) {
		t.Errorf("%s, %s (%v, %v)", one, two, err1, err2)
	}
}

func TestSpecRoundTrip(t *testing.T) {
	plan := noopPlan(t, chain)
	text, err := plan.encodeSpec(map[string]string{"a": "g1"})
	if err != nil {
		t.Fatal(err)
	}
	p, s, err := decodeSpec(stages.Builtin(), text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "chain" || s.Generations["a"] != "g1" || !slices.Equal(p.Names(), plan.Pipeline.Names()) {
		t.Errorf("%s %v %v", p.Name, p.Names(), s.Generations)
	}
	again, err := p.Plan(context.Background(), Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for i, task := range again.Tasks {
		if !task.Select.Equal(plan.Tasks[i].Select) || task.Plan.Grid.Len() != plan.Tasks[i].Plan.Grid.Len() {
			t.Errorf("task %s is planned differently from the stored specification", task.Name)
		}
	}
}

func TestSelectionErrors(t *testing.T) {
	p, err := parse(t, chain)
	if err != nil {
		t.Fatal(err)
	}
	far := geometry.NewRoi(geometry.Coordinate{500, 500}, geometry.Coordinate{10, 10})
	for name, sel := range map[string]Selection{"target": {Targets: []string{"aa"}}, "region": {ROI: &far}} {
		if _, err := p.Plan(context.Background(), sel); err == nil || !IsInput(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
