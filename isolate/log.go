package isolate

import (
	"context"
	"log/slog"
	"slices"
)

// A logHandler passes records on to the parent.
type logHandler struct {
	pipe   *pipe
	level  slog.Level
	prefix string // of keys: the open groups
	attrs  []logAttr
}

var _ slog.Handler = (*logHandler)(nil)

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	line := logLine{Level: r.Level, Text: r.Message, Attrs: slices.Clone(h.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		line.Attrs = appendAttr(line.Attrs, h.prefix, a)
		return true
	})
	return h.pipe.send(message{Kind: kindLog, Log: &line})
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		with.attrs = appendAttr(with.attrs, h.prefix, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.prefix += name + "."
	return &with
}

// appendAttr adds an attribute as JSON can carry it.
func appendAttr(attrs []logAttr, prefix string, a slog.Attr) []logAttr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			attrs = appendAttr(attrs, prefix, inner)
		}
		return attrs
	case slog.KindInt64:
		return append(attrs, logAttr{prefix + a.Key, v.Int64()})
	case slog.KindUint64, slog.KindBool:
		return append(attrs, logAttr{prefix + a.Key, v.Any()})
	default:
		return append(attrs, logAttr{prefix + a.Key, v.String()})
	}
}

// relay writes a record of a child into the parent's log.
func (l *logLine) relay(log *slog.Logger) {
	args := make([]any, 0, len(l.Attrs))
	for _, a := range l.Attrs {
		args = append(args, slog.Any(a.Key, a.Value))
	}
	log.Log(context.Background(), l.Level, l.Text, args...)
}
