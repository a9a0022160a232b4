package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"volara/embedded"
	"volara/fault"
	"volara/stream"
)

// A session is the right of one command to change a run: the state directory is locked, the server is there, the lease
// is held. What the command writes belongs under the session's context, which ends when the lease is lost.
type session struct {
	server Server
	lease  *stream.Lease
	state  *stream.State
	nc     *nats.Conn
	js     jetstream.JetStream

	embedded *embedded.Server // nil: the server is external
	closers  []func() error
	log      *slog.Logger
}

// sessionOptions say how a session is opened.
type sessionOptions struct {
	Command string // for people who look at the server's connections and at the lease
	Standby bool   // wait while somebody else leads the run, instead of refusing
	Logger  *slog.Logger
	// Waiting is called once when Standby begins to wait; an error ends the wait.
	Waiting func(ctx context.Context, js jetstream.JetStream) error
}

// openSession opens a session on a run. Errors that the user can mend are *InputError. The caller closes the session.
func openSession(ctx context.Context, server Server, run string, o sessionOptions) (_ *session, err error) {
	s := &session{server: server, log: o.Logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.lock(); err != nil {
		return nil, blameInput(err)
	}
	if err := s.connect(ctx, o.Command); err != nil {
		return nil, err
	}
	if s.js, err = jetstream.New(s.nc); err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	if err := s.takeLease(ctx, run, o); err != nil {
		return nil, s.explain(err)
	}
	if server.Replicas > 0 {
		if err := stream.Replicate(ctx, s.js, run, server.Replicas); err != nil {
			return nil, s.explain(err)
		}
	}
	if s.state, err = stream.OpenState(ctx, s.js, run); err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

// lock holds the state directory: alone for the embedded server, whose store it is, together with others for an
// external one, where the lease says who leads.
func (s *session) lock() error {
	lock := embedded.LockDir
	if s.server.External() {
		lock = embedded.ShareDir
	}
	l, err := lock(s.server.StateDir)
	if err == nil {
		s.onClose(l.Unlock)
	}
	return err
}

// connect starts the embedded server or reaches the external one.
func (s *session) connect(ctx context.Context, command string) (err error) {
	if s.server.External() {
		if s.nc, err = s.Conn("volara " + command); err != nil {
			return err
		}
		s.onClose(func() error { s.nc.Close(); return nil })
		js, err := jetstream.New(s.nc)
		if err != nil {
			return fmt.Errorf("open JetStream: %w", err)
		}
		return checkJetStream(ctx, js, Redacted(s.server.URL))
	}
	s.embedded, err = embedded.Start(ctx, embedded.Options{Dir: filepath.Join(s.server.StateDir, "nats"), Listen: s.server.Listen, Logger: s.log})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted before the first block: %w", err)
	}
	if err != nil {
		return blameInput(err)
	}
	s.onClose(s.embedded.Close)
	if s.nc, err = s.Conn("volara " + command); err != nil {
		return err
	}
	s.onClose(func() error { s.nc.Close(); return nil })
	return nil
}

// Conn returns a further connection; the caller closes it.
func (s *session) Conn(name string) (*nats.Conn, error) {
	if s.embedded != nil {
		return s.embedded.Conn(name)
	}
	server := s.server
	server.StateDir = "" // the token there is that of an embedded server
	return server.Connect(name)
}

func (s *session) takeLease(ctx context.Context, run string, o sessionOptions) (err error) {
	s.lease, err = stream.TakeLease(ctx, s.js, run, stream.LeaseOptions{
		Exclusive: !s.server.External(), Standby: o.Standby, Replicas: s.server.Replicas, Logger: s.log,
		Waiting: func(held error) error {
			s.log.Info("standing by: somebody else leads the run", "run", run, "leader", held)
			if o.Waiting == nil {
				return nil
			}
			return o.Waiting(ctx, s.js)
		},
	})
	if err == nil {
		s.onClose(func() error { return s.release(ctx) })
	}
	return err
}

func (s *session) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.lease.Release(ctx); err != nil {
		s.log.Warn("the next command on this run may have to wait", "error", err)
	}
	return nil
}

// explain says what the user can do about an error of opening.
func (s *session) explain(err error) error {
	switch {
	case errors.Is(err, stream.ErrLeaseHeld) && !errors.Is(err, context.Canceled):
		return &InputError{fmt.Errorf("%w; end that one first, or stand by with `volara up --standby`", err)}
	case errors.Is(err, stream.ErrTooFewServers):
		return &InputError{fmt.Errorf("%w: --replicas %d needs as many servers of one cluster that are up; start them, or use fewer replicas", err, s.server.Replicas)}
	case errors.Is(err, stream.ErrLimits) && !s.server.External(): // it has none but the disk's
		return fault.Environment(fmt.Errorf("%w: is the disk of %s full?", err, s.server.StateDir))
	case errors.Is(err, stream.ErrLimits):
		return &InputError{fmt.Errorf("%w: raise the limits of the account or of the server (a run takes four streams and a few MiB)", err)}
	case fault.IsPermanent(err):
		return &InputError{err}
	}
	return err
}

// Context returns a context that ends when the lease is lost. The caller calls the function when done.
func (s *session) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return s.lease.Context(ctx)
}

// URL returns where other processes reach the server, without secrets.
func (s *session) URL() string {
	if s.embedded != nil {
		return s.embedded.URL()
	}
	return Redacted(s.server.URL)
}

// TokenFile returns the path of the file with the embedded server's token; "" for an external server.
func (s *session) TokenFile() string {
	if s.embedded != nil {
		return s.embedded.TokenFile()
	}
	return ""
}

func (s *session) onClose(f func() error) { s.closers = append(s.closers, f) }

// Close gives everything back.
func (s *session) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// jetStreamPatience is how long a server is given to be ready: a cluster elects its leaders first.
const jetStreamPatience = 15 * time.Second

// checkJetStream makes sure that an external server keeps streams for us.
func checkJetStream(ctx context.Context, js jetstream.JetStream, at string) error {
	deadline := time.Now().Add(jetStreamPatience)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		info, err := js.AccountInfo(attempt)
		cancel()
		switch {
		case err == nil && info.Limits.MaxMemory == 0 && len(info.Tiers) == 0:
			return inputErrorf("the account may keep nothing in the memory of JetStream on %s: raise its limits (max_mem); queues are kept there", at)
		case err == nil && info.Limits.MaxStore == 0 && len(info.Tiers) == 0:
			return inputErrorf("the account may keep no files in JetStream on %s: raise its limits (max_file); what is done is kept there", at)
		case err == nil:
			return nil
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return inputErrorf("JetStream is not enabled for this account on %s: have it enabled (jetstream: enabled in the account), or use another user", at)
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
			return inputErrorf("JetStream is not enabled on %s: start the server with a jetstream block in its configuration (nats.conf), or with -js", at)
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted before the first block: %w", context.Cause(ctx))
		case time.Now().After(deadline):
			return inputErrorf("JetStream on %s is not ready: %w (a cluster needs more than half of its servers)", at, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}
