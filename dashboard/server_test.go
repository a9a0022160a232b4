package dashboard

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"volara/stream"
)

func serve(t *testing.T) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func example(state string) stream.Status {
	return stream.Status{
		Run: "em", State: state, Workers: 2, Slots: 16, Started: time.Unix(1700000000, 0), Updated: time.Now(),
		Tasks: []stream.TaskStatus{
			{Name: "frags", Total: 100, Done: 60, Masked: 10, Running: 4, Failed: 1, Orphaned: 0, Voxels: 1000, Timings: stream.Timings{Read: 1500 * time.Millisecond, Compute: 30 * time.Second}},
			{Name: "agglom", Total: 50, Done: 5, Orphaned: 3},
		},
	}
}

func TestMetrics(t *testing.T) {
	c := newCollector("1.2.3", func() (stream.Status, bool) { return example(stream.StatePaused), true })
	want := `
# HELP volara_run_state 1 for the state that the run is in, 0 for the others.
# TYPE volara_run_state gauge
volara_run_state{run="em",state="done"} 0
volara_run_state{run="em",state="failed"} 0
volara_run_state{run="em",state="paused"} 1
volara_run_state{run="em",state="running"} 0
volara_run_state{run="em",state="stopped"} 0
# HELP volara_task_block_seconds_total Time spent in the blocks done since the run was begun or resumed, of all slots.
# TYPE volara_task_block_seconds_total counter
volara_task_block_seconds_total{phase="compute",run="em",task="agglom"} 0
volara_task_block_seconds_total{phase="compute",run="em",task="frags"} 30
volara_task_block_seconds_total{phase="read",run="em",task="agglom"} 0
volara_task_block_seconds_total{phase="read",run="em",task="frags"} 1.5
volara_task_block_seconds_total{phase="write",run="em",task="agglom"} 0
volara_task_block_seconds_total{phase="write",run="em",task="frags"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "volara_run_state", "volara_task_block_seconds_total"); err != nil {
		t.Error(err)
	}
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("names that Prometheus would not like: %v %v", problems, err)
	}
}

// TestStatesAddUp demands that every block is in one state.
func TestStatesAddUp(t *testing.T) {
	for _, task := range example(stream.StateRunning).Tasks {
		sum := int64(0)
		for state, n := range byState(task) {
			if n < 0 {
				t.Errorf("%s: %d blocks are %s", task.Name, n, state)
			}
			sum += n
		}
		if sum != task.Total {
			t.Errorf("%s: the states hold %d of %d blocks", task.Name, sum, task.Total)
		}
	}
}

func TestEndpoints(t *testing.T) {
	s := serve(t)
	if code, _ := get(t, s.URL()+"/status"); code != http.StatusServiceUnavailable {
		t.Errorf("a run that has not begun has a status: %d", code)
	}
	if code, body := get(t, s.URL()+"/metrics"); code != http.StatusOK || !strings.Contains(body, `volara_build_info{version="test"} 1`) {
		t.Errorf("metrics before the run: %d\n%s", code, body)
	}
	s.Show(func() stream.Status { return example(stream.StateRunning) })
	code, body := get(t, s.URL()+"/status")
	var status stream.Status
	if err := json.Unmarshal([]byte(body), &status); err != nil || code != http.StatusOK || status.Tasks[0].Done != 60 {
		t.Errorf("status: %d %v\n%s", code, err, body)
	}
	if _, body := get(t, s.URL()+"/metrics"); !strings.Contains(body, `volara_task_blocks_by_state{run="em",state="waiting",task="frags"} 35`) {
		t.Errorf("metrics:\n%s", body)
	}
	if code, _ := get(t, s.URL()+"/nowhere"); code != http.StatusNotFound {
		t.Errorf("a path that is not there: %d", code)
	}
}

func TestMount(t *testing.T) {
	s := serve(t)
	s.Mount("/more/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }))
	for path, want := range map[string]string{"/more/": "/", "/more/a/b": "/a/b"} {
		if code, body := get(t, s.URL()+path); code != http.StatusOK || body != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, _ := get(t, s.URL()+"/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d", code)
	}
}

func TestHealth(t *testing.T) {
	stale := example(stream.StateRunning)
	stale.Updated = time.Now().Add(-time.Minute)
	for name, c := range map[string]struct {
		status       *stream.Status
		alive, ready int
	}{
		"starting": {nil, 200, 503},
		"running":  {ptr(example(stream.StateRunning)), 200, 200},
		"paused":   {ptr(example(stream.StatePaused)), 200, 503},
		"stale":    {&stale, 503, 503},
		"done":     {ptr(example(stream.StateDone)), 200, 200},
		"failed":   {ptr(example(stream.StateFailed)), 200, 503},
		"stopped":  {ptr(example(stream.StateStopped)), 200, 503},
	} {
		s := serve(t)
		if c.status != nil {
			s.Show(func() stream.Status { return *c.status })
		}
		if code, body := get(t, s.URL()+"/healthz"); code != c.alive {
			t.Errorf("%s: /healthz %d %s, want %d", name, code, body, c.alive)
		}
		if code, body := get(t, s.URL()+"/readyz"); code != c.ready {
			t.Errorf("%s: /readyz %d %s, want %d", name, code, body, c.ready)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestBadAddress(t *testing.T) {
	s := serve(t)
	taken := strings.TrimPrefix(s.URL(), "http://")
	for address, want := range map[string]string{"9090": "HOST:PORT", ":9090": "names no host", taken: "choose another port", "127.0.0.1:http-": "serve the dashboard"} {
		if _, err := Listen(address, "test", slog.Default()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}
