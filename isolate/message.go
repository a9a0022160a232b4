package isolate

import (
	"encoding/json"
	"errors"
	"log/slog"

	"volara/fault"
	"volara/geometry"
	"volara/stream"
)

// Version is that of the messages; a child of another version refuses to work.
const Version = 1

// What a message says. A child answers open with opened, each block with done, close with closed, in this order; log
// may come at any time.
const (
	kindOpen   = "open"   // to the child, first: Setup
	kindBlock  = "block"  // to the child: Block, Until
	kindHeld   = "held"   // to the child: the block in work is held until Until
	kindCancel = "cancel" // to the child: the block in work shall end; nothing of it may be committed any more
	kindClose  = "close"  // to the child: no more blocks
	kindOpened = "opened" // from the child: Error
	kindDone   = "done"   // from the child: Timings, Masked, Error
	kindClosed = "closed" // from the child, last: Error
	kindLog    = "log"    // from the child: Log
)

// A message is one frame.
type message struct {
	Kind    string          `json:"kind"`
	Setup   *Setup          `json:"setup,omitempty"`
	Block   *block          `json:"block,omitempty"`
	Until   int64           `json:"until,omitempty"` // nanoseconds of the boot clock; 0: for ever
	Timings *stream.Timings `json:"timings,omitempty"`
	Masked  bool            `json:"masked,omitempty"` // a mask excludes the block
	Error   *failure        `json:"error,omitempty"`
	Log     *logLine        `json:"log,omitempty"`
}

// A Setup says what a child is for.
type Setup struct {
	Version    int             `json:"version"`
	Spec       json.RawMessage `json:"spec"` // of the run, opaque
	Task       string          `json:"task"`
	CacheBytes int             `json:"cache_bytes"` // the child's share of the cache of decoded chunks
	LogLevel   slog.Level      `json:"log_level"`
}

// A block is geometry.Block in a message.
type block struct {
	Index    int64               `json:"index"`
	Position geometry.Coordinate `json:"position"`
	Read     geometry.Roi        `json:"read"`  // [offset, shape] in world units
	Write    geometry.Roi        `json:"write"` // the same
}

func (b block) geometry() geometry.Block {
	return geometry.Block{Index: b.Index, Position: b.Position, ReadROI: b.Read, WriteROI: b.Write}
}

// A failure is an error with its marks (package fault).
type failure struct {
	Text        string `json:"text"`
	Permanent   bool   `json:"permanent,omitempty"`
	Environment bool   `json:"environment,omitempty"`
	TakenOver   bool   `json:"taken_over,omitempty"`
}

func newFailure(err error) *failure {
	if err == nil {
		return nil
	}
	return &failure{err.Error(), fault.IsPermanent(err), fault.IsEnvironment(err), fault.IsTakenOver(err)}
}

// error returns the error that the failure was made from, as far as it can be told; nil for none.
func (f *failure) error() error {
	if f == nil {
		return nil
	}
	err := errors.New(f.Text)
	switch {
	case f.TakenOver:
		err = fault.TakenOver(err)
	case f.Permanent:
		err = fault.Permanent(err)
	}
	if f.Environment {
		err = fault.Environment(err)
	}
	return err
}

// A logLine is one record of the child's log.
type logLine struct {
	Level slog.Level `json:"level"`
	Text  string     `json:"text"`
	Attrs []logAttr  `json:"attrs,omitempty"`
}

type logAttr struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}
