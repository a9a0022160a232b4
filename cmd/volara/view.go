package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
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
	Public bool     `help:"Serve at an address that other machines reach: whoever reaches it may read."`
	Viewer string   `help:"Address of the Neuroglancer that the link leads to." default:"${viewer}" placeholder:"URL"`
	Allow  []string `name:"allow-origin" help:"Let pages of this origin read, as in https://example.org (may be repeated; * is every one). Those of the viewer and of this machine may anyway." placeholder:"ORIGIN" sep:"none"`
	LUT    string   `name:"lut" help:"Look-up table (npz or npy) through which labels are shown, as if they were relabelled. A pipeline's datasets name theirs." type:"path" placeholder:"FILE"`
	State  string   `help:"State directory of the pipeline's runs; default .volara beside the pipeline file." type:"path" placeholder:"DIR"`
	serverArgs
	cli.Cache
	JSON bool `name:"json" help:"Print one line of JSON: url, link, ssh, layers."`
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
	listener, hosts, err := view.Listen(c.Listen, c.Public)
	if err != nil {
		return &pipeline.InputError{Err: fmt.Errorf("--listen: %w", err)}
	}
	defer listener.Close() //nolint:errcheck // the server closes it first
	server := view.NewServer(view.Options{Find: find, Viewer: c.Viewer, Origins: c.Allow, CacheBytes: cacheBytes, Hosts: hosts, Log: logs.Logger()})
	base := "http://" + reachable(listener.Addr().(*net.TCPAddr), c.Listen) + "/"
	scene, err := server.Look(ctx)
	if err != nil {
		return err
	}
	if len(scene.Layers) == 0 {
		return &pipeline.InputError{Err: errors.Join(append(scene.Problems, errors.New("there is nothing to show"))...)}
	}
	for _, problem := range scene.Problems {
		logs.Logger().Warn("left out", "reason", problem)
	}
	if err := c.print(scene, base); err != nil {
		return err
	}
	return serve(ctx, listener, server.Handler("/"), logs.Logger())
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

// reachable returns HOST:PORT of a listener as others write it.
func reachable(at *net.TCPAddr, listen string) string {
	host, _, _ := net.SplitHostPort(listen)
	if at.IP.IsUnspecified() {
		host, _ = os.Hostname()
	}
	return net.JoinHostPort(host, fmt.Sprint(at.Port))
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

// print tells what is shown and where.
func (c *viewCmd) print(scene *view.Scene, base string) error {
	state, err := scene.State(base)
	if err != nil {
		return err
	}
	link, ssh := view.Link(c.Viewer, state), sshLine(base)
	if c.JSON {
		return console.WriteJSON(os.Stdout, map[string]any{"url": base, "link": link, "ssh": ssh, "state": string(state), "layers": layerNames(scene)})
	}
	table := console.NewTable("layer", "kind", "voxels", "type", "voxel size (nm)", "offset (nm)", "levels", "served", "from")
	for _, l := range scene.Layers {
		size, offset := l.VoxelSize()
		served := "as stored"
		if l.Converted != "" {
			served = "converted: " + l.Converted
		}
		table.Row(l.Name, string(l.Kind), strings.Trim(fmt.Sprint(l.Shape), "[]"), l.Type.String(), size, offset, fmt.Sprint(l.Levels), served, l.Path)
	}
	if _, err := table.WriteTo(os.Stdout); err != nil {
		return err
	}
	for _, l := range scene.Layers {
		for _, note := range l.Notes {
			fmt.Printf("%s: %s\n", l.Name, note)
		}
	}
	world, voxels := scene.Middle()
	_, err = fmt.Printf("\nmiddle: %s nm; in the viewer, voxel %s\nserved at %s until interrupted (that address leads to the viewer, too)\nfrom another machine, first: %s\n\n%s\n",
		world, voxels, base, ssh, link)
	return err
}

// sshLine is the command by which another machine reaches the server under the same address.
func sshLine(base string) string {
	address := strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/")
	host, port, _ := net.SplitHostPort(address)
	name, err := os.Hostname()
	if err != nil {
		name = "HOST"
	}
	return fmt.Sprintf("ssh -N -L %s:%s %s", port, net.JoinHostPort(host, port), name)
}

func layerNames(scene *view.Scene) []string {
	names := make([]string, len(scene.Layers))
	for i, l := range scene.Layers {
		names[i] = l.Name
	}
	return names
}
