package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"volara/fault"
)

// each calls f with the last entry of every key that matches a filter, in the order in which they were written.
func (s *State) each(ctx context.Context, filters []string, f func(jetstream.KeyValueEntry) error) error {
	watcher, err := s.kv.WatchFiltered(ctx, filters, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("read the state of run %s: %w", s.run, jetStreamError(err))
	}
	defer watcher.Stop()
	limit := time.NewTimer(apiTimeout)
	defer limit.Stop()
	for {
		select {
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return fmt.Errorf("read the state of run %s: %w", s.run, fault.Environment(errors.New("connection lost")))
			case entry == nil: // all that there is has come
				return nil
			}
			if err := f(entry); err != nil {
				return err
			}
			limit.Reset(apiTimeout)
		case <-limit.C:
			return fmt.Errorf("read the state of run %s: %w", s.run, fault.Environment(errors.New("the server does not answer")))
		case <-ctx.Done():
			return fmt.Errorf("read the state of run %s: %w", s.run, context.Cause(ctx))
		}
	}
}

// loadPages calls f with every stored page; key is that of page −1. It returns the number of pages.
func (s *State) loadPages(ctx context.Context, key string, f func(page int, data []byte, revision uint64) error) (int, error) {
	prefix := strings.TrimSuffix(key, "-1")
	n := 0
	err := s.each(ctx, []string{prefix + "*"}, func(entry jetstream.KeyValueEntry) error {
		page, err := strconv.Atoi(entry.Key()[len(prefix):])
		if err == nil {
			err = f(page, entry.Value(), entry.Revision())
		}
		if err != nil {
			return s.corrupt(entry.Key(), err)
		}
		n++
		return nil
	})
	return n, err
}

// writeTimeout bounds one write: when a server of a cluster dies, what was on its way to it is never answered.
const writeTimeout = 5 * time.Second

// put writes a key if its last revision is the given one (0: there is none) and returns the new revision; ErrConflict
// when it is not.
func (s *State) put(ctx context.Context, key string, data []byte, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var err error
	if revision == 0 {
		revision, err = s.kv.Create(ctx, key, data)
	} else {
		revision, err = s.kv.Update(ctx, key, data, revision)
	}
	if err != nil {
		return 0, fmt.Errorf("store %s of run %s: %w", key, s.run, jetStreamError(err))
	}
	return revision, nil
}

// jetStreamError classifies an error of JetStream: conflicts become ErrConflict, a lost or full server is the
// environment's fault.
func jetStreamError(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrConflict), fault.IsEnvironment(err), fault.IsPermanent(err):
		return err
	case errors.Is(err, jetstream.ErrKeyExists), errors.Is(err, jetstream.ErrKeyRevisionMismatch), isWrongSequence(err):
		return fmt.Errorf("%w: %w", ErrConflict, err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fault.Environment(capacityError(err))
}

// isWrongSequence reports whether err says that a subject's last message is not the expected one.
func isWrongSequence(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
