// Package embedded runs a nats-server with JetStream inside the process, for a run on one machine, and guards the
// directory that it keeps its store in. It knows NATS, not blocks.
//
//	lock, err := embedded.LockDir(state)
//	server, err := embedded.Start(ctx, embedded.Options{Dir: filepath.Join(state, "nats")})
//	nc, err := server.Conn("tracker")
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options say how a Server is run.
type Options struct {
	// Dir is the server's own directory: its store, its token. It is made when missing. The caller holds the lock of the
	// state directory above it (LockDir): two servers on one store destroy it.
	Dir string
	// Listen is HOST:PORT to accept workers of other processes on; port 0 is any free one. Default 127.0.0.1:0.
	Listen string
	// NoAuth leaves the token away; refused for a Listen address that is not loopback.
	NoAuth bool
	// SyncAlways makes JetStream sync every write to disk.
	SyncAlways bool
	// Logger takes the server's warnings and errors; default slog.Default().
	Logger *slog.Logger
}

// How long Start waits for JetStream: a large store that was not closed properly is scanned first.
const startLimit = 2 * time.Minute

// maxMemoryStore bounds what JetStream keeps in memory: the queues of runs, which are small.
const maxMemoryStore = 4 << 30

// A Server is a running nats-server. Its methods are safe for concurrent use.
type Server struct {
	dir   string
	nats  *server.Server
	token string

	starting sync.WaitGroup
	close    sync.Once
}

// Start starts a server and waits until JetStream is ready. What a killed server leaves half-made in its store is
// repaired first; a store that is damaged otherwise is an error that says what can be deleted and what is lost then.
func Start(ctx context.Context, opts Options) (*Server, error) {
	log := opts.Logger
	if log == nil {
		log = slog.Default()
	}
	host, port, err := listenAddress(opts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the NATS server: %w", err)
	}
	s := &Server{dir: opts.Dir}
	if !opts.NoAuth {
		if s.token, err = loadToken(s.TokenFile()); err != nil {
			return nil, err
		}
	}
	store := filepath.Join(opts.Dir, "jetstream")
	if err := repairStore(store, log); err != nil {
		return nil, err
	}
	s.nats, err = server.NewServer(&server.Options{
		ServerName:             "volara",
		Host:                   host,
		Port:                   port,
		NoSigs:                 true,
		Authorization:          s.token,
		JetStream:              true,
		StoreDir:               opts.Dir,
		JetStreamMaxStore:      math.MaxInt64 / 2,
		JetStreamMaxMemory:     maxMemoryStore,
		SyncAlways:             opts.SyncAlways,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the NATS server: %w", err)
	}
	return s, s.start(ctx, store, log)
}

func (s *Server) start(ctx context.Context, store string, log *slog.Logger) error {
	logger := newLogger(log)
	s.nats.SetLoggerV2(logger, false, false, false)
	s.starting.Go(s.nats.Start)
	if err := s.waitReady(ctx, logger); err != nil {
		s.Close()
		return err
	}
	if err := s.checkStreams(store, logger); err != nil {
		s.Close()
		return err
	}
	logger.started()
	if err := writeFile(urlFile(s.dir), []byte(s.URL()+"\n"), 0o644); err != nil {
		s.Close()
		return fmt.Errorf("write the address of the NATS server: %w", err)
	}
	return nil
}

func (s *Server) waitReady(ctx context.Context, logger *logger) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	for {
		select {
		case err := <-logger.fatal:
			return fmt.Errorf("start the NATS server in %s: %w", s.dir, err)
		case <-ctx.Done():
			return fmt.Errorf("start the NATS server in %s: %w", s.dir, context.Cause(ctx))
		case <-limit.C:
			return fmt.Errorf("the NATS server in %s was not ready within %v", s.dir, startLimit)
		default:
		}
		if s.nats.ReadyForConnections(2*time.Millisecond) && s.nats.JetStreamEnabled() {
			return nil
		}
	}
}

// Conn returns a new connection within the process, with a name for people. The caller closes it.
func (s *Server) Conn(name string, opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{nats.InProcessServer(s.nats), nats.Name(name), nats.Token(s.token)}, opts...)
	nc, err := nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS server in this process: %w", err)
	}
	return nc, nil
}

// URL returns the address for workers of other processes, without the token. A server that listens on every address of
// the host is called by the host's name.
func (s *Server) URL() string { return reachable(s.nats.ClientURL()) }

// TokenFile returns the path of the file that holds the token; it is readable by its owner only, and does not exist
// with NoAuth.
func (s *Server) TokenFile() string { return filepath.Join(s.dir, "token") }

// Close shuts the server down and waits until its store is closed. It may be called more than once.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.starting.Wait() // what is shut down half way through its start goes on making files
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	})
	if err := os.Remove(urlFile(s.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the address of the NATS server: %w", err)
	}
	return nil
}
