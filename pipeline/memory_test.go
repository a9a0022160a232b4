package pipeline

import (
	"strings"
	"testing"
)

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]Memory{
		"8GiB":       {8 << 30, true},
		"500MB":      {500e6, true},
		"1.5 GiB":    {3 << 29, true},
		"8000000000": {8e9, true},
		"off":        {},
		"OFF":        {},
	} {
		if got, err := ParseMemory(text); err != nil || got != want {
			t.Errorf("%q is %+v, want %+v: %v", text, got, want, err)
		}
	}
	for _, text := range []string{"1GiB%", "50 %", "x%", "lots"} {
		if _, err := ParseMemory(text); !IsInput(err) || !strings.Contains(err.Error(), "not a size") {
			t.Errorf("%q: %v", text, err)
		}
	}
	all, err := ParseMemory("100%")
	if err != nil || all.Bytes < 64<<20 || !all.Given {
		t.Fatalf("the memory there is: %+v, %v", all, err)
	}
	part, err := ParseMemory("")
	if err != nil || part.Given || part.Bytes < all.Bytes*79/100 || part.Bytes > all.Bytes*81/100 {
		t.Errorf("the default is %+v of %d: %v", part, all.Bytes, err)
	}
	for _, text := range []string{"0", "-3GiB", "0%", "101%", "NaN%", "x%", "lots", "99999999999TiB"} {
		if m, err := ParseMemory(text); !IsInput(err) {
			t.Errorf("%q is %+v: %v", text, m, err)
		}
	}
}

func TestCheckMemory(t *testing.T) {
	plan := noopPlan(t, `tasks:
  - {task_type: noop, name: small, roi: [[0], [9]], block_size: [3], bytes: 1000}
  - {task_type: noop, name: large, roi: [[0], [9]], block_size: [3], bytes: 3000000000}
  - {task_type: noop, name: apart, roi: [[0], [9]], block_size: [3], bytes: 1000, worker_config: {worker_type: process}}
`)
	const cache = 1 << 20
	for _, c := range []struct {
		memory   Memory
		warnings int
		refused  []string
	}{
		{Memory{}, 0, nil},
		{Memory{4 << 30, true}, 0, nil},
		{Memory{1 << 30, false}, 1, nil},
		{Memory{1 << 30, true}, 0, []string{"a block of large needs about 2.8 GiB", "1.0 GiB", "block_size"}},
		{Memory{40 << 20, true}, 0, []string{"large", "a block of apart needs about 48 MiB"}},
		{Memory{1 << 10, true}, 0, []string{"large", "apart", "small"}},
	} {
		warnings, err := plan.checkMemory(c.memory, cache)
		if len(warnings) != c.warnings || (err == nil) != (c.refused == nil) || err != nil && !IsInput(err) {
			t.Errorf("%+v: warnings %q, error %v", c.memory, warnings, err)
		}
		for _, text := range c.refused {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%+v: %q is not in %v", c.memory, text, err)
			}
		}
	}
}
