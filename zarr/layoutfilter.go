package zarr

import (
	"fmt"
	"slices"

	"volara/nd"
	"volara/zarr/codec"
)

// addFilter puts a filter behind the transposition and starts the layout of what it makes, which has the same shape, or
// is a list where the filter changes the number of elements.
func (l *layout) addFilter(filter codec.Filter) error {
	name := filter.Spec().V3Name
	in, out := filter.Types()
	if in.Size() != l.dtype.Size() {
		return fmt.Errorf("%q takes elements of type %v, not %v", name, in.DType, l.dtype)
	}
	if err := checkBooleans(filter, l.dtype); err != nil {
		return err
	}
	next := &layout{dtype: out.DType, shape: slices.Clone(l.storedShape())}
	if n, ok := product(l.shape, l.dtype.Size()); !ok || n > maxChunkBytes {
		return fmt.Errorf("%q takes at most %d bytes, and a chunk of %v %v voxels has more", name, maxChunkBytes, l.shape, l.dtype)
	}
	made := filter.EncodedLen(l.size())
	if made != next.size() {
		next.shape = []int{made / out.Size()}
	}
	if made > maxChunkBytes {
		return fmt.Errorf("%q makes %d bytes of a chunk; at most %d are supported", name, made, maxChunkBytes)
	}
	if next.noFill = l.noFill; next.noFill == nil {
		next.fill, next.noFill = castFill(l.fill, l.dtype, next.dtype)
	}
	l.filter, l.next = filter, next
	return nil
}

// checkBooleans refuses a filter of booleans for numbers, which would come back as 0 and 1.
func checkBooleans(filter codec.Filter, t nd.DType) error {
	if in, _ := filter.Types(); in.DType == nd.Bool && t != nd.Bool {
		return fmt.Errorf("%q takes elements of type %v, not %v", filter.Spec().V3Name, in.DType, t)
	}
	return nil
}

// castFill returns a fill value as another type, in which shards behind a filter leave out chunks.
func castFill(fill Fill, from, to nd.DType) (Fill, error) {
	if fill == (Fill{}) || from == to {
		return fill, nil
	}
	cast, err := parseFill(fill.json(from), to)
	if err != nil {
		return Fill{}, fmt.Errorf("fill value %w", err)
	}
	return cast, nil
}

// unfilter decodes what the filter made and undoes the filter.
func (l *layout) unfilter(dst, src []byte) error {
	filtered := make([]byte, l.next.size())
	if err := l.next.decode(filtered, src); err != nil {
		return err
	}
	out, err := l.filter.Decode(dst, filtered, len(dst))
	if err != nil {
		return fmt.Errorf("decoding %s: %w", l.filter.Spec().V3Name, err)
	}
	if len(out) != len(dst) {
		return fmt.Errorf("%d bytes where the chunk has %d", len(out), len(dst))
	}
	if len(out) > 0 && &out[0] != &dst[0] {
		copy(dst, out)
	}
	return nil
}
