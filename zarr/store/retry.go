package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"volara/fault"
)

// Retry says how requests to a server are repeated that failed for a reason that may pass: the server is busy or fails
// (429 and 5xx), the connection is lost or refused, an answer is cut short, or nothing comes for a while. The zero value
// is what most want.
type Retry struct {
	// Tries is how often a request is made in all; 0 means 6.
	Tries int
	// First is the longest pause after the first try, doubled after each; 0 means 200 ms. A pause is a random part of
	// that, half of it at least, and no shorter than the server asks for (Retry-After).
	First time.Duration
	// Most is the longest pause; 0 means 10 s. A server that asks for more than six times that is given up at once.
	Most time.Duration
	// Stall is how long nothing may come or go before a try is given up; 0 means 30 s.
	Stall time.Duration
}

func (r Retry) orDefault() Retry {
	if r.Tries == 0 {
		r.Tries = 6
	}
	if r.First == 0 {
		r.First = 200 * time.Millisecond
	}
	if r.Most == 0 {
		r.Most = 10 * time.Second
	}
	if r.Stall == 0 {
		r.Stall = 30 * time.Second
	}
	return r
}

// A passing error may be gone when the request is made again, after the given time.
type passing struct {
	error
	after time.Duration
}

func (p passing) Unwrap() error { return p.error }

// errStalled is why a try was given up.
var errStalled = errors.New("nothing was received or sent for a while")

// do makes tries until one ends otherwise than with a passing error. The last one's is the environment's: later it may
// work. What a try receives, or gets sent, it must tell to alive.
func (r Retry) do(ctx context.Context, try func(ctx context.Context, alive func()) error) error {
	return r.doInSteps(ctx, func(ctx context.Context, w *watch) error { return try(ctx, w.alive) })
}

// doInSteps is do for a try that gets on in steps (see watch): tries count from the last step that was made.
func (r Retry) doInSteps(ctx context.Context, try func(ctx context.Context, w *watch) error) error {
	for n := 1; ; n++ {
		gotOn, err := r.once(ctx, try)
		if gotOn {
			n = 1
		}
		p, again := errors.AsType[passing](err)
		switch {
		case err == nil:
			return nil
		case ended(ctx):
			return context.Cause(ctx)
		case !again:
			return err
		case n >= r.Tries || p.after > 6*r.Most:
			return fault.Environment(fmt.Errorf("%w (tried %s)", err, times(n)))
		}
		if err := sleep(ctx, max(r.pause(n), p.after)); err != nil {
			return err
		}
	}
}

// A watch ends a try when nothing passes for too long. One goroutine at a time may call away.
type watch struct {
	timer *time.Timer
	stall time.Duration
	gotOn bool
}

// alive tells that something was received or sent.
func (w *watch) alive() { w.timer.Reset(w.stall) }

// away makes a step for good: the next try goes on behind it. step may take its time.
func (w *watch) away(step func()) {
	w.timer.Stop()
	step()
	w.gotOn = true
	w.alive()
}

// once makes one try, which it ends when nothing passes for too long, and reports whether it got on.
func (r Retry) once(ctx context.Context, try func(context.Context, *watch) error) (gotOn bool, err error) {
	trying, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &watch{timer: time.AfterFunc(r.Stall, func() { cancel(errStalled) }), stall: r.Stall}
	defer w.timer.Stop()
	err = try(trying, w)
	if err != nil && errors.Is(context.Cause(trying), errStalled) {
		err = passing{fmt.Errorf("%w (%v): %w", errStalled, r.Stall, withoutCancel(err)), 0}
	}
	return w.gotOn, err
}

// withoutCancel hides that a try was ended by us, which callers would take for their own cancellation.
func withoutCancel(err error) error { return errors.New(err.Error()) }

func (r Retry) pause(n int) time.Duration {
	longest := min(r.First<<min(n-1, 20), r.Most)
	return longest/2 + rand.N(longest/2+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// ended reports whether a context is done without asking for its error, which may be a question to the store itself.
func ended(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// ofNetwork marks an error of a connection as passing, unless the name or the certificate of the server is wrong.
func ofNetwork(err error) error {
	if err == nil {
		return nil
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fault.Permanent(err)
	}
	return passing{err, 0}
}

// isPassing reports whether a status may be gone when the request is made again.
func isPassing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// retryAfter returns how long a server asks to wait, 0 when it does not.
// Source: RFC 9110, section 10.2.3.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// hideURL returns an error without the URL that it repeats, which may hold secrets.
func hideURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
