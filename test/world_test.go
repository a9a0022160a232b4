package test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"volara/demo"
	"volara/nd"
	"volara/zarr"
)

// runs demands a command's exit status and texts in what it says.
func runs(t *testing.T, want int, c *exec.Cmd, texts ...string) string {
	t.Helper()
	out, err := c.CombinedOutput()
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("%v: exit status %d, want %d\n%s", c.Args[1:], got, want, out)
	}
	for _, text := range texts {
		if !bytes.Contains(out, []byte(text)) {
			t.Fatalf("%v: %q is not in\n%s", c.Args[1:], text, out)
		}
	}
	return string(out)
}

func absent(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
}

func stateOf(files demo.Files) string { return filepath.Join(filepath.Dir(files.Pipeline), ".volara") }

// TestReadOnlyOutput demands a refusal before anything is made, as a user who may not write.
func TestReadOnlyOutput(t *testing.T) {
	files := volume(t, 32)
	c := up(files.Pipeline)                                            // its default state directory cannot be made either
	c.Env = append(os.Environ(), "HOME="+filepath.Dir(files.Pipeline)) // another user's may not be looked into
	if os.Geteuid() == 0 {                                             // permissions mean nothing to root
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		for dir := filepath.Dir(files.Pipeline); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(files.Container, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(files.Container, 0o755) })
	runs(t, 2, c, "cannot be written")
	absent(t, files.Fragments, files.Segments, stateOf(files))
}

// TestStateInUse demands that a second `up` names the process that holds the state directory.
func TestStateInUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slow.yaml")
	write(t, file, "tasks: [{task_type: noop, roi: [[0], [100]], block_size: [1], duration: 50ms}]\n")
	first := up(file)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(filepath.Dir(file), ".volara", "runs", "slow", "status.json"))
	runs(t, 2, up(file), "in use by process", fmt.Sprint(first.Process.Pid))
	status := exec.Command(filepath.Join(programs, "volara"), "status", file)
	runs(t, 0, status, "running")
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Fatal("an interrupted run ended with status 0")
	}
	runs(t, 0, status2(file), "stopped")
	runs(t, 0, up(file), "done")
}

func status2(file string) *exec.Cmd {
	return exec.Command(filepath.Join(programs, "volara"), "status", file)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestPort demands clear words about a port that is taken, and about an address that anybody could reach.
func TestPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	files := volume(t, 32)
	runs(t, 2, up("--listen", listener.Addr().String(), files.Pipeline), listener.Addr().String())
	runs(t, 2, up("--listen", "nonsense", files.Pipeline), "nonsense")
	absent(t, files.Fragments)
}

// TestCorruptState demands that a damaged state directory is named with a way to go on, and that the way works.
func TestCorruptState(t *testing.T) {
	files := volume(t, 32)
	runs(t, 0, up(files.Pipeline))
	damaged := 0
	err := filepath.WalkDir(filepath.Join(stateOf(files), "nats"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "token" {
			return err
		}
		damaged++
		return os.WriteFile(path, []byte("damaged"), 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatal(damaged, err)
	}
	runs(t, 2, up(files.Pipeline), stateOf(files))
	if err := os.RemoveAll(stateOf(files)); err != nil {
		t.Fatal(err)
	}
	runs(t, 0, up(files.Pipeline), "taken over")
}

// TestNaN demands that the block with a NaN fails by name and place, and that the others are done.
func TestNaN(t *testing.T) {
	files := volume(t, 32)
	ctx := context.Background()
	affs, err := zarr.Open(ctx, files.Affs)
	if err != nil {
		t.Fatal(err)
	}
	m := affs.Metadata()
	data, err := affs.Read(ctx, make([]int, 4), m.Shape)
	if err != nil {
		t.Fatal(err)
	}
	floats := nd.New(nd.Float32, m.Shape...)
	for i, v := range nd.Values[uint8](data) {
		nd.Values[float32](floats)[i] = float32(v) / 255
	}
	nd.Values[float32](floats)[len(nd.Values[float32](floats))-1] = float32(math.NaN())
	attributes := map[string]any{}
	for name, raw := range m.Attributes {
		attributes[name] = raw
	}
	if err := zarr.Remove(ctx, files.Affs); err != nil {
		t.Fatal(err)
	}
	made, err := zarr.Create(ctx, files.Affs, zarr.Spec{Shape: m.Shape, Chunks: m.Chunks, DType: nd.Float32, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Write(ctx, make([]int, 4), floats); err != nil {
		t.Fatal(err)
	}
	out := runs(t, 1, up(files.Pipeline), "holds NaN or infinity at channel", "failed after 1 attempt")
	if !strings.Contains(out, "orphaned") {
		t.Errorf("the tasks that wait for the block are not called orphaned:\n%s", out)
	}
}

// TestLockedDatabase demands that a run waits for a database that another program has locked, says so, and goes on.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	files := volume(t, 48)
	runs(t, 0, up("--target", "fragments-extract-frags", files.Pipeline))
	db, err := sql.Open("sqlite3", filepath.Join(files.Container, "graph.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(8*time.Second, func() {
		_, err := db.Exec("ROLLBACK")
		released <- err
	})
	runs(t, 0, up(files.Pipeline), "locked", "graph.sqlite")
	if err := <-released; err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk demands that a run on a full disk pauses, says so, and goes on once there is space again.
func TestFullDisk(t *testing.T) {
	files := volume(t, 96)
	mount := t.TempDir()
	script := `set -e
mount -t tmpfs -o size=3m none "$1"
mkdir "$1/volume.zarr"
ln -s "$2" "$1/volume.zarr/affs"
cp "$3" "$1/pipeline.yaml"
dd if=/dev/zero of="$1/filler" bs=1k count=2700 2>/dev/null
( sleep 6; rm "$1/filler" ) &
"$4" up --progress off --state "$5" "$1/pipeline.yaml"
"$4" eval "$1/volume.zarr/segments" "$6"`
	c := exec.Command("unshare", "-rm", "sh", "-c", script, "sh", mount, files.Affs, files.Pipeline,
		filepath.Join(programs, "volara"), filepath.Join(t.TempDir(), "state"), files.Labels)
	out := runs(t, 0, c, "the run pauses", "the run goes on", "adapted Rand error")
	if !strings.Contains(out, "no space left") && !strings.Contains(out, "disk is full") { // an array's write, or the graph's
		t.Errorf("nothing says that the disk is full:\n%s", out)
	}
}
