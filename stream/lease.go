package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A lease is the right to lead a run: a key that its holder renews and that vanishes when it is not renewed. Whoever
// holds the key's last revision leads; every other holder finds out when it renews.
type lease struct {
	kv        jetstream.KeyValue
	run       string
	value     []byte
	revision  uint64
	ttl       time.Duration
	confirmed time.Time // when the last renewal that succeeded was asked for
}

// leaseValue is for people.
type leaseValue struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
}

// takeLease takes the lease of a run, or returns ErrLeaseHeld. With seize it takes it from whoever has it.
func takeLease(ctx context.Context, js jetstream.JetStream, run string, opts TrackerOptions) (*lease, error) {
	kv, err := js.KeyValue(ctx, leaseBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket:         leaseBucket,
			Description:    "volara: who leads which run",
			TTL:            opts.LeaseTTL,
			LimitMarkerTTL: time.Second,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open the leases: %w", jetStreamError(err))
	}
	l := &lease{kv: kv, run: run, ttl: opts.LeaseTTL, confirmed: time.Now()}
	l.value = encode(leaseValue{opts.Holder, time.Now().UTC()})
	l.revision, err = kv.Create(ctx, token(run), l.value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		err = l.contend(ctx, opts.Exclusive)
	}
	if err != nil {
		return nil, fmt.Errorf("take the lease of run %s: %w", run, jetStreamError(err))
	}
	return l, nil
}

// contend is for a lease that somebody has.
func (l *lease) contend(ctx context.Context, seize bool) error {
	entry, err := l.kv.Get(ctx, token(l.run))
	if err != nil {
		return err
	}
	if seize {
		l.revision, err = l.kv.Update(ctx, token(l.run), l.value, entry.Revision())
		return err
	}
	var v leaseValue
	if json.Unmarshal(entry.Value(), &v) != nil {
		v.Holder = "somebody"
	}
	return fmt.Errorf("%w: %s, since %s", ErrLeaseHeld, v.Holder, v.Since.Local().Format(time.DateTime))
}

// renew extends the lease; ErrConflict says that it is lost.
func (l *lease) renew(ctx context.Context) error {
	asked := time.Now()
	revision, err := l.kv.Update(ctx, token(l.run), l.value, l.revision)
	if err != nil {
		return fmt.Errorf("renew the lease of run %s: %w", l.run, jetStreamError(err))
	}
	l.revision, l.confirmed = revision, asked
	return nil
}

// release gives the lease back, so that the next tracker need not wait.
func (l *lease) release(ctx context.Context) error {
	err := l.kv.Delete(ctx, token(l.run), jetstream.LastRevision(l.revision))
	if err != nil && !isWrongSequence(err) {
		return fmt.Errorf("release the lease of run %s: %w", l.run, jetStreamError(err))
	}
	return nil
}

// recover renews the lease after the connection was in trouble, for as long as limit.
func (l *lease) recover(ctx context.Context, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		attempt, cancel := context.WithTimeout(ctx, l.ttl)
		err := l.renew(attempt)
		if errors.Is(err, ErrConflict) {
			// The key may have expired while nobody could write it. It is ours again unless somebody was faster.
			l.revision, err = l.kv.Create(attempt, token(l.run), l.value)
			if errors.Is(err, jetstream.ErrKeyExists) {
				err = fmt.Errorf("%w: it took over while this one was cut off", ErrLeaseHeld)
			}
			l.confirmed = time.Now()
		}
		cancel()
		if err == nil || errors.Is(err, ErrLeaseHeld) || errors.Is(err, nats.ErrConnectionClosed) || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
