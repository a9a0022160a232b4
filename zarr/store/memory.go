package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
)

// Memory is a Store in memory.
type Memory struct {
	mu     sync.RWMutex
	values map[string][]byte
	locks  keyedMutex
}

var (
	_ Store  = (*Memory)(nil)
	_ Locker = (*Memory)(nil)
	_ Sizer  = (*Memory)(nil)
)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{values: map[string][]byte{}} }

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, error) {
	v, err := m.value(ctx, key)
	return bytes.Clone(v), err
}

// GetRange implements Store.
func (m *Memory) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	v, err := m.value(ctx, key)
	if err != nil {
		return nil, err
	}
	start, err := window(int64(len(v)), offset, length)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	return bytes.Clone(v[start : start+length]), nil
}

// value returns the stored bytes, which are never changed once they are stored.
func (m *Memory) value(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.values[key]
	if !ok {
		return nil, fmt.Errorf("reading %s: %w", key, ErrNotExist)
	}
	return v, nil
}

// Size implements Sizer.
func (m *Memory) Size(ctx context.Context, key string) (int64, error) {
	value, err := m.Get(ctx, key)
	return int64(len(value)), err
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, key string, value []byte) error {
	if err := mayWrite(ctx); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	v := append([]byte{}, value...)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = v
	return nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := mayWrite(ctx); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// List implements Store; it yields what was there when it started.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(Entry{}, err)
			return
		}
		for _, e := range m.entries(prefix) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *Memory) entries(prefix string) []Entry {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var entries []Entry
	for k, v := range m.values {
		if strings.HasPrefix(k, prefix) {
			entries = append(entries, Entry{k, int64(len(v))})
		}
	}
	return entries
}

// Lock implements Locker.
func (m *Memory) Lock(ctx context.Context, prefix, key string) (func(), error) {
	return m.locks.lock(ctx, prefix+key)
}

// CheckLocks implements LockChecker: no other process has the store.
func (m *Memory) CheckLocks(context.Context, string) error { return nil }

// String implements Store; no two stores have the same name.
func (m *Memory) String() string { return fmt.Sprintf("memory:%p", m) }
