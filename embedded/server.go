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
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"volara/fault"
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

// A Server is a running nats-server, or one after the other on the same store: see revival. Its methods are safe for
// concurrent use.
type Server struct {
	dir     string
	options server.Options
	token   string
	log     *slog.Logger

	mu   sync.RWMutex
	nats *server.Server

	starting sync.WaitGroup
	reviving sync.WaitGroup
	stop     chan struct{} // closed by Close
	close    sync.Once
}

// Start starts a server and waits until JetStream is ready. What a killed server leaves half-made in its store is
// repaired first; a store that is damaged otherwise is an error that says what can be deleted and what is lost then.
func Start(ctx context.Context, opts Options) (*Server, error) {
	host, port, err := listenAddress(opts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the NATS server: %w", fault.FromOS(err))
	}
	s := &Server{dir: opts.Dir, log: opts.Logger, stop: make(chan struct{})}
	if s.log == nil {
		s.log = slog.Default()
	}
	if !opts.NoAuth {
		if s.token, err = loadToken(s.TokenFile()); err != nil {
			return nil, err
		}
	}
	s.options = server.Options{
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
	}
	full, err := s.launch(ctx)
	if err != nil {
		return nil, err
	}
	s.reviving.Go(func() { s.revive(full) })
	return s, nil
}

// launch starts a nats-server on the store. The channel tells when its disk is full.
func (s *Server) launch(ctx context.Context) (full <-chan struct{}, err error) {
	store := filepath.Join(s.dir, "jetstream")
	if err := repairStore(store, s.log); err != nil {
		return nil, err
	}
	n, err := server.NewServer(s.options.Clone())
	if err != nil {
		return nil, fmt.Errorf("set up the NATS server: %w", err)
	}
	logger := newLogger(s.log)
	n.SetLoggerV2(logger, false, false, false)
	s.starting.Go(n.Start)
	if err = s.waitReady(ctx, n, logger); err == nil {
		err = checkStreams(n, store, logger)
	}
	if err == nil {
		logger.started()
		if err = writeFile(urlFile(s.dir), []byte(reachable(n.ClientURL())+"\n"), 0o644); err != nil {
			err = fmt.Errorf("write the address of the NATS server: %w", fault.FromOS(err))
		}
	}
	s.mu.Lock()
	s.nats = n
	s.mu.Unlock()
	if err != nil {
		return nil, errors.Join(err, s.shutdown())
	}
	return logger.full, nil
}

// waitReady waits for JetStream.
func (s *Server) waitReady(ctx context.Context, n *server.Server, logger *logger) error {
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
		if n.ReadyForConnections(2*time.Millisecond) && n.JetStreamEnabled() {
			return nil
		}
	}
}

// current returns the server that runs.
func (s *Server) current() *server.Server {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nats
}

// InProcessConn implements nats.InProcessConnProvider: a connection that lost its server finds the next one.
func (s *Server) InProcessConn() (net.Conn, error) { return s.current().InProcessConn() }

// Conn returns a new connection within the process, with a name for people. The caller closes it.
func (s *Server) Conn(name string, opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{nats.InProcessServer(s), nats.Name(name), nats.Token(s.token),
		nats.ReconnectWait(reconnectWait), nats.MaxReconnects(int(patience / reconnectWait))}, opts...)
	for attempt := 1; ; attempt++ {
		nc, err := nats.Connect("", opts...)
		if err == nil {
			return nc, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) || attempt == connectAttempts {
			return nil, fmt.Errorf("connect to the NATS server in this process: %w", err)
		}
	}
}

// connectAttempts is how often a connection within the process is tried: one that was begun when the process was stopped
// for a while has timed out when it wakes.
const connectAttempts = 3

// URL returns the address for workers of other processes, without the token. A server that listens on every address of
// the host is called by the host's name.
func (s *Server) URL() string { return reachable(s.current().ClientURL()) }

// TokenFile returns the path of the file that holds the token; it is readable by its owner only, and does not exist
// with NoAuth.
func (s *Server) TokenFile() string { return filepath.Join(s.dir, "token") }

// Close shuts the server down and waits until its store is closed. It may be called more than once.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		close(s.stop)
		s.reviving.Wait()
		err = s.shutdown()
	})
	return err
}

// shutdown ends the server that runs.
func (s *Server) shutdown() error {
	s.starting.Wait() // what is shut down half way through its start goes on making files
	n := s.current()
	n.Shutdown()
	n.WaitForShutdown()
	if err := os.Remove(urlFile(s.dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the address of the NATS server: %w", err)
	}
	return nil
}
