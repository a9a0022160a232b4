package chaos

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"volara/stream"
)

const reopened = `tasks:
  - {task_type: noop, name: a, roi: [[0, 0], [6, 6]], block_size: [1, 1]}
  - {task_type: noop, name: b, roi: [[0, 0], [6, 6]], block_size: [1, 1], context: [1, 1], after: [a]}
`

// TestReopenIsKilled kills `volara retry --roi` at every point that it comes across, and demands that `volara up` after it,
// asked for again or not, does what people were told is reopened, and tells it once.
func TestReopenIsKilled(t *testing.T) {
	for _, again := range []bool{false, true} {
		for _, point := range []string{"tracker.event:1", "tracker.told:1", "tracker.told:2", "tracker.marked:1", "tracker.marked:2", "tracker.stored:1", "tracker.stored:2"} {
			name := point
			if again {
				name += " again"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				killReopen(t, point, again)
			})
		}
	}
}

func killReopen(t *testing.T, point string, again bool) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "noop.yaml"), []byte(reopened), 0o644); err != nil {
		t.Fatal(err)
	}
	volara := func(env []string, args ...string) (string, error) {
		c := exec.Command(filepath.Join(programs, "volara"), args...)
		c.Dir, c.Env = dir, append(os.Environ(), env...)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := volara(nil, args...)
		if err != nil {
			t.Fatalf("volara %v: %v\n%s", args, err, out)
		}
		return out
	}
	must("up", "--progress", "off", "noop.yaml")
	retry := []string{"retry", "--roi", "2:4,2:4", "noop.yaml"}
	out, err := volara([]string{"VOLARA_POINTS=" + point + ":kill", "VOLARA_POINT_DIR=" + dir}, retry...)
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() >= 0) {
		t.Fatalf("retry: %v\n%s", err, out)
	}
	if err == nil {
		t.Logf("retry does not come across %s", point)
	}
	if again {
		must(retry...)
	}
	must("up", "--progress", "off", "noop.yaml")
	balance, reopened := map[string]int64{}, map[string]int64{}
	for line := range strings.Lines(must("events", "--json", "noop.yaml")) {
		var e stream.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch e.Kind {
		case stream.EventBlockDone:
			balance[e.Task] += e.Blocks.Count()
		case stream.EventBlockReopened:
			balance[e.Task] -= e.Blocks.Count()
			reopened[e.Task] += e.Blocks.Count()
		}
	}
	if balance["a"] != 36 || balance["b"] != 36 {
		t.Errorf("told done, less what was reopened: %v", balance)
	}
	if n := reopened["a"]; n != 4 && (again || n != 0) {
		t.Errorf("%v were reopened", reopened)
	}
	if status := must("status", "--json"); !strings.Contains(status, `"state": "done"`) {
		t.Errorf("status: %s", status)
	}
}
