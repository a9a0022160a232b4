package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

type upCmd struct {
	pipelineArgs
	selectionArgs
	Redo  []string `help:"Begin this task anew (may be repeated), with everything downstream: outputs are replaced, also where the configuration was changed." placeholder:"TASK"`
	Adopt []string `help:"Begin with what is done elsewhere (may be repeated): Volara's blocks_done.zarr of a task, or a folder of its logs with TASK-meta/blocks_done.zarr in it, for tasks that have no record here." placeholder:"[TASK=]PATH" sep:"none"`
	serverArgs
	cli.Host
	cli.Cache
	Replicas  *int   `help:"By how many servers of a cluster (--nats) what is kept of the run is held: 3 survive the loss of one; default: as it is, a new run by one." placeholder:"N"`
	Standby   bool   `help:"While another process leads the run on the same external server, wait, and take over when it has ended or died."`
	Workers   *int   `help:"Blocks in work at once; 0: only other processes work; default: as many as cores." placeholder:"N"`
	Progress  string `help:"How progress is shown." enum:"auto,tty,plain,json,off" default:"auto"`
	Listen    string `help:"Address on which the embedded NATS server takes other workers; default: loopback, any free port." placeholder:"HOST:PORT"`
	Stay      bool   `help:"Keep the server up after the run has ended, until interrupted."`
	Memory    string `help:"Memory that the blocks in work, as predicted, and the cache may take together: 8GiB, 50% of what there is, or off; default: 80%." placeholder:"SIZE"`
	Dashboard string `help:"HTTP address for metrics (/metrics), health (/healthz, /readyz), /status and the arrays and blocks in Neuroglancer (/view/); off: none." placeholder:"HOST:PORT|off" default:"off"`
	Level     string `name:"log-level" help:"Least level of log lines on the terminal." enum:"debug,info,warn,error" default:"info"`

	AckWait time.Duration `help:"How long a worker may be silent before its blocks are given to another one; longer where the network stalls." default:"10s"`
}

// Run is called by kong.
func (c *upCmd) Run(ctx context.Context) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	selection, err := c.selection()
	if err != nil {
		return err
	}
	selection.Redo, selection.Adopt = c.Redo, c.Adopt
	slots, err := cli.Slots(c.Workers, 0)
	if err != nil {
		return err
	}
	cacheBytes, err := c.CacheBytes()
	if err != nil {
		return err
	}
	memory, err := pipeline.ParseMemory(c.Memory)
	if err != nil {
		return err
	}
	memory.Soften()
	if c.AckWait < time.Second {
		return &pipeline.InputError{Err: fmt.Errorf("--ack-wait %v: at least 1s is needed", c.AckWait)}
	}
	if _, err := p.Plan(ctx, selection); err != nil { // before any file of the run is made
		return err
	}
	level, err := console.ParseLevel(c.Level)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	server, err := c.upServer()
	if err != nil {
		return err
	}
	progress := console.NewProgress(console.ProgressOptions{Mode: console.Mode(c.Progress)})
	logPath := filepath.Join(pipeline.RunDir(c.State, p.Name), "logs", c.logName())
	logs := console.NewLog(console.LogOptions{Terminal: progress.LogWriter(), Level: level, Colour: console.Colour(os.Stderr), File: logPath})
	defer logs.Close()
	options := pipeline.UpOptions{Selection: selection, Types: stages.Builtin(), Server: server, Host: c.Here(), Standby: c.Standby, Slots: slots,
		Memory: memory, CacheBytes: cacheBytes, LogPath: logPath, Logger: logs.Logger(), Stay: c.Stay, AckWait: c.AckWait}
	panel, err := c.openDashboard(p, server, logs.Logger())
	if err != nil {
		return err
	}
	defer panel.close()
	return c.follow(ctx, p, options, progress, panel)
}

// upServer returns the server that is meant, and refuses what does not go together, before any file of the run is made.
func (c *upCmd) upServer() (pipeline.Server, error) {
	server := c.server(c.State)
	server.Listen = c.Listen
	if c.Replicas != nil {
		server.Replicas = *c.Replicas
	}
	switch {
	case c.Replicas != nil && server.Replicas < 1:
		return server, &pipeline.InputError{Err: fmt.Errorf("--replicas %d: 1 to 5 are possible", server.Replicas)}
	case c.Standby && !server.External():
		return server, &pipeline.InputError{Err: errors.New("--standby needs an external server (--nats): an embedded one dies with the process that leads the run")}
	case c.Stay && server.External():
		return server, &pipeline.InputError{Err: errors.New("--stay keeps the embedded server up; an external one (--nats) stays anyway")}
	}
	return server, server.Check()
}

// logName returns the name of the log of this process's worker. With an external server several processes may share
// the state directory.
func (c *upCmd) logName() string {
	if c.NATS == "" {
		return "worker-0.jsonl"
	}
	return stream.ProcessName() + ".jsonl"
}

// follow runs the pipeline, shows its progress and reports how it ended.
func (c *upCmd) follow(ctx context.Context, p *pipeline.Pipeline, o pipeline.UpOptions, progress *console.Progress, panel *panel) error {
	following, stop := context.WithCancel(context.Background())
	defer stop()
	started, followed := make(chan func() stream.Status, 1), make(chan struct{})
	o.Started = func(r pipeline.Run) {
		if c.Listen != "" {
			o.Logger.Info("workers may join", "url", r.URL, "token", r.TokenFile)
		}
		panel.show(r.Snapshot)
		started <- r.Snapshot
	}
	ended := func(status stream.Status) {
		stop()
		<-followed
		progress.Update(status)
		progress.Close()
		if err := console.Report(os.Stderr, status, console.ReportOptions{}); err != nil {
			o.Logger.Error("the report could not be written", "error", err)
		}
	}
	o.Ended = ended
	go func() {
		defer close(followed)
		select {
		case poll := <-started:
			progress.Follow(following, poll)
		case <-following.Done():
		}
	}()
	status, err := pipeline.Up(ctx, p, o)
	if err != nil {
		stop()
		<-followed
		progress.Close()
		return err
	}
	if status.State != stream.StateDone {
		return cli.ErrIncomplete
	}
	return nil
}

var errNotConfirmed = errors.New("nothing was removed; add --yes to do it")
