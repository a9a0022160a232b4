package store

import (
	"context"
	"sync"
)

// A keyedMutex is a mutex for every key; those that nobody wants take no memory. The zero value is ready.
type keyedMutex struct {
	mu   sync.Mutex
	held map[string]*waiters
}

// waiters is the lock of one key: a token to be taken, and how many hold it or wait for it.
type waiters struct {
	token chan struct{}
	n     int
}

func (k *keyedMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	w := k.join(key)
	select {
	case w.token <- struct{}{}:
		return sync.OnceFunc(func() {
			<-w.token
			k.leave(key, w)
		}), nil
	case <-ctx.Done():
		k.leave(key, w)
		return nil, ctx.Err()
	}
}

func (k *keyedMutex) join(key string) *waiters {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = map[string]*waiters{}
	}
	w := k.held[key]
	if w == nil {
		w = &waiters{token: make(chan struct{}, 1)}
		k.held[key] = w
	}
	w.n++
	return w
}

func (k *keyedMutex) leave(key string, w *waiters) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w.n--; w.n == 0 {
		delete(k.held, key)
	}
}
