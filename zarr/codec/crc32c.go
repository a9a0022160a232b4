package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// CRC32C appends the little-endian Castagnoli checksum of the bytes before it.
type CRC32C struct{}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Spec implements Codec.
func (CRC32C) Spec() Spec { return Spec{"crc32c", nil, idV2{"crc32c"}} }

type idV2 struct {
	ID string `json:"id"`
}

// EncodedLen implements FixedLength.
func (CRC32C) EncodedLen(n int) int { return n + 4 }

// Encode implements Codec.
func (CRC32C) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, len(src)+4)
	copy(dst, src)
	binary.LittleEndian.PutUint32(dst[len(src):], crc32.Checksum(src, castagnoli))
	return dst, nil
}

// Decode implements Codec.
func (CRC32C) Decode(dst, src []byte, limit int) ([]byte, error) {
	n := len(src) - 4
	if n < 0 {
		return nil, errors.New("shorter than its checksum")
	}
	if n > limit {
		return nil, ErrTooLong
	}
	want, got := binary.LittleEndian.Uint32(src[n:]), crc32.Checksum(src[:n], castagnoli)
	if want != got {
		return nil, fmt.Errorf("checksum is %08x and should be %08x", got, want)
	}
	dst = grow(dst, n)
	copy(dst, src)
	return dst, nil
}
