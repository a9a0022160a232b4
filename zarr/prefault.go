package zarr

import (
	"context"
	"os"
	"unsafe"
)

const (
	prefaultFrom  = 1 << 20 // bytes from which on it pays
	prefaultPiece = 2 << 20 // bytes a goroutine asks for at once
)

// prefault lets several goroutines map the pages of memory that is about to be filled, where the kernel can do that in
// runs: chunks touch pages in no order of theirs, and a fault for each is dearer.
func (w *workers) prefault(ctx context.Context, b []byte) {
	if len(b) < prefaultFrom {
		return
	}
	page := os.Getpagesize()
	skip := int(-uintptr(unsafe.Pointer(&b[0])) & uintptr(page-1))
	b = b[skip : skip+(len(b)-skip)/page*page]
	pieces := (len(b) + prefaultPiece - 1) / prefaultPiece
	_ = w.apart(ctx, pieces, func(_ context.Context, i int) error {
		populate(b[i*prefaultPiece : min((i+1)*prefaultPiece, len(b))])
		return nil
	})
}
