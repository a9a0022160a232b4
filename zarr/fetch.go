package zarr

import (
	"context"
	"errors"
	"fmt"

	"volara/zarr/store"
)

// fetch reads the object whole, from a store that opens no values, and calls do with its bytes, which are do's until it
// returns, while there is memory for them and for so many bytes of voxels. l says what the object is.
//
// How long it is, is known only when it comes. So before it is asked for there is room for what an encoder makes at most,
// and from then on for what it is.
func (o *object) fetch(ctx context.Context, b *bound, l *layout, voxels int64, do func(raw []byte) error) error {
	if b == nil {
		return o.receive(ctx, l.maxEncoded(), nil, 0, do)
	}
	if voxels > b.bytes { // unless it is not stored
		do = func([]byte) error { return b.tooLarge(o, voxels) }
	}
	left := max(b.bytes-voxels, 0)
	try := func(most int64) error {
		r, err := b.chunks.take(ctx, min(most+voxels, b.bytes))
		if err != nil {
			return err
		}
		defer r.keep(0)
		return o.receive(ctx, int(most), r, voxels, do)
	}
	usual, most := min(int64(l.bound()), left), min(int64(l.maxEncoded()), left)
	err := try(usual)
	if errors.Is(err, errLonger) && most > usual { // its encoder was wasteful
		err = try(most)
	}
	switch {
	case errors.Is(err, errLonger) && most < int64(l.maxEncoded()):
		return b.tooLarge(o, max(b.bytes, int64(l.bound())+voxels)) // what it takes at most, unless its encoder wastes
	case errors.Is(err, errLonger):
		return o.a.corrupt(o.key, err)
	}
	return err
}

// errLonger says that an object is longer than what was there for it.
var errLonger = errors.New("it is longer than it can be")

// receive is one try of fetch, of at most so many bytes.
func (o *object) receive(ctx context.Context, most int, r *room, voxels int64, do func(raw []byte) error) error {
	b := o.a.buffers.takeAny()
	defer o.a.buffers.put(b)
	raw, err := o.a.get(ctx, o.key, b.b, most)
	switch {
	case errors.Is(err, store.ErrRange) && r != nil:
		return fmt.Errorf("%w: %w", errLonger, err)
	case err != nil:
		return o.failed(err)
	}
	b.keep(raw)
	r.keep(int64(len(raw)) + voxels)
	return do(raw)
}
