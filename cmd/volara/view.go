package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"volara/cmd/internal/cli"
	"volara/console"
	"volara/pipeline"
	"volara/view"
	"volara/zarr"
	"volara/zarr/lazy"
)

type viewCmd struct {
	Paths  []string `arg:"" name:"path" help:"Array, OME-Zarr image or group, a path or a URL, or KIND=PATH with the kind image, affs or labels; or one pipeline, as up takes it." sep:"none"`
	Listen string   `help:"Address to serve at; port 0 is any free one." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Public bool     `help:"Serve at an address that other machines reach."`
	Key    string   `help:"First part of the path at which is served, which those know who are given the address: random (anew at each start), none (whoever reaches the server may read), or a word of your own." default:"random" placeholder:"KEY"`
	Viewer string   `help:"Address of the Neuroglancer that the link leads to." default:"${viewer}" placeholder:"URL"`
	Allow  []string `name:"allow-origin" help:"Let pages of this origin read, as in https://example.org (may be repeated; * is every one). Those of the viewer and of this machine may anyway." placeholder:"ORIGIN" sep:"none"`
	LUT    string   `name:"lut" help:"Look-up table (npz or npy) through which labels are shown, as if they were relabelled. A pipeline's datasets name theirs." type:"path" placeholder:"FILE"`
	State  string   `help:"State directory of the pipeline's runs; default .volara beside the pipeline file." type:"path" placeholder:"DIR"`
	serverArgs
	cli.Cache
	Memory string `help:"Memory that chunks which are decoded at once may take together, as 512MiB or 10%." default:"1GiB" placeholder:"SIZE"`
	JSON   bool   `name:"json" help:"Print one line of JSON: url, link, ssh, state, layers, position, problems."`
}

// Run is called by kong.
func (c *viewCmd) Run(ctx context.Context) error {
	cacheBytes, err := c.CacheBytes()
	if err != nil {
		return err
	}
	logs := console.NewLog(console.LogOptions{Terminal: os.Stderr, Colour: console.Colour(os.Stderr)})
	defer logs.Close()
	find, err := c.finder(logs.Logger())
	if err != nil {
		return err
	}
	key, err := c.key()
	if err != nil {
		return err
	}
	memory, err := pipeline.ParseMemory(c.Memory)
	if err != nil {
		return err
	}
	if memory.Bytes == 0 {
		memory.Bytes = math.MaxInt64
	}
	listener, hosts, err := view.Listen(c.Listen, c.Public)
	if err != nil {
		return &pipeline.InputError{Err: fmt.Errorf("--listen: %w", err)}
	}
	defer listener.Close() //nolint:errcheck // the server closes it first
	server := view.NewServer(view.Options{Find: find, Viewer: c.Viewer, Origins: c.Allow, CacheBytes: cacheBytes, MemoryBytes: memory.Bytes,
		Hosts: hosts, Log: logs.Logger()})
	scene, err := server.Look(ctx)
	if err != nil {
		return err
	}
	if err := c.check(scene); err != nil {
		return err
	}
	for _, problem := range scene.Problems {
		logs.Logger().Warn("left out", "reason", problem)
	}
	if err := c.print(scene, addressOf(listener.Addr().(*net.TCPAddr), c.Listen, key)); err != nil {
		return err
	}
	return serve(ctx, listener, http.StripPrefix(strings.TrimSuffix(key, "/"), server.Handler(key)), logs.Logger())
}

// key returns the path at which is served, with a slash at both ends. On loopback, too, all users of a machine reach the
// server.
func (c *viewCmd) key() (string, error) {
	switch c.Key {
	case "none":
		return "/", nil
	case "random":
		return "/" + strings.ToLower(rand.Text()) + "/", nil
	}
	if c.Key == "" || strings.Trim(c.Key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", &pipeline.InputError{Err: fmt.Errorf("--key %s: random, none, or letters, digits, - and _ are possible", c.Key)}
	}
	return "/" + c.Key + "/", nil
}

// check says what is wrong where nothing of what was asked for can be shown.
func (c *viewCmd) check(scene *view.Scene) error {
	if len(scene.Layers) == 0 {
		return &pipeline.InputError{Err: errors.Join(append(scene.Problems, errors.New("there is nothing to show"))...)}
	}
	seen := func(l *view.Layer) bool { return l.Table != "" }
	if c.LUT != "" && !slices.ContainsFunc(scene.Layers, seen) {
		return &pipeline.InputError{Err: errors.Join(append(scene.Problems,
			fmt.Errorf("--lut %s: nothing that is shown is labels of whole numbers; labels=PATH says what is", c.LUT))...)}
	}
	return nil
}

// finder returns what looks for what is named: a pipeline's files, or arrays.
func (c *viewCmd) finder(log *slog.Logger) (view.Finder, error) {
	if pipelineFiles(c.Paths) {
		if c.LUT != "" {
			return nil, &pipeline.InputError{Err: errors.New("--lut is for arrays; write lut: into the pipeline's dataset")}
		}
		args := pipelineArgs{Files: c.Paths, State: c.State}
		p, err := args.load()
		if err != nil {
			return nil, err
		}
		if _, err := p.Plan(context.Background(), pipeline.Selection{}); err != nil {
			return nil, err
		}
		return view.NewRun(p, c.server(args.State), log).Find, nil
	}
	if c.State != "" || c.NATS != "" {
		return nil, &pipeline.InputError{Err: errors.New("--state and --nats are for a pipeline; name its file")}
	}
	var lut *lazy.LUT
	if c.LUT != "" {
		lut = &lazy.LUT{Path: c.LUT}
		if err := lut.Check(); err != nil {
			return nil, &pipeline.InputError{Err: fmt.Errorf("--lut: %w", err)}
		}
	}
	var requests []view.Request
	for _, path := range c.Paths {
		r := view.ParseRequest(path)
		r.LUT = lut
		requests = append(requests, r)
	}
	names, err := zarr.LoadAttributeNames(".")
	if err != nil {
		return nil, &pipeline.InputError{Err: err}
	}
	return view.Paths(requests, zarr.Overrides{Names: names}), nil
}

// pipelineFiles reports whether all paths are files as pipelines are: arrays are folders, zip files or URLs.
func pipelineFiles(paths []string) bool {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yaml", ".yml", ".json":
		default:
			return false
		}
		if err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// serve serves until ctx is done.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close() // whoever still reads has been told to stop
	}
	<-ended
	return err
}
