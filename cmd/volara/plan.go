package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/pipeline"
)

type planCmd struct {
	pipelineArgs
	selectionArgs
	cli.Cache
	Workers *int `help:"Blocks in work at once, for the memory; default: as many as cores." placeholder:"N"`
	JSON    bool `name:"json" help:"Print JSON."`
}

// Run is called by kong.
func (c *planCmd) Run(ctx context.Context) error {
	slots, err := cli.Slots(c.Workers, 1)
	if err != nil {
		return err
	}
	cacheBytes, err := c.CacheBytes()
	if err != nil {
		return err
	}
	p, err := c.load()
	if err != nil {
		return err
	}
	selection, err := c.selection()
	if err != nil {
		return err
	}
	plan, err := p.Plan(ctx, selection)
	if err != nil {
		return err
	}
	peak := plan.PeakMemory(slots, cacheBytes)
	if c.JSON {
		return console.WriteJSON(os.Stdout, map[string]any{"run": p.Name, "tasks": plan.Summaries(), "peak_memory": peak,
			"warnings": plan.Warnings()})
	}
	return c.print(p, plan, slots, peak)
}

func (c *planCmd) print(p *pipeline.Pipeline, plan *pipeline.Plan, slots int, peak int64) error {
	fmt.Printf("run %s, state in %s\n\n", p.Name, c.State)
	tasks := console.NewTable("task", "waits for", "blocks", "left out", "block voxels", "block memory", "region (world units)")
	outputs := console.NewTable("output", "of", "what", "shape", "bytes uncompressed", "files", "kept")
	for _, t := range plan.Summaries() {
		blocks := console.Count(t.Blocks)
		if t.Blocks != t.AllBlocks {
			blocks += " of " + console.Count(t.AllBlocks)
		}
		shape, memory := "", ""
		if t.BlockVoxels != nil {
			shape = fmt.Sprint(t.BlockVoxels)
		}
		if t.BlockMemory > 0 {
			memory = console.Bytes(t.BlockMemory)
		}
		leftOut := ""
		if t.LeftOut > 0 {
			leftOut = console.Count(t.LeftOut)
		}
		tasks.Row(t.Name, strings.Join(t.After, ", "), blocks, leftOut, shape, memory, t.Region)
		for _, o := range t.Outputs {
			size, files := "", ""
			if o.Files > 0 {
				size, files = console.Bytes(o.Bytes), console.Count(o.Files)
			}
			shape := ""
			if o.Shape != nil {
				shape = fmt.Sprint(o.Shape)
			}
			outputs.Row(o.Path, t.Name, o.What, shape, size, files, strings.ReplaceAll(o.Keep, "_", " "))
		}
	}
	if _, err := tasks.WriteTo(os.Stdout); err != nil {
		return err
	}
	fmt.Println()
	if _, err := outputs.WriteTo(os.Stdout); err != nil {
		return err
	}
	fmt.Printf("\npredicted peak memory of %s: %s\n", console.Plural(int64(slots), "worker"), console.Bytes(peak))
	for _, w := range plan.Warnings() {
		fmt.Println("warning:", w)
	}
	return nil
}
