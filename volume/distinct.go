package volume

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"volara/fault"
	"volara/nd"
)

// distinct counts different integers exactly. What does not fit its memory goes to a temporary file in sorted runs,
// which are merged at the end. It may be used concurrently.
type distinct struct {
	mu    sync.Mutex
	ids   map[uint64]struct{}
	limit int // ids in memory
	dir   string
	file  *os.File
	size  int64
	runs  []run
}

// A run is a sorted part of the temporary file.
type run struct{ offset, length int64 }

// idBytes is about what an id in the set takes.
const idBytes = 24

// newDistinct returns a counter that keeps to so many bytes of memory and puts the rest into a file in dir ("" for the
// system's folder for temporary files).
func newDistinct(memory int64, dir string) *distinct {
	return &distinct{ids: map[uint64]struct{}{}, limit: int(max(1<<10, memory/idBytes)), dir: dir}
}

// add takes in the values of an array of integers of 32 or 64 bits.
func (d *distinct) add(a *nd.Array) error {
	switch a.DType() {
	case nd.Int32:
		return addIDs(d, nd.Values[int32](a))
	case nd.Int64:
		return addIDs(d, nd.Values[int64](a))
	case nd.Uint32:
		return addIDs(d, nd.Values[uint32](a))
	default:
		return addIDs(d, nd.Values[uint64](a))
	}
}

func addIDs[T int32 | int64 | uint32 | uint64](d *distinct, values []T) error {
	const most = 1 << 16 // ids that are collected before the common set is asked
	some := make(map[uint64]struct{})
	for i, v := range values {
		if i > 0 && v == values[i-1] {
			continue
		}
		if some[uint64(v)] = struct{}{}; len(some) == most {
			if err := d.merge(some); err != nil {
				return err
			}
			clear(some)
		}
	}
	return d.merge(some)
}

func (d *distinct) merge(some map[uint64]struct{}) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range some {
		d.ids[id] = struct{}{}
	}
	if len(d.ids) < d.limit {
		return nil
	}
	return d.spill()
}

// spill moves the set to the file; d.mu is held.
func (d *distinct) spill() error {
	if d.file == nil {
		file, err := os.CreateTemp(d.dir, "volara-distinct-")
		if err != nil {
			return fmt.Errorf("counting distinct values: %w", fault.FromOS(err))
		}
		d.file = file
		os.Remove(file.Name()) //nolint:errcheck // close removes it where an open file keeps its name
	}
	ids := make([]uint64, 0, len(d.ids))
	for id := range d.ids {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := bufio.NewWriterSize(d.file, 1<<20)
	var word [8]byte
	for _, id := range ids {
		binary.NativeEndian.PutUint64(word[:], id)
		if _, err := out.Write(word[:]); err != nil {
			return fmt.Errorf("counting distinct values: %w", fault.FromOS(err))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("counting distinct values: %w", fault.FromOS(err))
	}
	length := int64(8 * len(ids))
	d.runs = append(d.runs, run{d.size, length})
	d.size += length
	clear(d.ids)
	return nil
}

// count returns the number of different values.
func (d *distinct) count() (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.runs) == 0 {
		return int64(len(d.ids)), nil
	}
	if err := d.spill(); err != nil {
		return 0, err
	}
	var h cursors
	for _, r := range d.runs {
		c := &cursor{in: bufio.NewReaderSize(io.NewSectionReader(d.file, r.offset, r.length), 1<<16)}
		if more, err := c.next(); err != nil {
			return 0, err
		} else if more {
			h = append(h, c)
		}
	}
	heap.Init(&h)
	n, last := int64(0), uint64(0)
	for len(h) > 0 {
		c := h[0]
		if n == 0 || c.id != last {
			n, last = n+1, c.id
		}
		more, err := c.next()
		if err != nil {
			return 0, err
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return n, nil
}

// close removes the temporary file.
func (d *distinct) close() error {
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	os.Remove(d.file.Name()) //nolint:errcheck // it may be gone already
	return err
}

// A cursor reads a run.
type cursor struct {
	in *bufio.Reader
	id uint64
}

// next reads the next id; false at the end.
func (c *cursor) next() (bool, error) {
	var word [8]byte
	_, err := io.ReadFull(c.in, word[:])
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("counting distinct values: %w", err)
	}
	c.id = binary.NativeEndian.Uint64(word[:])
	return true, nil
}

// cursors is a heap of runs by their next id.
type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return c[i].id < c[j].id }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) }

// Pop implements heap.Interface.
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
