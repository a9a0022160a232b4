package codec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/snappy"
)

// A bloscCompressor is what the streams of a frame are compressed with.
type bloscCompressor struct {
	name   string
	format int // of the streams, in the three top bits of a frame's flags
	// thorough compressors are worth larger blocks.
	thorough bool
	// whole says that blocks are not split into one stream for each byte of the element.
	whole bool
	// encode returns src compressed, or nothing where the compressor gives up.
	encode func(b *Blosc, dst, src []byte) ([]byte, error)
	// decode decompresses src, which must fill dst exactly.
	decode func(b *Blosc, dst, src []byte) error
}

// bloscCompressors lists those that c-blosc has.
var bloscCompressors = []bloscCompressor{
	{name: "lz4", format: 1,
		encode: func(b *Blosc, dst, src []byte) ([]byte, error) { return b.lz4.encode(dst, src, 0) },
		decode: func(b *Blosc, dst, src []byte) error { return b.lz4.decode(dst, src) }},
	{name: "lz4hc", format: 1, thorough: true,
		encode: func(b *Blosc, dst, src []byte) ([]byte, error) { return b.lz4.encode(dst, src, b.Level) },
		decode: func(b *Blosc, dst, src []byte) error { return b.lz4.decode(dst, src) }},
	{name: "zstd", format: 4, thorough: true, whole: true,
		encode: func(b *Blosc, dst, src []byte) ([]byte, error) { return b.zstd.Encode(dst, src) },
		decode: func(b *Blosc, dst, src []byte) error { return exactly(b.zstd, dst, src) }},
	{name: "zlib", format: 3, thorough: true,
		encode: func(b *Blosc, dst, src []byte) ([]byte, error) { return b.zlib.Encode(dst, src) },
		decode: func(b *Blosc, dst, src []byte) error { return exactly(&b.zlib, dst, src) }},
	{name: "blosclz", format: 0,
		encode: func(_ *Blosc, dst, src []byte) ([]byte, error) { return encodeBloscLZ(dst, src), nil },
		decode: func(_ *Blosc, dst, src []byte) error { return decodeBloscLZ(dst, src) }},
	{name: "snappy", format: 2,
		encode: func(_ *Blosc, dst, src []byte) ([]byte, error) { return snappy.Encode(dst, src), nil },
		decode: func(_ *Blosc, dst, src []byte) error { return decodeSnappy(dst, src) }},
}

// bloscCompressorOf returns the compressor of a name.
func bloscCompressorOf(name string) (bloscCompressor, error) {
	var names []string
	for _, c := range bloscCompressors {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return bloscCompressor{}, fmt.Errorf("cname %q: supported are %s", name, strings.Join(names, ", "))
}

// bloscDecoder returns the decoder of streams of a format.
func bloscDecoder(format int) (func(b *Blosc, dst, src []byte) error, error) {
	i := slices.IndexFunc(bloscCompressors, func(c bloscCompressor) bool { return c.format == format })
	if i < 0 {
		return nil, fmt.Errorf("unknown blosc compressor %d", format)
	}
	return bloscCompressors[i].decode, nil
}

// decodeSnappy decompresses a block of snappy, which must fill dst exactly.
func decodeSnappy(dst, src []byte) error {
	if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
		return fmt.Errorf("snappy: %d bytes where %d are due (%w)", n, len(dst), err)
	}
	_, err := snappy.Decode(dst, src)
	return err
}

// exactly decodes src into dst and fails when it does not fill it.
func exactly(c Codec, dst, src []byte) error {
	out, err := c.Decode(dst, src, len(dst))
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return fmt.Errorf("%d bytes decoded where %d are due", len(out), len(dst))
	}
	if len(dst) > 0 && &dst[0] != &out[0] {
		copy(dst, out)
	}
	return nil
}
