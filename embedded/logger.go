package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sys/unix"
)

// logger passes what nats-server says on to slog: its notices as debug lines. Until started is called it also
// remembers warnings, which say why a stream could not be recovered.
type logger struct {
	log   *slog.Logger
	fatal chan error
	full  chan struct{} // told when JetStream finds its disk full

	mu       sync.Mutex
	warnings []string
	ready    bool
}

var _ server.Logger = (*logger)(nil)

func newLogger(log *slog.Logger) *logger {
	return &logger{log: log.With("from", "nats-server"), fatal: make(chan error, 1), full: make(chan struct{}, 1)}
}

func (l *logger) Noticef(format string, v ...any) { l.log.Debug(message(format, v)) }
func (l *logger) Debugf(format string, v ...any)  {}
func (l *logger) Tracef(format string, v ...any)  {}
func (l *logger) Errorf(format string, v ...any)  { l.warn(slog.LevelError, message(format, v)) }
func (l *logger) Warnf(format string, v ...any)   { l.warn(slog.LevelWarn, message(format, v)) }

// Fatalf is what nats-server would end the process with; Start returns it as an error.
func (l *logger) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- errors.New(message(format, v)):
	default:
		l.log.Error(message(format, v))
	}
}

// warn keeps what is said during the start for the error that Start may return, and logs what comes later.
func (l *logger) warn(level slog.Level, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ready {
		l.warnings = append(l.warnings, text)
		level = slog.LevelDebug
	}
	if strings.Contains(text, unix.ENOSPC.Error()) || strings.Contains(text, unix.EDQUOT.Error()) {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
	l.log.Log(context.Background(), level, text)
}

func (l *logger) started() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready, l.warnings = true, nil
}

// about returns the remembered warnings that mention a word.
func (l *logger) about(word string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, w := range l.warnings {
		if strings.Contains(w, word) {
			found = append(found, w)
		}
	}
	return strings.Join(found, "; ")
}

func message(format string, v []any) string { return strings.TrimSpace(fmt.Sprintf(format, v...)) }
