package zarr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"volara/fault"
	"volara/nd"
	"volara/zarr/ngff"
	"volara/zarr/store"
)

// An Array is an open zarr array. It may be used concurrently; concurrent writes must be to distinct voxels, but may
// share chunks.
type Array struct {
	store  store.Store
	prefix string // of the array's keys: empty, or ends in a slash
	path   string // for people
	// identity is the path, and where that is a bucket, the server that has it: what caches know the array by.
	identity string
	options  options
	image    *ngff.Group // where a multiscale image describes the array
	level    *ngff.Level
	through  string // where below the location the image lies through which the array was found; "" where it was named itself
	noLevel  error  // why the image above the array is not understood
	state    *state
	buffers  *buffers
}

// state is what changes while an array is open; all copies of an Array share it.
type state struct {
	mu    sync.RWMutex
	meta  *Metadata
	blank blank
}

type options struct {
	cache    *Cache
	sparse   bool
	required bool
	store    store.Options
	choice   ngff.Choice // of an image's level
	parallel int         // 0: as many as there are processors
	helpers  *Helpers    // instead of parallel
	bound    *bound      // of what is decoded at once; nil: none
}

// An Option is a choice for an open array.
type Option func(*options)

// Sparse leaves chunks out of the store that hold nothing but the fill value. Without it every chunk written is
// stored, so that a missing one tells that nobody wrote it.
func Sparse() Option { return func(o *options) { o.sparse = true } }

// Required makes reading a chunk that is not stored an error that wraps ErrMissingChunk, instead of the fill value.
// It is for outputs that are known to be complete, on file systems that show new files late.
func Required() Option { return func(o *options) { o.required = true } }

// In chooses how the store of the array's location is opened, so also whether what is written survives a loss of power. It has no effect on arrays of a store that is given.
func In(o store.Options) Option { return func(to *options) { to.store = o } }

// Cached makes reads go through a cache, which any number of arrays may share.
func Cached(c *Cache) Option { return func(o *options) { o.cache = c } }

// ErrMissingChunk says that a chunk is not stored, where Required asks for it.
var ErrMissingChunk = errors.New("chunk is not stored")

// With returns a view of the same array with other options.
func (a *Array) With(opts ...Option) *Array {
	b := *a
	for _, o := range opts {
		o(&b.options)
	}
	return &b
}

// Shape returns the array's shape; the caller may keep it.
func (a *Array) Shape() []int { return slices.Clone(a.metadata().Shape) }

// DType returns the type of the array's elements.
func (a *Array) DType() nd.DType { return a.metadata().DType }

// Metadata returns a copy of what the array's metadata says.
func (a *Array) Metadata() Metadata { return a.metadata().clone() }

// metadata returns the shared metadata, which nobody changes.
func (a *Array) metadata() *Metadata {
	a.state.mu.RLock()
	defer a.state.mu.RUnlock()
	return a.state.meta
}

// Path returns where the array is: the absolute path of its directory or its URL, in the case of an OME-Zarr image that
// of the level that was opened.
func (a *Array) Path() string { return a.path }

// Node returns where the array lies in its store. It is closed with the array.
func (a *Array) Node() *store.Node { return &store.Node{Store: a.store, Prefix: a.prefix} }

// Close releases what the array holds open. An array that is not closed is released when it is collected.
func (a *Array) Close() error { return store.Close(a.store) }

// chunkName returns the path of a chunk's file, for error messages.
func (a *Array) chunkName(key string) string { return store.Name(a.store, a.prefix+key) }

// corrupt returns the error for a chunk that cannot be decoded.
func (a *Array) corrupt(key string, err error) error {
	return fault.Permanent(fmt.Errorf("%s: corrupt or truncated chunk: %w", a.chunkName(key), err))
}

// checkBox verifies offset and shape of a box.
func (m *Metadata) checkBox(offset, shape []int) error {
	if len(offset) != len(m.Shape) || len(shape) != len(m.Shape) {
		return fmt.Errorf("box of %d and %d dimensions in an array of %d", len(offset), len(shape), len(m.Shape))
	}
	if i := slices.IndexFunc(shape, func(n int) bool { return n < 0 }); i >= 0 {
		return fmt.Errorf("box of shape %v", shape)
	}
	return nil
}

// whole returns the box of the array.
func (m *Metadata) whole() box { return box{make([]int, len(m.Shape)), m.Shape} }

// pieceBytes returns the bytes of a piece that is decoded on its own.
func (m *Metadata) pieceBytes() int { return nd.Len(m.Inner) * m.DType.Size() }

// get reads an object of at most limit bytes into buf where it fits.
func (a *Array) get(ctx context.Context, key string, buf []byte, limit int) ([]byte, error) {
	return a.Node().GetBuffer(ctx, key, buf, int64(limit))
}
