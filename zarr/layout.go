package zarr

import (
	"encoding/binary"
	"fmt"
	"math"

	"volara/nd"
	"volara/zarr/codec"
)

// nativeEndian is the machine's byte order, as the formats name it.
var nativeEndian = map[byte]string{1: "little", 0: "big"}[binary.NativeEndian.AppendUint16(nil, 1)[0]]

// byteOrders are the byte orders by name.
var byteOrders = map[string]binary.ByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian}

// A layout says how the voxels of a chunk become bytes: transposed, then serialised in some byte order or as a shard,
// then encoded; or, behind a filter, stored as the next layout says. It may be used concurrently.
type layout struct {
	dtype  nd.DType
	shape  []int // of the chunk, in the array's order of axes
	fill   Fill
	noFill error // behind filters: why the fill value is none of the type, so that no shard can be
	order  []int // stored axis k is axis order[k]; nil when nothing is transposed
	filter codec.Filter
	next   *layout // of what the filter makes; the fields below are used where there is none
	swap   bool    // stored in the byte order that is not the machine's
	shard  *shard
	codecs codec.Chain
}

// transpose adds a transposition to those before it.
func (l *layout) transpose(order []int) {
	composed, identity := make([]int, len(order)), true
	for k, axis := range order {
		composed[k] = axis
		if l.order != nil {
			composed[k] = l.order[axis]
		}
		identity = identity && composed[k] == k
	}
	if l.order = composed; identity {
		l.order = nil
	}
}

// storedShape returns the shape of the transposed chunk.
func (l *layout) storedShape() []int {
	if l.order == nil {
		return l.shape
	}
	shape := make([]int, len(l.shape))
	for k, axis := range l.order {
		shape[k] = l.shape[axis]
	}
	return shape
}

// bigEndian reports whether elements are stored with the most significant byte first.
func (l *layout) bigEndian() bool { return l.dtype.Size() > 1 && l.swap == (nativeEndian == "little") }

// size returns the bytes of a decoded chunk.
func (l *layout) size() int { return nd.Len(l.shape) * l.dtype.Size() }

// maxEncoded bounds what a sane encoder makes of a chunk; a longer object is corrupt.
func (l *layout) maxEncoded() int { return min(2*l.bound(), math.MaxInt-1<<20) + 1<<20 }

// bound bounds what is stored of a chunk if nothing between its parts is wasted. It does not overflow.
func (l *layout) bound() int {
	if l.next != nil {
		return max(l.size(), l.next.bound())
	}
	n := l.size()
	if l.shard != nil {
		n = l.shard.bound()
	}
	const most = math.MaxInt / 64 // codecs at most multiply by the size of an element
	return min(max(n, l.codecs.MaxEncodedLen(min(n, most))), most)
}

// variable returns the name of a codec whose output has no fixed length, "" where there is none.
func (l *layout) variable() string {
	if l.next != nil {
		return l.next.variable()
	}
	if l.shard != nil {
		return "sharding_indexed"
	}
	for _, c := range l.codecs {
		if _, ok := c.(codec.FixedLength); !ok {
			return c.Spec().V3Name
		}
	}
	return ""
}

// fixedSize returns the bytes that encode makes where no codec is variable.
func (l *layout) fixedSize() int {
	if l.next != nil {
		return l.next.fixedSize()
	}
	return l.codecs.MaxEncodedLen(l.size())
}

// maxUsual is what a chunk rarely exceeds when it is encoded.
func (l *layout) maxUsual() int { return min(l.bound(), 2*l.size()+1<<16) }

// ranged reports whether the chunks inside a shard can be read on their own.
func (l *layout) ranged() bool {
	return l.shard != nil && l.order == nil && l.next == nil && len(l.codecs) == 0
}

// plain reports whether voxels are stored as they are in memory.
func (l *layout) plain() bool {
	return l.shard == nil && l.order == nil && l.next == nil && !l.swap && len(l.codecs) == 0
}

// pieceShape returns the shape of what is decoded on its own.
func (l *layout) pieceShape() []int {
	if l.ranged() {
		return l.shard.inner.pieceShape()
	}
	return l.shape
}

// pieces returns how many pieces are decoded on their own.
func (l *layout) pieces() int {
	if l.ranged() {
		return nd.Len(l.shard.counts) * l.shard.inner.pieces()
	}
	return 1
}

// names lists the codecs for people.
func (l *layout) names() []string {
	var names []string
	if l.order != nil {
		names = append(names, "transpose")
	}
	if l.next != nil {
		return append(append(names, l.filter.Spec().V3Name), l.next.names()...)
	}
	if l.shard != nil {
		names = append(names, fmt.Sprintf("sharding_indexed%v", l.shard.inner.names()))
	} else {
		names = append(names, "bytes")
	}
	for _, c := range l.codecs {
		names = append(names, c.Spec().V3Name)
	}
	return names
}

// decode decodes src into dst, which has the size of the chunk: C order, the machine's byte order. src is not changed.
func (l *layout) decode(dst, src []byte) error {
	stored := dst
	if l.order != nil {
		stored = make([]byte, len(dst))
	}
	var err error
	switch {
	case l.next != nil:
		err = l.unfilter(stored, src)
	case l.shard != nil:
		err = l.decodeShard(stored, src)
	default:
		err = l.decodeVoxels(stored, src, 0, len(stored))
	}
	if err == nil && l.order != nil {
		untranspose(dst, l.shape, stored, l.order, l.dtype.Size())
	}
	return err
}

// decodePart decodes at least the bytes from lo to hi of a chunk, which begin and end with elements, into their place in
// dst, which has the chunk's size.
func (l *layout) decodePart(dst, src []byte, lo, hi int) error {
	if l.order != nil || l.next != nil || l.shard != nil {
		return l.decode(dst, src)
	}
	return l.decodeVoxels(dst, src, lo, hi)
}

// decodeVoxels is decodePart where nothing but byte order and codecs stand between src and dst.
func (l *layout) decodeVoxels(dst, src []byte, lo, hi int) error {
	if err := l.codecs.DecodePart(dst, src, lo, hi); err != nil {
		return err
	}
	if l.swap {
		nd.Swap(dst[lo:hi], dst[lo:hi], l.dtype)
	}
	return nil
}

// decodeShard decodes a whole shard.
func (l *layout) decodeShard(dst, src []byte) error {
	for i := len(l.codecs) - 1; i >= 0; i-- {
		out, err := l.codecs[i].Decode(nil, src, l.maxEncoded())
		if err != nil {
			return fmt.Errorf("decoding %s: %w", l.codecs[i].Spec().V3Name, err)
		}
		src = out
	}
	return l.shard.decode(dst, src, l.fill)
}

// encode encodes a chunk given in C order and the machine's byte order; it is not changed. The result may be chunk
// itself, or lie in buf.
func (l *layout) encode(buf, chunk []byte) ([]byte, error) {
	if l.order != nil {
		stored := make([]byte, len(chunk))
		transpose(stored, chunk, l.shape, l.order, l.dtype.Size())
		chunk = stored
	}
	if l.next != nil {
		filtered, err := l.filter.Encode(nil, chunk)
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", l.filter.Spec().V3Name, err)
		}
		return l.next.encode(buf, filtered)
	}
	if l.shard != nil {
		out, err := l.shard.encode(chunk, l.fill)
		if err != nil {
			return nil, err
		}
		chunk = out
	} else if l.swap {
		swapped := make([]byte, len(chunk))
		nd.Swap(swapped, chunk, l.dtype)
		chunk = swapped
	}
	return l.codecs.Encode(buf, chunk)
}

// specs lists everything that decides how chunks are stored.
func (l *layout) specs() []any {
	specs := []any{l.order, l.swap}
	if l.next != nil {
		return append(specs, codecSpecs(codec.Chain{l.filter}), l.next.specs())
	}
	if l.shard != nil {
		specs = append(specs, l.shard.atStart, l.shard.indexLayout.specs(), l.shard.inner.shape, l.shard.inner.specs())
	}
	return append(specs, codecSpecs(l.codecs))
}

func codecSpecs(chain codec.Chain) []any {
	var specs []any
	for _, c := range chain {
		s := c.Spec()
		specs = append(specs, s.V3Name, s.V3Config)
	}
	return specs
}
