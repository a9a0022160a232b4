package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/demo"
	"volara/pipeline"
)

type demoCmd struct {
	Dir      string `arg:"" optional:"" help:"Folder for everything the demo makes." default:"volara-demo" type:"path"`
	Size     int    `help:"Voxels along y and x; half as many along z." default:"${demo_size}"`
	Seed     uint64 `help:"The same seed makes the same volume." default:"1"`
	Progress string `help:"How progress is shown." enum:"auto,tty,plain,json,off" default:"auto"`
}

// Run is called by kong.
func (c *demoCmd) Run(ctx context.Context) error {
	started := time.Now()
	if c.Size < 16 {
		return &pipeline.InputError{Err: fmt.Errorf("--size %d: 16 voxels are the least", c.Size)}
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	options := demo.DefaultOptions(c.Size, c.Seed)
	fmt.Printf("1. a synthetic volume of %v voxels, seed %d\n", options.Shape, c.Seed)
	files, err := demo.Write(ctx, c.Dir, options)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	fmt.Printf("   %d neurites in %s\n", files.Neurites, files.Container)
	show := &demo.Show{Program: program, Args: []string{"--progress", c.Progress}, Dir: c.Dir, Out: os.Stdout}
	fmt.Printf("\n2. volara up %s\n", files.Pipeline)
	if err := show.Undisturbed(ctx); err != nil {
		return runError(err)
	}
	fmt.Println("\n3. the same again, killed (SIGKILL) half way and resumed")
	if _, _, err := show.Interrupted(ctx); err != nil {
		return runError(err)
	}
	chunks, rows, err := show.Compare(ctx)
	if err != nil {
		return fmt.Errorf("the outputs of the two runs differ: %w", err)
	}
	fmt.Printf("   identical: %s chunk files byte by byte, %s graph rows, the look-up table\n", console.Count(int64(chunks)), console.Count(int64(rows)))
	return c.judge(ctx, files, started)
}

// judge compares the segments with the known labels and draws the pictures.
func (c *demoCmd) judge(ctx context.Context, files demo.Files, started time.Time) error {
	fmt.Printf("\n4. volara eval %s %s\n", files.Segments, files.Labels)
	score, err := pipeline.Evaluate(ctx, files.Segments, files.Labels, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	printScore(score)
	fmt.Println("These affinities were made from the labels: a good score proves the plumbing, not the accuracy on real data.")
	pictures, err := demo.Pictures(ctx, files, filepath.Join(c.Dir, "pictures"))
	if err != nil {
		return err
	}
	fmt.Println("\n5. pictures")
	for _, p := range pictures {
		fmt.Println("  ", p)
	}
	fmt.Printf("\n%s in all; everything is in %s\n", console.Duration(time.Since(started)), filepath.Clean(c.Dir))
	return nil
}

// runError tells a run that failed, and has said so, from one that could not be started.
func runError(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		fmt.Fprintf(os.Stderr, "error: volara up ended with %v\n", exit)
		return cli.ErrIncomplete
	}
	return err
}
