// Package test holds the black-box tests: the programs as a user runs them, from files to exit status.
package test

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"volara/demo"
)

// programs is the folder of the built programs.
var programs string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// atOnce is how many tests run at once of those that may: they mostly wait for programs, which mostly wait for time.
const atOnce = "4"

func run(m *testing.M) int {
	if err := flag.Set("test.parallel", atOnce); err != nil {
		log.Fatal(err)
	}
	if config := os.Getenv(natsConfig); config != "" {
		return beNATS(config)
	}
	dir, err := os.MkdirTemp("", "volara-test-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		log.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", dir, "./cmd/...")
	build.Dir = ".."
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		log.Print(err)
		return 1
	}
	programs = dir
	return m.Run()
}

// TestScripts runs the scripts in scripts/: a user's files, commands, and what must come of them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "scripts",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", programs+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"volume": cmdVolume,
			"edit":   cmdEdit,
			"status": cmdStatus,
			"absent": cmdAbsent,
			"break":  cmdBreak,
			"same":   cmdSame,
			"mask":   cmdMask,
		},
	})
}

// cmdVolume writes the demo's volume and pipeline: volume DIR SIZE.
func cmdVolume(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: volume DIR SIZE")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	_, err = demo.Write(context.Background(), ts.MkAbs(args[0]), demo.DefaultOptions(size, 1))
	ts.Check(err)
}

// cmdEdit replaces text in a file, which must hold it: edit FILE OLD NEW; an @ starts a new line.
func cmdEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	file := ts.MkAbs(args[0])
	text, err := os.ReadFile(file)
	ts.Check(err)
	old, now := strings.ReplaceAll(args[1], "@", "\n"), strings.ReplaceAll(args[2], "@", "\n")
	if !strings.Contains(string(text), old) {
		ts.Fatalf("%s does not hold %q", args[0], old)
	}
	ts.Check(os.WriteFile(file, []byte(strings.Replace(string(text), old, now, 1)), 0o666))
}

// cmdStatus runs a program and demands its exit status: status 2 volara up pipeline.yaml.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// cmdAbsent demands that nothing is at the paths: absent PATH….
func cmdAbsent(ts *testscript.TestScript, neg bool, args []string) {
	for _, path := range args {
		if _, err := os.Lstat(ts.MkAbs(path)); (err == nil) != neg {
			ts.Fatalf("%s: there is something: %v", path, err == nil)
		}
	}
}

// cmdBreak damages a file: break truncate FILE, or break scramble FILE.
func cmdBreak(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: break truncate|scramble FILE")
	}
	file := ts.MkAbs(args[1])
	data, err := os.ReadFile(file)
	ts.Check(err)
	switch args[0] {
	case "truncate":
		data = data[:len(data)/2]
	case "scramble":
		for i := range data {
			data[i] ^= byte(37 + i)
		}
	default:
		ts.Fatalf("break %s", args[0])
	}
	ts.Check(os.WriteFile(file, data, 0o666))
}

// cmdSame compares the chunks of two arrays, or the rows of two graphs: same A B.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same A B")
	}
	a, b := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	ts.Check(same(a, b))
}

func same(a, b string) error {
	if filepath.Ext(a) == ".sqlite" {
		n, err := demo.SameRows(context.Background(), a, b)
		return notNone(n, err)
	}
	n, err := demo.SameChunks(a, b)
	return notNone(n, err)
}

func notNone(n int, err error) error {
	if err == nil && n == 0 {
		return fmt.Errorf("there is nothing to compare")
	}
	return err
}
