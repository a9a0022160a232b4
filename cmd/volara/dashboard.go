package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"volara/dashboard"
	"volara/pipeline"
	"volara/stream"
	"volara/view"
)

// dashboardOff is the value of --dashboard that serves none.
const dashboardOff = "off"

// A panel is the dashboard of `up`, or none.
type panel struct {
	server *dashboard.Server
	log    *slog.Logger
}

// viewPath is where the dashboard serves the pipeline's arrays and blocks; viewCache is what of them is kept for a while.
const (
	viewPath  = "/view/"
	viewCache = 64 << 20
)

// openDashboard serves the dashboard that was asked for, of a pipeline whose run is kept on a server.
func (c *upCmd) openDashboard(p *pipeline.Pipeline, at pipeline.Server, log *slog.Logger) (*panel, error) {
	if strings.EqualFold(c.Dashboard, dashboardOff) {
		return &panel{}, nil
	}
	server, err := dashboard.Listen(c.Dashboard, pipeline.Version, log)
	if err != nil {
		return nil, &pipeline.InputError{Err: fmt.Errorf("--dashboard: %w", err)}
	}
	log.Info("dashboard", "url", server.URL(), "view", server.URL()+viewPath)
	layers := view.NewServer(view.Options{Find: view.NewRun(p, at, log).Find, CacheBytes: viewCache, Hosts: view.HostsOf(c.Dashboard), Log: log})
	server.Mount(viewPath, layers.Handler(viewPath))
	return &panel{server, log}, nil
}

func (p *panel) show(snapshot func() stream.Status) {
	if p.server != nil {
		p.server.Show(snapshot)
	}
}

func (p *panel) close() {
	if p.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := p.server.Close(ctx); err != nil {
		p.log.Warn("the dashboard was slow to end", "error", err)
	}
}
