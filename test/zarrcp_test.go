package test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"volara/nd"
	"volara/zarr"
)

// largeArray writes an array whose copy takes a while.
func largeArray(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.zarr")
	ctx := context.Background()
	a, err := zarr.Create(ctx, path, zarr.Spec{Shape: []int{64, 128, 128}, Chunks: []int{64, 64, 96}, DType: nd.Uint16, Codec: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	data := nd.New(nd.Uint16, 64, 128, 128)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range nd.Values[uint16](data) {
		nd.Values[uint16](data)[i] = uint16(r.Uint32()) & 0xfff
	}
	if err := a.Write(ctx, []int{0, 0, 0}, data); err != nil {
		t.Fatal(err)
	}
	return path
}

// zarrCp returns the command `volara zarr cp` with small chunks, which makes it slow.
func zarrCp(src, dst string) *exec.Cmd {
	return exec.Command(filepath.Join(programs, "volara"), "zarr", "cp", "--progress", "off", "--chunks", "16,16,16", "--codec", "zstd:9", "--memory", "1MiB", src, dst)
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(programs, "volara"), "zarr", "sha256", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sum, _, _ := strings.Cut(string(out), " ")
	return sum
}

// killedUntilDone kills a command at random, again and again, until it comes to its end.
func killedUntilDone(t *testing.T, command func() *exec.Cmd) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for kills := 0; ; kills++ {
		c := command()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(50+r.IntN(200))*time.Millisecond<<(kills/2), func() { _ = c.Process.Kill() })
		err := c.Wait()
		timer.Stop()
		if err == nil {
			t.Logf("killed %d times", kills)
			return
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatal(err)
		}
	}
}

// TestCopyKilled kills a copy at random, again and again, until it comes to its end.
func TestCopyKilled(t *testing.T) {
	src, dst := largeArray(t), filepath.Join(t.TempDir(), "copy.zarr")
	killedUntilDone(t, func() *exec.Cmd { return zarrCp(src, dst) })
	if got, want := sumOf(t, dst), sumOf(t, src); got != want {
		t.Errorf("the copy's sum is %s, want %s", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(dst, "c", "*", "*", ".*.partial")); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

// TestOverwriteKilled kills a copy while it removes what it replaces: the same copy made again removes the rest.
func TestOverwriteKilled(t *testing.T) {
	dir := t.TempDir()
	src, dst := largeArray(t), filepath.Join(dir, "copy.zarr")
	if out, err := zarrCp(src, dst).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trash := func() []string {
		found, _ := filepath.Glob(filepath.Join(dir, ".copy.zarr.*.trash"))
		return found
	}
	c := zarrCp(src, dst)
	c.Args = append(c.Args, "--overwrite")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for over := false; !over && len(trash()) == 0; {
		select {
		case <-ended:
			over = true
		default:
		}
	}
	_ = c.Process.Kill()
	if len(trash()) == 0 {
		t.Log("it was faster")
	}
	again := zarrCp(src, dst)
	again.Args = append(again.Args, "--overwrite")
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left := trash(); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	if got, want := sumOf(t, dst), sumOf(t, src); got != want {
		t.Errorf("the copy's sum is %s, want %s", got, want)
	}
}

// TestCopyInterrupted interrupts a copy: it says how far it is, and goes on from there.
func TestCopyInterrupted(t *testing.T) {
	src, dst := largeArray(t), ""
	for try := 0; ; try++ {
		dst = filepath.Join(t.TempDir(), "copy.zarr")
		code, stderr := interrupted(t, src, dst)
		if code == 130 && strings.Contains(stderr, "the same command goes on from there") {
			break
		}
		if code != 0 || try == 20 { // 0: it was done before it heard
			t.Fatalf("exit status %d\n%s", code, stderr)
		}
	}
	for _, command := range []string{"info", "stats", "sha256"} {
		c := exec.Command(filepath.Join(programs, "volara"), "zarr", command, dst)
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "is not complete") {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	if out, err := zarrCp(src, dst).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := sumOf(t, dst), sumOf(t, src); got != want {
		t.Errorf("the copy's sum is %s, want %s", got, want)
	}
}

// interrupted interrupts a copy soon after it has begun, and returns its exit status and what it says.
func interrupted(t *testing.T, src, dst string) (code int, stderr string) {
	t.Helper()
	c := zarrCp(src, dst)
	var text strings.Builder
	c.Stderr = &text
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dst, "zarr.json")) {
		time.Sleep(time.Millisecond)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // the status tells
	return c.ProcessState.ExitCode(), text.String()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestCopyReplaced starts a copy over one that another process is making: it is refused, and the first one comes to its end.
func TestCopyReplaced(t *testing.T) {
	src, dst := largeArray(t), ""
	for try := 0; ; try++ {
		dst = filepath.Join(t.TempDir(), "copy.zarr")
		out, err := replacedMidway(t, src, dst)
		if err != nil && strings.Contains(out, "another process is making a copy in "+dst) {
			break
		}
		if err != nil || try == 20 { // nil: the first was done before it was stopped
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if got, want := sumOf(t, dst), sumOf(t, src); got != want {
		t.Errorf("the copy's sum is %s, want %s", got, want)
	}
	again := zarrCp(src, dst)
	again.Args = append(again.Args, "--overwrite")
	if out, err := again.CombinedOutput(); err != nil || sumOf(t, dst) != sumOf(t, src) {
		t.Errorf("%v\n%s", err, out)
	}
}

// replacedMidway stops a copy soon after it has begun, runs another one with --overwrite, and lets the first end. It returns
// what became of the other.
func replacedMidway(t *testing.T, src, dst string) (out string, err error) {
	t.Helper()
	first, second := zarrCp(src, dst), zarrCp(src, dst)
	second.Args = append(second.Args, "--overwrite")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dst, "zarr.json")) {
		time.Sleep(time.Millisecond)
	}
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	text, err := second.CombinedOutput()
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	return string(text), err
}
