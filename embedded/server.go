// Package embedded runs a nats-server with JetStream inside the process: the stream room of a run on one machine.
package embedded

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go"
)

// Options say how a Server is run.
type Options struct {
	// Dir is the directory of the server's own: its store, its token. It is made when missing. The caller holds the lock
	// of the state directory above it (LockDir): two servers on one store destroy it.
	Dir string
	// Listen is HOST:PORT to accept workers of other processes on; default 127.0.0.1 and a free port.
	Listen string
	// NoAuth leaves the token away; refused for a Listen address that is not loopback.
	NoAuth bool
	// SyncAlways makes JetStream sync every write to disk.
	SyncAlways bool
	// Logger takes the server's warnings and errors; default slog.Default().
	Logger *slog.Logger
}

// A Server is a running nats-server.
type Server struct{}

// Start starts a server and waits until JetStream is ready.
func Start(ctx context.Context, opts Options) (*Server, error) { panic("being written") }

// Conn returns a new connection within the process, with name for people. The caller closes it.
func (s *Server) Conn(name string, opts ...nats.Option) (*nats.Conn, error) { panic("being written") }

// URL returns the address for workers of other processes, without the token.
func (s *Server) URL() string { panic("being written") }

// TokenFile returns the path of the file with the token, "" with NoAuth.
func (s *Server) TokenFile() string { panic("being written") }

// Close shuts the server down and waits until its store is closed. It may be called more than once.
func (s *Server) Close() error { panic("being written") }
