package stream

import (
	"cmp"
	"sync"
)

// A broadcast passes the latest hint on to whoever waits.
type broadcast struct {
	mu   sync.Mutex
	ch   chan struct{}
	last wake
}

func newBroadcast() *broadcast { return &broadcast{ch: make(chan struct{})} }

// next returns a channel that is closed at the next hint.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *broadcast) send(hint wake) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Hints of an epoch that is over may come late.
	if cmp.Compare(hint.Epoch, b.last.Epoch) >= 0 {
		b.last = hint
	}
	close(b.ch)
	b.ch = make(chan struct{})
}

// stops reports whether nothing more is to be taken in an epoch.
func (b *broadcast) stops(epoch uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last.Epoch > epoch || b.last.Epoch == epoch && b.last.Stop
}
