// Package chaos kills, stops, starves and cuts off the programs while they work, seeded and repeatable, and demands that
// nothing comes of it: outputs identical to the byte, every block told done once and none lost, honest exit statuses.
//
//	go test ./test/chaos                                   every crash point of docs/protocol.md, and a few rounds more
//	make chaos                                             300 rounds; CHAOS_ROUNDS, CHAOS_SEED and CHAOS_PARALLEL change that
//	CHAOS_ROUNDS=500 CHAOS_MATCH='mixed|masked' make chaos  of these, the rounds whose names match
//	CHAOS_SEED=7 CHAOS_ROUND=42 go test ./test/chaos -v    one round again
//
// The programs are built with the tag failpoints: see fault.Point. A round that fails keeps its folder, with what every
// process said, in CHAOS_DIR (default: that for temporary files).
package chaos

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"volara/demo"
)

// What all rounds share and none changes.
var (
	programs string       // folder of the built programs
	volume   demo.Files   // the volume that is segmented
	settings chaosOptions // from the environment
)

// chaosOptions are the harness's knobs.
type chaosOptions struct {
	seed     uint64
	rounds   int            // 0: the short mode
	only     int            // the one round to do; −1: all
	match    *regexp.Regexp // of the names of rounds to do
	parallel int
	dir      string
}

func TestMain(m *testing.M) {
	if config := os.Getenv(beServer); config != "" {
		log.Fatal(serveNATS(config))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	settings = chaosOptions{
		seed: number("CHAOS_SEED", uint64(1)), rounds: number("CHAOS_ROUNDS", 0), only: number("CHAOS_ROUND", -1),
		match: regexp.MustCompile(os.Getenv("CHAOS_MATCH")), parallel: number("CHAOS_PARALLEL", 4), dir: os.Getenv("CHAOS_DIR"),
	}
	dir, err := os.MkdirTemp("", "volara-chaos-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	programs = filepath.Join(dir, "bin")
	build := exec.Command("go", "build", "-tags", "failpoints", "-o", programs+"/", "./cmd/...")
	build.Dir = "../.."
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		log.Print(err)
		return 1
	}
	if volume, err = demo.Write(context.Background(), filepath.Join(dir, "volume"), demo.DefaultOptions(64, 3)); err != nil {
		log.Print(err)
		return 1
	}
	// Rounds mostly wait: as many go on at once as the harness says, however few cores there are.
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(settings.parallel)); err != nil {
		log.Print(err)
		return 1
	}
	return m.Run()
}

// number reads a setting.
func number[T int | uint64](name string, otherwise T) T {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("%s=%s: a number is needed", name, text))
	}
	return T(n)
}
