// Command volara applies blockwise operations to volumes that do not fit in memory.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/alecthomas/kong"

	"volara/cmd/internal/cli"
	"volara/demo"
	"volara/pipeline"
	"volara/view"
)

type grammar struct {
	Up      upCmd      `cmd:"" blocks:"" help:"Run a pipeline: one pipeline file, or task files as Volara serialises them."`
	Plan    planCmd    `cmd:"" help:"Show what a pipeline would do: tasks, blocks, shapes, memory, files. Writes nothing."`
	Init    initCmd    `cmd:"" help:"Write a commented pipeline file for a volume of affinities."`
	Status  statusCmd  `cmd:"" help:"Show the runs of a state directory."`
	Failed  failedCmd  `cmd:"" help:"List failed blocks with their errors and logs."`
	Events  eventsCmd  `cmd:"" help:"Show what happened in a run, and what happens."`
	Runs    runsCmd    `cmd:"" help:"List the runs of a state directory, and remove the records of runs."`
	Cancel  cancelCmd  `cmd:"" help:"Stop a run that another process works on: blocks in work are finished first."`
	Retry   retryCmd   `cmd:"" blocks:"" help:"Try failed blocks again, or do the blocks of a region again."`
	Blocks  blocksCmd  `cmd:"" help:"Draw the blocks of a run in the colours of what became of them: computed, masked, left out, failed."`
	View    viewCmd    `cmd:"" help:"Serve arrays, or those of a pipeline and its blocks, to Neuroglancer, and print the link."`
	Drop    dropCmd    `cmd:"" help:"Remove outputs and done marks of a pipeline or of some of its tasks."`
	Eval    evalCmd    `cmd:"" help:"Compare a segmentation with ground truth: variation of information, adapted Rand error."`
	Zarr    zarrCmd    `cmd:"" help:"Look at zarr arrays and OME-Zarr images, check and copy them."`
	Demo    demoCmd    `cmd:"" blocks:"" help:"Make a synthetic volume, segment it, kill and resume a run, and draw pictures."`
	Worker  workerCmd  `cmd:"" blocks:"" help:"Process blocks of a run that another process tracks (as the program stage)."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

type workerCmd struct{ cli.Worker }

// Run is called by kong.
func (c *workerCmd) Run(ctx context.Context) error { return c.Invoke(ctx) }

type versionCmd struct{}

// Run is called by kong.
func (versionCmd) Run() error {
	fmt.Println("volara", pipeline.Version)
	return nil
}

func main() {
	os.Exit(cli.Main("volara", "Blockwise processing of volumes that do not fit in memory, as a dataflow over NATS JetStream.",
		new(grammar), kong.Vars{"demo_size": strconv.Itoa(demo.DefaultSize), "viewer": view.DefaultViewer}, os.Args[1:]))
}
