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
)

// dashboardOff is the value of --dashboard that serves none.
const dashboardOff = "off"

// A panel is the dashboard of `up`, or none.
type panel struct {
	server *dashboard.Server
	log    *slog.Logger
}

// openDashboard serves the dashboard that was asked for.
func (c *upCmd) openDashboard(log *slog.Logger) (*panel, error) {
	if strings.EqualFold(c.Dashboard, dashboardOff) {
		return &panel{}, nil
	}
	server, err := dashboard.Listen(c.Dashboard, pipeline.Version, log)
	if err != nil {
		return nil, &pipeline.InputError{Err: fmt.Errorf("--dashboard: %w", err)}
	}
	log.Info("dashboard", "url", server.URL())
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
