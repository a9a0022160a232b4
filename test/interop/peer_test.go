package interop

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A peer is another library in a process of its own; see peer.py.
type peer struct {
	name    string
	mu      sync.Mutex
	in      io.WriteCloser
	answers *bufio.Scanner
}

// request is one line to peer.py.
type request struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	File  string `json:"file,omitempty"`
	As    string `json:"as,omitempty"`
	Begin []int  `json:"begin"`
	Shape []int  `json:"shape"`

	Factor []int  `json:"factor,omitempty"`
	Method string `json:"method,omitempty"`
}

// peersDir is where scripts/deps.sh test installs the libraries.
func peersDir() (string, error) {
	if dir := os.Getenv("VOLARA_PEERS"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "volara-test"), err
}

// startPeer starts a library, which ends with the test.
func startPeer(t *testing.T, name string) *peer {
	t.Helper()
	dir, err := peersDir()
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		if os.Getuid() == 0 {
			t.Fatalf("zarr-python and tensorstore are missing in %s: sh scripts/deps.sh test installs them", dir)
		}
		t.Skipf("zarr-python and tensorstore are missing in %s: sh scripts/deps.sh test installs them", dir)
	}
	cmd := exec.Command(python, "-W", "ignore", "peer.py", name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	p := &peer{name: name, in: in, answers: bufio.NewScanner(out)}
	p.answers.Buffer(nil, 1<<20)
	return p
}

// do sends a request and waits for its answer.
func (p *peer) do(r request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := json.NewEncoder(p.in).Encode(r); err != nil {
		return err
	}
	if !p.answers.Scan() {
		return errors.Join(io.ErrUnexpectedEOF, p.answers.Err())
	}
	var answer struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(p.answers.Bytes(), &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}
