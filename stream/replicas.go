package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// ErrTooFewServers says that there are not as many servers as a stream shall have replicas.
var ErrTooFewServers = errors.New("there are too few servers for the replicas")

// ErrLimits says that the account or the server does not allow what a run needs.
var ErrLimits = errors.New("the limits of JetStream are reached")

// Codes of JetStream's errors that the client library has no names for.
const (
	codeAccountResources = 10002
	codeNoPeers          = 10005
	codeMaxStreams       = 10027
	codeMemoryResources  = 10028
	codeStorageResources = 10047
	codeNoCluster        = 10074
)

// capacityError marks what the server cannot or may not hold. Whether that is so for long is for the caller to judge.
func capacityError(err error) error {
	api, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return err
	}
	switch api.ErrorCode {
	case codeNoPeers, codeNoCluster:
		return fmt.Errorf("%w: %w", ErrTooFewServers, err)
	case codeAccountResources, codeMaxStreams, codeMemoryResources, codeStorageResources:
		return fmt.Errorf("%w: %w", ErrLimits, err)
	}
	return err
}

// creationError classifies an error of making a stream: limits do not change by waiting.
func creationError(err error) error {
	if err = jetStreamError(err); errors.Is(err, ErrLimits) {
		return fault.Permanent(err)
	}
	return err
}

// Replicate makes what JetStream keeps of a run beyond its queue, and has it held by n servers of the cluster: the
// state, the completions, the events. Those that exist with another number are changed. The caller holds the lease.
func Replicate(ctx context.Context, js jetstream.JetStream, run string, n int) error {
	if _, err := openState(ctx, js, run, n); err != nil {
		return err
	}
	if _, err := openStream(ctx, js, doneConfig(run), n); err != nil {
		return err
	}
	_, err := openStream(ctx, js, eventsConfig(run), n)
	return err
}

// replicate has a stream held by n servers.
func replicate(ctx context.Context, js jetstream.JetStream, name string, n int) error {
	s, err := js.Stream(ctx, name)
	if err != nil {
		return err
	}
	config := s.CachedInfo().Config
	if config.Replicas == n {
		return nil
	}
	old := config.Replicas
	config.Replicas = n
	if _, err := js.UpdateStream(ctx, config); err != nil {
		return fmt.Errorf("have stream %s held by %d servers instead of %d: %w", name, n, old, err)
	}
	return nil
}

// openStream opens a stream and makes it when it is missing. replicas 0: as it is, or one.
func openStream(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig, replicas int) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, config.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		config.Replicas = max(replicas, 1)
		s, err = js.CreateStream(ctx, config)
	case err == nil && replicas > 0:
		err = replicate(ctx, js, config.Name, replicas)
	}
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", config.Name, creationError(err))
	}
	return s, nil
}
