package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	"volara/fault"
)

// LeaseOptions say how a Lease is taken. The zero value of every field is a sensible choice.
type LeaseOptions struct {
	// Holder names the caller, for people; default host and process id.
	Holder string
	// TTL is how long the lease outlives a holder that fell silent; at least 1 s, default 6 s. All leases of a server
	// have that of the first.
	TTL time.Duration
	// Exclusive says that the caller holds the lock of the server's state directory, so that no other holder can be
	// alive: a lease left behind is taken over instead of waited for.
	Exclusive bool
	// Standby says to wait while somebody else holds the lease, instead of returning ErrLeaseHeld.
	Standby bool
	// Waiting is called once when Standby begins to wait, with what says who is waited for; an error ends the wait.
	Waiting func(held error) error
	// Replicas of the bucket of leases; an existing one with fewer gets as many. 0: one, or as they are.
	Replicas int

	Logger *slog.Logger // default slog.Default()
}

// A Lease is the right to lead a run, to change its State: a key that its holder renews and that vanishes when it is
// not renewed. Whoever wrote the key's last revision leads. A goroutine renews it until Release. Its methods are safe
// for concurrent use.
type Lease struct {
	kv        jetstream.KeyValue
	run       string
	id        string // of this holder, unique
	value     []byte
	ttl       time.Duration
	exclusive bool
	log       *slog.Logger

	renewing sync.Mutex // one write at a time
	revision uint64     // of the key; guarded by renewing

	mu        sync.Mutex
	confirmed time.Time // when the last write that succeeded was asked for
	lost      error     // ErrConflict, wrapped: the key is not ours any more
	watchers  map[*leaseContext]struct{}

	close  sync.Once
	closed chan struct{}
	kept   sync.WaitGroup
}

// leaseValue is what the key holds, for people; ID tells holders apart.
type leaseValue struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
	ID     string    `json:"id"`
}

// TakeLease takes the lease of a run and keeps it until Release, or returns ErrLeaseHeld.
func TakeLease(ctx context.Context, js jetstream.JetStream, run string, o LeaseOptions) (*Lease, error) {
	o = o.withDefaults()
	kv, ttl, err := openLeases(ctx, js, o)
	if err != nil {
		return nil, fmt.Errorf("open the leases: %w", jetStreamError(err))
	}
	l := &Lease{
		kv: kv, run: run, id: ulid.Make().String(), ttl: ttl, exclusive: o.Exclusive, log: o.Logger.With("run", run),
		watchers: map[*leaseContext]struct{}{}, closed: make(chan struct{}),
	}
	l.value = encode(leaseValue{o.Holder, time.Now().UTC(), l.id})
	err = l.take(ctx)
	if errors.Is(err, ErrLeaseHeld) && o.Standby {
		err = l.wait(ctx, err, o.Waiting)
	}
	if err != nil {
		return nil, fmt.Errorf("take the lease of run %s: %w", run, err)
	}
	l.kept.Go(l.keep)
	return l, nil
}

func (o LeaseOptions) withDefaults() LeaseOptions {
	o.Holder = orDefault(o.Holder, ProcessName())
	o.TTL = max(orDefault(o.TTL, 6*time.Second), time.Second)
	o.Logger = orDefault(o.Logger, slog.Default())
	return o
}

// openLeases opens the bucket of leases, makes it when it is missing, and returns its time to live.
func openLeases(ctx context.Context, js jetstream.JetStream, o LeaseOptions) (jetstream.KeyValue, time.Duration, error) {
	kv, err := js.KeyValue(ctx, leaseBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket:         leaseBucket,
			Description:    "volara: who leads which run",
			TTL:            o.TTL,
			LimitMarkerTTL: time.Second,
			Replicas:       max(o.Replicas, 1),
		})
	}
	if err != nil {
		return nil, 0, err
	}
	status, err := kv.Status(ctx)
	if err != nil {
		return nil, 0, err
	}
	// Other runs share the bucket: it never gets fewer.
	if o.Replicas > status.Config().Replicas {
		if err := replicate(ctx, js, "KV_"+leaseBucket, o.Replicas); err != nil {
			return nil, 0, err
		}
	}
	return kv, status.TTL(), nil
}

// take takes the lease if nobody has it, and from whoever has it when it is exclusive.
func (l *Lease) take(ctx context.Context) error {
	l.renewing.Lock()
	defer l.renewing.Unlock()
	asked := time.Now()
	revision, err := l.kv.Create(ctx, token(l.run), l.value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		revision, err = l.contend(ctx)
	}
	if err != nil {
		return jetStreamError(err)
	}
	l.revision = revision
	l.confirm(asked)
	return nil
}

// contend is for a lease that somebody has.
func (l *Lease) contend(ctx context.Context) (uint64, error) {
	entry, err := l.kv.Get(ctx, token(l.run))
	if err != nil {
		return 0, err
	}
	v := holderOf(entry)
	if l.exclusive || v.ID == l.id {
		return l.kv.Update(ctx, token(l.run), l.value, entry.Revision())
	}
	return 0, fmt.Errorf("%w: %s, since %s", ErrLeaseHeld, v.Holder, v.Since.Local().Format(time.DateTime))
}

func holderOf(entry jetstream.KeyValueEntry) leaseValue {
	var v leaseValue
	if json.Unmarshal(entry.Value(), &v) != nil || v.Holder == "" {
		v.Holder = "somebody"
	}
	return v
}

// standbyPeriod is how often a standby looks whether the lease is free.
const standbyPeriod = 250 * time.Millisecond

// wait takes the lease when it becomes free. A server that cannot be reached is waited for as well.
func (l *Lease) wait(ctx context.Context, held error, waiting func(error) error) error {
	if waiting != nil {
		if err := waiting(held); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w while waiting: %w", context.Cause(ctx), held)
		case <-time.After(standbyPeriod):
		}
		attempt, cancel := context.WithTimeout(ctx, l.ttl)
		_, err := l.kv.Get(attempt, token(l.run))
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			err = l.take(attempt)
		}
		cancel()
		switch {
		case err == nil && l.held():
			return nil
		case errors.Is(err, ErrLeaseHeld):
			held = err
		case errors.Is(err, nats.ErrConnectionClosed), fault.IsPermanent(err):
			return jetStreamError(err)
		}
	}
}

// keep renews the lease from time to time, more often while that fails.
func (l *Lease) keep() {
	const retry = 250 * time.Millisecond
	for pause := l.ttl / 3; ; {
		select {
		case <-l.closed:
			return
		case <-time.After(pause):
		}
		ctx, cancel := context.WithTimeout(context.Background(), l.ttl/3)
		err := l.renew(ctx)
		cancel()
		if pause = l.ttl / 3; err != nil {
			pause = min(pause, retry)
		}
		l.alert()
	}
}

// renew extends the lease; ErrConflict says that it is lost.
func (l *Lease) renew(ctx context.Context) error {
	l.renewing.Lock()
	defer l.renewing.Unlock()
	if err := l.lostBy(); err != nil {
		return err
	}
	asked := time.Now()
	revision, err := l.kv.Update(ctx, token(l.run), l.value, l.revision)
	if errors.Is(jetStreamError(err), ErrConflict) {
		revision, err = l.settle(ctx)
	}
	if err != nil {
		return jetStreamError(err)
	}
	l.revision = revision
	l.confirm(asked)
	return nil
}

// settle finds out about a renewal that was refused. One whose confirmation got lost makes the next one fail: the key
// is still this holder's. Else the lease is lost, unless nobody else can have it.
func (l *Lease) settle(ctx context.Context) (uint64, error) {
	entry, err := l.kv.Get(ctx, token(l.run))
	expired := errors.Is(err, jetstream.ErrKeyNotFound)
	switch {
	case err != nil && !expired:
		return 0, err
	case expired && l.exclusive:
		return l.kv.Create(ctx, token(l.run), l.value)
	case expired:
		return 0, l.lose("it could not be renewed in time")
	}
	v := holderOf(entry)
	if v.ID == l.id {
		return l.kv.Update(ctx, token(l.run), l.value, entry.Revision())
	}
	return 0, l.lose(fmt.Sprintf("%s leads since %s", v.Holder, v.Since.Local().Format(time.DateTime)))
}

// lose notes that the lease is lost and returns the error that says so.
func (l *Lease) lose(how string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = fmt.Errorf("%w: %w: %s", ErrConflict, ErrLeaseLost, how)
	return l.lost
}

// confirm notes a write that succeeded.
func (l *Lease) confirm(asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.confirmed, l.lost = asked, nil
}

func (l *Lease) lostBy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// age returns how long ago the lease was last confirmed. Both clocks are looked at, for one of them stands still while
// the machine sleeps.
func (l *Lease) age() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return max(now.Sub(l.confirmed), now.Round(0).Sub(l.confirmed.Round(0)))
}

// held reports whether nobody else can lead now.
func (l *Lease) held() bool { return l.lostBy() == nil && (l.exclusive || l.age() < l.ttl) }

// doubtful reports whether somebody else may lead before something begun now is over.
func (l *Lease) doubtful() bool { return l.lostBy() != nil || l.age() > l.ttl*2/3 }

// Err returns why the lease is lost, or not known to be held: ErrLeaseLost, wrapped. Nil: nobody else can lead now.
func (l *Lease) Err() error {
	if err := l.lostBy(); err != nil {
		return err
	}
	if !l.held() {
		return fault.Environment(fmt.Errorf("%w: it could not be renewed for %v", ErrLeaseLost, l.age().Round(time.Second)))
	}
	return nil
}

// regain renews the lease after the connection was in trouble, for as long as limit. One that has expired meanwhile is
// taken again unless somebody was faster.
func (l *Lease) regain(ctx context.Context, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		attempt, cancel := context.WithTimeout(ctx, l.ttl)
		err := l.renew(attempt)
		if errors.Is(err, ErrConflict) {
			if err = l.take(attempt); errors.Is(err, ErrLeaseHeld) {
				err = fmt.Errorf("%w; it took over while this one was cut off", err)
			}
		}
		cancel()
		if err == nil || errors.Is(err, ErrLeaseHeld) || errors.Is(err, nats.ErrConnectionClosed) || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(standbyPeriod):
		case <-ctx.Done():
		}
	}
}

// Release ends the renewal and gives the lease back, so that the next holder need not wait.
func (l *Lease) Release(ctx context.Context) error {
	l.close.Do(func() { close(l.closed) })
	l.kept.Wait()
	if l.lostBy() != nil {
		return nil
	}
	err := l.kv.Delete(ctx, token(l.run), jetstream.LastRevision(l.revision))
	if err != nil && !isWrongSequence(err) {
		return fmt.Errorf("release the lease of run %s: %w", l.run, jetStreamError(err))
	}
	return nil
}
