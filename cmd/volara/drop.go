package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"volara/console"
	"volara/pipeline"
)

type dropCmd struct {
	pipelineArgs
	serverArgs
	Task        []string `help:"Only this task (may be repeated); the done marks of tasks downstream go with it." placeholder:"TASK"`
	KeepOutputs bool     `help:"Only forget what is done: every block is computed again, into the outputs that are there."`
	Force       bool     `help:"Also where what a task reads was deleted after it was consumed (keep: until_consumed): the task is made again only with the task that writes it."`
	Yes         bool     `help:"Do it; without, only what would be removed is listed."`
}

// Run is called by kong.
func (c *dropCmd) Run(ctx context.Context) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	doomed, err := pipeline.PlanDrop(ctx, p, pipeline.DropOptions{Server: c.server(c.State), Tasks: c.Task, KeepOutputs: c.KeepOutputs, Logger: logs.Logger()})
	if err != nil {
		return err
	}
	if err := c.list(p, doomed); err != nil {
		return err
	}
	for _, l := range doomed.Lost {
		fmt.Println(l)
	}
	if len(doomed.Lost) > 0 && c.Yes && !c.Force {
		return &pipeline.InputError{Err: fmt.Errorf("nothing was dropped: drop %s as well (--task %s), or add --force", doomed.Lost[0].Writer, doomed.Lost[0].Writer)}
	}
	if !c.Yes {
		return &pipeline.InputError{Err: errNotConfirmed}
	}
	if err := doomed.Drop(ctx); err != nil {
		return err
	}
	fmt.Println("dropped")
	return nil
}

func (c *dropCmd) list(p *pipeline.Pipeline, doomed *pipeline.Doomed) error {
	tasks := c.Task
	if len(tasks) == 0 {
		tasks = p.Names()
	}
	fmt.Printf("done marks of: %s\n", strings.Join(tasks, ", "))
	if len(doomed.Downstream) > 0 {
		fmt.Printf("and of the tasks downstream, whose outputs stay: %s\n", strings.Join(doomed.Downstream, ", "))
	}
	if len(doomed.Items) == 0 {
		fmt.Println("no outputs")
		return nil
	}
	table := console.NewTable("output", "task", "files", "size")
	for _, i := range doomed.Items {
		files, size := "", ""
		if i.Files > 0 {
			files, size = console.Count(i.Files), console.Bytes(i.Bytes)
		}
		table.Row(i.What, i.Task, files, size)
	}
	_, err := table.WriteTo(os.Stdout)
	return err
}
