package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"volara/geometry"
	"volara/stages"
	"volara/zarr/store"
)

// A fingerprint is what determines the bytes of a task's outputs.
type fingerprint struct {
	// Config is the task's configuration without what changes no byte; a change is refused.
	Config map[string]any `json:"config"`
	// Grid is the block grid; a change is refused. A global task has none: its grid follows its region.
	Grid *geometry.Grid `json:"grid,omitempty"`
	// Region is what a global task covers; a larger one is a new computation.
	Region *geometry.Roi `json:"region,omitempty"`
	// Inputs are the generations of the upstream tasks; when one of them begins anew, so does this task.
	Inputs map[string]string `json:"inputs,omitempty"`
}

// fingerprint computes the task's fingerprint; generations are those of the upstream tasks, by name.
func (t *TaskPlan) fingerprint(base string, generations map[string]string) (fingerprint, error) {
	text, err := json.Marshal(t.Stage)
	if err != nil {
		return fingerprint{}, fmt.Errorf("encode the configuration of %s: %w", t.Name, err)
	}
	f := fingerprint{Inputs: map[string]string{}}
	if err := decodeJSON(text, &f.Config); err != nil {
		return f, fmt.Errorf("encode the configuration of %s: %w", t.Name, err)
	}
	forgetOperational(f.Config)
	forgetDeclarations(f.Config)
	forgetAccess(f.Config)
	if more, ok := t.Stage.(interface{ Details() []string }); ok {
		f.Config["details"] = anyList(more.Details())
	}
	relative(f.Config, base)
	if t.Plan.Global {
		f.Region = &t.Plan.Region
	} else {
		f.Grid = &t.Plan.Grid
	}
	for _, e := range t.Upstream {
		if e.Data {
			f.Inputs[e.Task.Name] = generations[e.Task.Name]
		}
	}
	return f, nil
}

func forgetOperational(config map[string]any) {
	for _, field := range stages.Operational() {
		delete(config, field)
	}
}

// forgetDeclarations removes what datasets and graphs say beside the path and what is read and written: another
// attribute declared, say, changes nothing of this task's.
func forgetDeclarations(config map[string]any) {
	for _, value := range config {
		if m, ok := value.(map[string]any); ok {
			forgetIn(m)
		}
	}
}

// forgetIn is forgetDeclarations for a dataset or graph, and for the datasets that are stacked on it.
func forgetIn(m map[string]any) {
	for _, key := range []string{"node_attrs", "edge_attrs", "writable", "write"} {
		delete(m, key)
	}
	ops, _ := m["ops"].([]any)
	for _, op := range append(ops, m) {
		if item, ok := op.(map[string]any); ok {
			if stacked, ok := item["stack"].(map[string]any); ok {
				forgetIn(stacked)
			}
		}
	}
}

// forgetAccess removes how stores are reached, which is no part of what is made and may be secret, wherever datasets are.
// Which server an array is on stays.
func forgetAccess(v any) {
	switch v := v.(type) {
	case map[string]any:
		if kwargs, ok := v["s3_kwargs"].(map[string]any); ok {
			delete(v, "s3_kwargs")
			if o, err := store.ParseS3Kwargs(kwargs); err == nil && o.Endpoint != "" {
				v["endpoint_url"] = o.Endpoint
			}
		}
		for _, value := range v {
			forgetAccess(value)
		}
	case []any:
		for _, value := range v {
			forgetAccess(value)
		}
	}
}

func anyList(names []string) []any {
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = n
	}
	return list
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(text []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(out)
}

// relative shortens paths below base, so that a folder may be moved with its state.
func relative(v any, base string) {
	shorten := func(v any) any {
		if s, ok := v.(string); ok {
			return strings.TrimPrefix(s, base+"/")
		}
		relative(v, base)
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = shorten(value)
		}
	case []any:
		for i, value := range v {
			v[i] = shorten(value)
		}
	}
}

// changes lists how a configuration differs from the recorded one: field, old, new.
func (f fingerprint) changes(recorded fingerprint) []string {
	before := maps.Clone(recorded.Config)
	forgetOperational(before) // an earlier version may have taken more for essential
	changes := diff("", before, f.Config)
	if was, is := slices.Sorted(maps.Keys(recorded.Inputs)), slices.Sorted(maps.Keys(f.Inputs)); !slices.Equal(was, is) {
		changes = append(changes, fmt.Sprintf("upstream tasks: %s → %s", strings.Join(was, ", "), strings.Join(is, ", ")))
	}
	if f.Grid != nil && recorded.Grid != nil {
		changes = append(changes, gridChanges(*recorded.Grid, *f.Grid)...)
	}
	return changes
}

func gridChanges(old, now geometry.Grid) []string {
	var changes []string
	note := func(what string, a, b any, same bool) {
		if !same {
			changes = append(changes, fmt.Sprintf("%s: %v → %v", what, a, b))
		}
	}
	note("region of the grid", old.Total(), now.Total(), old.Total().Equal(now.Total()))
	note("block shape in world units", old.BlockShape(), now.BlockShape(), old.BlockShape().Equal(now.BlockShape()))
	note("fit", old.Fit(), now.Fit(), old.Fit() == now.Fit())
	oldLow, oldHigh := old.Context()
	low, high := now.Context()
	note("context in world units", oldLow, low, oldLow.Equal(low) && oldHigh.Equal(high))
	return changes
}

// sameInputs reports whether region and inputs are the recorded ones, and if not, what is new.
func (f fingerprint) sameInputs(recorded fingerprint) (bool, string) {
	for _, name := range slices.Sorted(maps.Keys(f.Inputs)) {
		if recorded.Inputs[name] != f.Inputs[name] {
			return false, fmt.Sprintf("its input from %s was made anew", name)
		}
	}
	if f.Region != nil && (recorded.Region == nil || !recorded.Region.Equal(*f.Region)) {
		return false, fmt.Sprintf("it covers %v now", f.Region)
	}
	return true, ""
}

// diff lists the leaves in which two JSON values differ.
func diff(path string, old, now any) []string {
	a, aMap := old.(map[string]any)
	b, bMap := now.(map[string]any)
	if !aMap || !bMap {
		was, is := compact(old), compact(now)
		if was == is {
			return nil
		}
		return []string{fmt.Sprintf("%s: %s → %s", path, was, is)}
	}
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	var changes []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		name := k
		if path != "" {
			name = path + "." + k
		}
		changes = append(changes, diff(name, a[k], b[k])...)
	}
	return changes
}

func compact(v any) string {
	if v == nil {
		return "unset"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
