package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"volara/cmd/internal/cli"
	"volara/geometry"
	"volara/pipeline"
	"volara/stages"
	"volara/stream"
)

// pipelineArgs are the arguments of commands that read a pipeline.
type pipelineArgs struct {
	Files []string `arg:"" name:"file" help:"Pipeline file (YAML or JSON), or several files with one task each." type:"path"`
	State string   `help:"State directory; default .volara beside the pipeline file." type:"path" placeholder:"DIR"`
}

// serverArgs say where runs are kept.
type serverArgs struct {
	NATS  string `name:"nats" help:"URL of an external NATS server, or of several of one cluster; default: an embedded server in the state directory." env:"VOLARA_NATS" placeholder:"URL,…"`
	Creds string `help:"Credentials file for the external server." env:"NATS_CREDS" type:"path" placeholder:"FILE"`
	CA    string `name:"ca" help:"Certificates (PEM) by which the external server is known; default: the system's." env:"NATS_CA" type:"path" placeholder:"FILE"`
}

// AfterApply is called by kong: it refuses flags that would do nothing.
func (a *serverArgs) AfterApply(kctx *kong.Context) error { return cli.NeedNATS(kctx, a.NATS) }

// server returns the server that is meant; state is the state directory.
func (a *serverArgs) server(state string) pipeline.Server {
	return pipeline.Server{StateDir: state, URL: a.NATS, Creds: a.Creds, CA: a.CA}
}

// load reads the pipeline and settles the state directory.
func (a *pipelineArgs) load() (*pipeline.Pipeline, error) {
	p, err := pipeline.Load(stages.Builtin(), a.Files...)
	if err != nil {
		return nil, &pipeline.InputError{Err: err}
	}
	if a.State == "" {
		a.State = p.StateDir()
	}
	return p, nil
}

// selectionArgs say which part of a pipeline is wanted.
type selectionArgs struct {
	ROI    string   `name:"roi" help:"Only this region in world units, snapped outward to whole blocks: BEGIN:END for each axis, as in 0:2000,0:4096,0:4096." placeholder:"Z0:Z1,Y0:Y1,X0:X1"`
	Target []string `help:"Only this task and what it needs (may be repeated)." placeholder:"TASK"`
}

func (a *selectionArgs) selection() (pipeline.Selection, error) {
	s := pipeline.Selection{Targets: a.Target}
	if a.ROI == "" {
		return s, nil
	}
	roi, err := parseROI(a.ROI)
	if err != nil {
		return s, &pipeline.InputError{Err: fmt.Errorf("--roi %s: %w", a.ROI, err)}
	}
	s.ROI = &roi
	return s, nil
}

// maxROI is the largest number of world units in a region; sums of them do not overflow.
const maxROI = 1 << 60

func parseROI(text string) (geometry.Roi, error) {
	var begin, end geometry.Coordinate
	for axis := range strings.SplitSeq(strings.Trim(text, "[]"), ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(axis), ":")
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if !ok || err1 != nil || err2 != nil {
			return geometry.Roi{}, fmt.Errorf("%q is not BEGIN:END in whole world units", axis)
		}
		if a < -maxROI || b > maxROI {
			return geometry.Roi{}, fmt.Errorf("%q: a number beyond %d; leave the region out to mean everything", axis, maxROI)
		}
		if a >= b {
			return geometry.Roi{}, fmt.Errorf("%q is empty", axis)
		}
		begin, end = append(begin, a), append(end, b)
	}
	return geometry.FromCorners(begin, end), nil
}

// runArgs name one run of a state directory for commands that only look.
type runArgs struct {
	File  string `arg:"" optional:"" name:"file" help:"Pipeline file; its run is meant. Without it: the only run of the state directory." type:"path"`
	State string `help:"State directory; default .volara beside the pipeline file, or here." type:"path" placeholder:"DIR"`
	Run   string `name:"run" help:"Name of the run."`
}

// dirs returns the folders of the runs that are meant, all when none is named.
func (a *runArgs) dirs() ([]string, error) {
	if a.File != "" {
		p, err := pipeline.Load(stages.Builtin(), a.File)
		if err != nil {
			return nil, &pipeline.InputError{Err: err}
		}
		if a.State == "" {
			a.State = p.StateDir()
		}
		if a.Run == "" {
			a.Run = p.Name
		}
	}
	if a.State == "" {
		a.State = pipeline.DefaultStateDir
	}
	if a.Run != "" {
		dir := pipeline.RunDir(a.State, a.Run)
		if _, err := os.Stat(dir); err != nil {
			return nil, &pipeline.InputError{Err: fmt.Errorf("no run is named %s in %s; volara runs --state %s lists them", a.Run, a.State, a.State)}
		}
		return []string{dir}, nil
	}
	dirs, err := filepath.Glob(pipeline.RunDir(a.State, "*"))
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, &pipeline.InputError{Err: fmt.Errorf("no runs in %s; name the pipeline file, or the state directory with --state", a.State)}
	}
	return dirs, nil
}

// control returns the way to the run that is meant: the one that is being worked on, where several could be.
func (a *runArgs) control(server *serverArgs) (pipeline.Control, error) {
	dirs, err := a.dirs()
	c := pipeline.Control{Server: server.server(a.State), Run: a.Run}
	if err := c.Server.Check(); err != nil {
		return c, err
	}
	switch {
	case a.Run != "" && (err == nil || c.MayRun()): // one without a folder may just have begun
		return c, nil
	case err != nil:
		return c, err
	}
	running := func(s stream.Status) bool { return s.State == stream.StateRunning || s.State == stream.StatePaused }
	begun := func(stream.Status) bool { return true }
	for _, is := range []func(stream.Status) bool{running, begun} {
		if some := withStatus(dirs, is); len(dirs) > 1 && len(some) > 0 {
			dirs = some
		}
	}
	switch {
	case len(dirs) == 1:
		c.Run = filepath.Base(dirs[0])
		return c, nil
	case !c.MayRun():
		return c, fmt.Errorf("%w: none of %s", pipeline.ErrNotRunning, a.State)
	}
	_, err = a.dir()
	return c, err
}

// withStatus returns those of the runs' folders whose status is as wanted.
func withStatus(dirs []string, is func(stream.Status) bool) []string {
	var some []string
	for _, dir := range dirs {
		if s, err := pipeline.ReadStatus(dir); err == nil && is(s) {
			some = append(some, dir)
		}
	}
	return some
}

// dir returns the folder of the one run that is meant.
func (a *runArgs) dir() (string, error) {
	dirs, err := a.dirs()
	if err != nil {
		return "", err
	}
	if len(dirs) > 1 {
		names := make([]string, len(dirs))
		for i, d := range dirs {
			names[i] = filepath.Base(d)
		}
		return "", &pipeline.InputError{Err: fmt.Errorf("%s holds several runs; name one with --run: %s", a.State, strings.Join(names, ", "))}
	}
	return dirs[0], nil
}
