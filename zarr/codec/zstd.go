package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/gozstd"
)

// Zstd is Zstandard (RFC 8878), by libzstd. Every frame that it makes says how long its content is; frames that do not,
// frames after one another and skippable ones are decoded, too.
type Zstd struct {
	// Level is libzstd's: −131072 (fastest) to 22 (smallest), beyond which it means the nearest; 0 means 3.
	Level int
	// Checksum asks for a checksum of the content in each frame. One that is there is verified in any case.
	Checksum bool
}

type zstdConfig struct {
	Level    int  `json:"level"`
	Checksum bool `json:"checksum"`
}

type zstdV2 struct {
	ID       string `json:"id"`
	Level    int    `json:"level"`
	Checksum bool   `json:"checksum,omitempty"`
}

func parseZstd(decode func(any) error, _ Type) (Codec, error) {
	var c zstdConfig
	err := decode(&c)
	return Zstd(c), err
}

// Spec implements Codec.
func (z Zstd) Spec() Spec {
	return Spec{"zstd", zstdConfig(z), zstdV2{"zstd", z.Level, z.Checksum}}
}

// The levels that libzstd has.
const (
	zstdFastest  = -131072
	zstdSmallest = 22
)

func (z Zstd) refusal() error { return checkLevel(z.Level, zstdFastest, zstdSmallest) }

// The fifth byte of a frame, its descriptor, and the checksum's bit in it.
const (
	zstdDescriptor   = 4
	zstdChecksumFlag = 1 << 2
)

// Encode implements Codec.
func (z Zstd) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, zstdBound(len(src)))[:0]
	if len(src) == 0 { // of which gozstd makes nothing: a frame of one segment, 0 bytes, with an empty last block
		dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0)
	} else {
		dst = gozstd.CompressLevel(dst, src, min(max(z.Level, zstdFastest), zstdSmallest))
	}
	if z.Checksum { // which gozstd cannot be asked for
		dst[zstdDescriptor] |= zstdChecksumFlag
		dst = binary.LittleEndian.AppendUint32(dst, uint32(xxhash.Sum64(src)))
	}
	return dst, nil
}

// zstdBound is ZSTD_COMPRESSBOUND and a checksum: with so much room libzstd need not ask whether there is some left.
func zstdBound(n int) int {
	return n + n>>8 + max(128<<10-n, 0)>>11 + 4
}

// Decode implements Codec. It decodes into dst itself.
func (z Zstd) Decode(dst, src []byte, limit int) ([]byte, error) {
	if len(src) == 0 {
		return nil, errors.New("no bytes where a zstd frame should be")
	}
	size, exact, err := zstdContent(src)
	if err != nil {
		return nil, err
	}
	if exact && size > uint64(limit) {
		return nil, ErrTooLong
	}
	// gozstd takes no limit for none, and looks for more room only where there is less than the limit.
	room := max(int(min(size, uint64(limit))), 1)
	if cap(dst) < room {
		dst = make([]byte, room)
	}
	out, err := gozstd.DecompressLimited(dst[:0:room], src, room)
	switch {
	case err == nil && len(out) > limit:
		return nil, ErrTooLong
	case err == nil:
		return out, nil
	case size > uint64(limit) && !strings.HasPrefix(err.Error(), "decompression error"):
		return nil, ErrTooLong // as it was for the room at first: only then gozstd tries again, and finds other words
	default:
		return nil, fmt.Errorf("zstd: %w", err)
	}
}
