package zarr

import (
	"runtime"

	"volara/zarr/store"
)

// Parallel lets each Read and Write of the array use up to n goroutines, its caller's among them. Without it, or with 0,
// they are as many as Go uses processors. Stores that are far away are asked several things at once in any case.
func Parallel(n int) Option { return func(o *options) { o.parallel, o.helpers = n, nil } }

// Helpers are goroutines that the calls of many arrays share.
type Helpers struct{ workers *workers }

// NewHelpers returns n of them. A call takes those that are idle when it has use for them, so that a call that is alone
// has all, and many calls at once are never more goroutines than they are calls, and n.
func NewHelpers(n int) *Helpers { return &Helpers{newWorkers(max(n, 0) + 1)} }

// Helped lets the calls of the array use idle helpers instead of goroutines of their own: where many blocks are worked on
// at once.
func Helped(h *Helpers) Option { return func(o *options) { o.helpers = h } }

// workers returns the goroutines for one call.
func (a *Array) workers() *workers {
	n := a.options.parallel
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	if s, ok := a.store.(store.Distant); ok {
		return newWorkers(max(n, s.Requests()))
	}
	if h := a.options.helpers; h != nil {
		return h.workers
	}
	return newWorkers(n)
}
