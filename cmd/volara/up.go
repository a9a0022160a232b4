package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

type upCmd struct {
	pipelineArgs
	selectionArgs
	Workers  *int   `help:"Blocks in work at once; 0: only other processes work; default: as many as cores." placeholder:"N"`
	Progress string `help:"How progress is shown." enum:"auto,tty,plain,json,off" default:"auto"`
	Listen   string `help:"Address on which the embedded NATS server takes other workers; default: loopback, any free port." placeholder:"HOST:PORT"`
	Stay     bool   `help:"Keep the server up after the run has ended, until interrupted."`
	Cache    int    `help:"MiB of decoded chunks to keep for neighbouring blocks." default:"256"`
	Level    string `name:"log-level" help:"Least level of log lines on the terminal." enum:"debug,info,warn,error" default:"info"`
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
	slots := runtime.GOMAXPROCS(0)
	if c.Workers != nil {
		slots = *c.Workers
	}
	if slots < 0 || slots > cli.MaxWorkers {
		return &pipeline.InputError{Err: fmt.Errorf("--workers %d: 0 to %d are possible", slots, cli.MaxWorkers)}
	}
	if _, err := p.Plan(ctx, selection); err != nil { // before any file of the run is made
		return err
	}
	level, err := console.ParseLevel(c.Level)
	if err != nil {
		return &pipeline.InputError{Err: err}
	}
	progress := console.NewProgress(console.ProgressOptions{Mode: console.Mode(c.Progress)})
	logPath := filepath.Join(pipeline.RunDir(c.State, p.Name), "logs", "worker-0.jsonl")
	logs := console.NewLog(console.LogOptions{Terminal: progress.LogWriter(), Level: level, Colour: console.Colour(os.Stderr), File: logPath})
	defer logs.Close()
	options := pipeline.UpOptions{Selection: selection, Types: stages.Builtin(), StateDir: c.State, Slots: slots, Listen: c.Listen,
		CacheBytes: c.Cache << 20, LogPath: logPath, Logger: logs.Logger(), Stay: c.Stay}
	return c.follow(ctx, p, options, progress)
}

// follow runs the pipeline, shows its progress and reports how it ended.
func (c *upCmd) follow(ctx context.Context, p *pipeline.Pipeline, o pipeline.UpOptions, progress *console.Progress) error {
	following, stop := context.WithCancel(context.Background())
	defer stop()
	started, followed := make(chan func() stream.Status, 1), make(chan struct{})
	o.Started = func(r pipeline.Run) {
		if c.Listen != "" {
			o.Logger.Info("workers may join", "url", r.URL, "token", r.TokenFile)
		}
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
