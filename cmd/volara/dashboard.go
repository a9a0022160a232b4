package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"volara/dashboard"
	"volara/pipeline"
	"volara/stream"
)

// dashboardOff is the value of --dashboard that serves none.
const dashboardOff = "off"

// A board is the dashboard of `up`, or none.
type board struct {
	server *dashboard.Server
	log    *slog.Logger
}

// openDashboard serves the dashboard that was asked for.
func (c *upCmd) openDashboard(log *slog.Logger) (*board, error) {
	if c.Dashboard == dashboardOff {
		return &board{}, nil
	}
	server, err := dashboard.Listen(c.Dashboard, pipeline.Version, log)
	if err != nil {
		return nil, &pipeline.InputError{Err: fmt.Errorf("--dashboard: %w", err)}
	}
	log.Info("dashboard", "url", server.URL())
	return &board{server, log}, nil
}

func (b *board) show(snapshot func() stream.Status) {
	if b.server != nil {
		b.server.Show(snapshot)
	}
}

func (b *board) close() {
	if b.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := b.server.Close(ctx); err != nil {
		b.log.Warn("the dashboard was slow to end", "error", err)
	}
}
