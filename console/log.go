package console

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
)

// LogOptions says where log lines go. Each of the two destinations is left out when it is not set.
type LogOptions struct {
	// Terminal receives lines for people: Progress.LogWriter, or standard error.
	Terminal io.Writer
	Level    slog.Level // least level on the terminal
	Colour   bool       // as console.Colour says of the terminal behind

	// File receives a JSON object a line: logs/<run>/worker-N.jsonl in the state directory. Its directory is made. When it
	// has grown to FileBytes it is renamed to worker-N.1.jsonl, replacing the one before, so that a worker's logs never
	// take more than twice that.
	File      string
	FileLevel slog.Level
	FileBytes int64 // default 16 MiB
}

// A Log fans lines out to a terminal and a file. Logging never waits for either: lines are queued, and dropped when the
// queue is full or the destination does not take them. The first loss is told on the terminal; how many lines are missing
// is told where they are missing.
type Log struct {
	logger *slog.Logger
	queues []*queue // terminal first
	file   *rotating
}

// NewLog opens the destinations. A file that cannot be written is told on the terminal and tried again with later
// lines; it is no error.
func NewLog(o LogOptions) *Log {
	var handlers []slog.Handler
	l := &Log{}
	var notice func(string)
	if o.Terminal != nil {
		q := newQueue(o.Terminal, droppedText, nil)
		l.queues = append(l.queues, q)
		handlers = append(handlers, tint.NewTextHandler(q, &tint.Options{Level: o.Level, NoColor: !o.Colour, TimeFormat: time.TimeOnly}))
		terminal := slog.New(handlers[0])
		notice = func(text string) { terminal.Warn(text) }
	}
	if o.File != "" {
		if o.FileBytes <= 0 {
			o.FileBytes = 16 << 20
		}
		l.file = &rotating{path: o.File, limit: o.FileBytes}
		q := newQueue(l.file, droppedJSON, notice)
		l.queues = append(l.queues, q)
		handlers = append(handlers, slog.NewJSONHandler(q, &slog.HandlerOptions{Level: o.FileLevel}))
	}
	l.logger = slog.New(slog.NewMultiHandler(handlers...))
	return l
}

// Logger returns the logger for both destinations.
func (l *Log) Logger() *slog.Logger { return l.logger }

// Close waits, for two seconds at most, until what was logged is written, and closes the file. Lines logged later are
// dropped.
func (l *Log) Close() {
	idle := true
	for i := len(l.queues) - 1; i >= 0; i-- { // the terminal last, for notices about the file
		idle = l.queues[i].close(2*time.Second) && idle
	}
	if idle && l.file != nil {
		_ = l.file.Close()
	}
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(s string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s)); err != nil {
		return 0, fmt.Errorf("log level %q: debug, info, warn and error are known", s)
	}
	return level, nil
}

func droppedText(n int64, err error) []byte {
	return fmt.Appendf(nil, "… %s dropped%s\n", Plural(n, "log line"), because(err))
}

func droppedJSON(n int64, err error) []byte {
	text := ""
	if err != nil {
		text = err.Error()
	}
	return fmt.Appendf(nil, `{"time":%q,"level":"WARN","msg":"log lines dropped","lines":%d,"cause":%q}`+"\n",
		time.Now().Format(time.RFC3339Nano), n, text)
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
