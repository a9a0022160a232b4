package test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const slowNoop = `
name: slow
tasks:
  - {task_type: noop, name: up, roi: [[0], [1000]], block_size: [1], duration: 100ms}
`

// TestDashboard demands metrics and health of a run that goes on, and refusal of an address that cannot be.
func TestDashboard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.yaml")
	if err := os.WriteFile(file, []byte(slowNoop), 0o644); err != nil {
		t.Fatal(err)
	}
	c := up("--workers", "4", "--dashboard", "127.0.0.1:0", file)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	url := ""
	for address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`); url == "" && lines.Scan(); {
		url = address.FindString(lines.Text())
	}
	if url == "" {
		t.Fatal("the dashboard's address was not told")
	}
	go io.Copy(io.Discard, stderr)
	body := func(path string) (int, string) {
		r, err := http.Get(url + path)
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
	computed := regexp.MustCompile(`volara_task_blocks_by_state{run="slow",state="computed",task="up"} [1-9]`)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, text := body("/metrics"); computed.MatchString(text) {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("no block was done within a minute:\n%s", text)
		}
	}
	if code, text := body("/readyz"); code != http.StatusOK || !strings.Contains(text, `"running"`) {
		t.Errorf("/readyz: %d %s", code, text)
	}
	if code, text := body("/status"); code != http.StatusOK || !strings.Contains(text, `"total":1000`) {
		t.Errorf("/status: %d %s", code, text)
	}
	if code, text := body("/view/state.json"); code != http.StatusOK || !strings.Contains(text, `/view/blocks-up/`) {
		t.Errorf("/view/state.json: %d %s", code, text)
	}
	if code, text := body("/view/blocks-up/zarr.json"); code != http.StatusOK || !strings.Contains(text, `"node_type"`) {
		t.Errorf("/view/blocks-up/zarr.json: %d %s", code, text)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Errorf("an interrupted run ended with %v", err)
	}

	bad := up("--dashboard", ":9090", file)
	if out, _ := bad.CombinedOutput(); bad.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "names no host") {
		t.Errorf("a dashboard without a host: status %d\n%s", bad.ProcessState.ExitCode(), out)
	}
}
