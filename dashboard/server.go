// Package dashboard shows a run over HTTP while it goes on: metrics for Prometheus, health for supervisors, the status
// as JSON. It only reads.
//
//	/metrics   Prometheus; every name begins with volara_
//	/healthz   200 as long as the tracker is alive, 503 when it has not moved for a while
//	/readyz    200 while blocks are processed or the run is done, 503 before the first block, when paused, failed or stopped
//	/status    what `volara status --json` prints of this run
//
// Other rooms' pages are mounted beside them: `up` serves the arrays of the pipeline and its blocks at /view/ (package view).
package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"volara/stream"
)

// staleAfter is how old the status of a run that goes on may be: a tracker renews it many times a second.
const staleAfter = 15 * time.Second

// A Server serves one run. Its methods are safe for concurrent use.
type Server struct {
	listener net.Listener
	http     *http.Server
	mux      *http.ServeMux
	serving  sync.WaitGroup
	snapshot atomic.Pointer[func() stream.Status]
	log      *slog.Logger
}

// Listen begins to serve at HOST:PORT; port 0 is any free one. There is no authentication: whoever reaches the address
// may read. The host must be named for that reason: 0.0.0.0 for every address of this machine.
func Listen(address, version string, log *slog.Logger) (*Server, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not HOST:PORT: %w", address, err)
	}
	if host == "" {
		return nil, fmt.Errorf("%q names no host: 127.0.0.1%s for this machine only, 0.0.0.0%s for whoever reaches it", address, address, address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve the dashboard: %w; choose another port, or 0 for any free one", err)
	}
	s := &Server{listener: listener, log: log}
	s.mux = s.handler(version)
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	s.serving.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the dashboard has ended", "error", err)
		}
	})
	return s, nil
}

// URL returns where the dashboard is.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Mount serves a handler below a path, which begins and ends with a slash; the handler sees paths without it.
func (s *Server) Mount(path string, h http.Handler) {
	s.mux.Handle(path, http.StripPrefix(strings.TrimSuffix(path, "/"), h))
}

// Show says where the run's status comes from; before that the run is starting. snapshot is called concurrently.
func (s *Server) Show(snapshot func() stream.Status) { s.snapshot.Store(&snapshot) }

// Close ends the server; requests under way have until ctx is done.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.serving.Wait()
	if err != nil {
		return fmt.Errorf("end the dashboard: %w", err)
	}
	return nil
}

// status returns the run's status, and false when the run has not begun.
func (s *Server) status() (stream.Status, bool) {
	snapshot := s.snapshot.Load()
	if snapshot == nil {
		return stream.Status{}, false
	}
	return (*snapshot)(), true
}

func (s *Server) handler(version string) *http.ServeMux {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(version, s.status))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, alive) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, ready) })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		status, begun := s.status()
		if !begun {
			http.Error(w, "the run has not begun", http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, http.StatusOK, status)
	})
	return mux
}

// health is the answer to a question about it.
type health struct {
	OK     bool   `json:"ok"`
	State  string `json:"state"` // stream.State…, or starting
	Reason string `json:"reason,omitempty"`
}

// answer judges the run's status and says so.
func (s *Server) answer(w http.ResponseWriter, judge func(stream.Status, time.Time) bool) {
	status, begun := s.status()
	if !begun {
		status.State = "starting"
	}
	h := health{OK: judge(status, time.Now()), State: status.State, Reason: status.Reason}
	code := http.StatusOK
	if !h.OK {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, h)
}

// alive reports whether the tracker moves.
func alive(status stream.Status, now time.Time) bool {
	live := status.State == stream.StateRunning || status.State == stream.StatePaused
	return !live || status.Updated.IsZero() || now.Sub(status.Updated) < staleAfter
}

// ready reports whether blocks are processed, or all are done.
func ready(status stream.Status, now time.Time) bool {
	switch status.State {
	case stream.StateRunning:
		return alive(status, now) && !status.Updated.IsZero()
	case stream.StateDone:
		return true
	}
	return false
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v) // fails when the client is gone
}
