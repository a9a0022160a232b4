package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
)

// A checksum adds the little-endian 32-bit checksum of the bytes to them, and verifies it.
type checksum struct {
	kind  checksumKind
	start bool
}

// A checksumKind is one of the functions.
type checksumKind struct {
	id  string
	sum func([]byte) uint32
	// movable checksums have a location, at the start unless atEnd is set.
	movable, atEnd bool
}

// CRC32C returns the codec of zarr v3: the Castagnoli checksum after the bytes (RFC 3720).
func CRC32C() Codec { return checksum{kind: crc32cKind()} }

func crc32cKind() checksumKind {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the library, which knows it by its address
	return checksumKind{"crc32c", func(b []byte) uint32 { return crc32.Checksum(b, table) }, true, true}
}

func crc32Kind() checksumKind {
	return checksumKind{"crc32", crc32.ChecksumIEEE, true, false}
}

func adler32Kind() checksumKind {
	return checksumKind{"adler32", adler32.Checksum, true, false}
}

// fletcher32Kind is HDF5's filter, always at the end.
func fletcher32Kind() checksumKind {
	return checksumKind{"fletcher32", fletcher32, false, true}
}

// parseCRC32C reads the configuration of zarr v3's codec, which has none.
func parseCRC32C(decode func(any) error, _ Type) (Codec, error) {
	return CRC32C(), decode(&struct{}{})
}

// parseChecksum reads the configuration of numcodecs' codec of that kind.
func parseChecksum(kind checksumKind) parseFunc {
	return func(decode func(any) error, _ Type) (Codec, error) {
		var c struct {
			Location *string `json:"location"`
		}
		if err := decode(&c); err != nil {
			return nil, err
		}
		switch {
		case c.Location == nil:
			return checksum{kind, !kind.atEnd}, nil
		case !kind.movable:
			return nil, fmt.Errorf("location %q: it has none", *c.Location)
		case *c.Location != "start" && *c.Location != "end":
			return nil, fmt.Errorf("location %q: supported are \"start\" and \"end\"", *c.Location)
		}
		return checksum{kind, *c.Location == "start"}, nil
	}
}

type checksumConfig struct {
	ID       string `json:"id,omitempty"`
	Location string `json:"location,omitempty"`
}

// Spec implements Codec. The crc32c at the end is zarr v3's own.
func (c checksum) Spec() Spec {
	config := checksumConfig{}
	if c.start == c.kind.atEnd {
		config.Location = map[bool]string{true: "start", false: "end"}[c.start]
	}
	s := Spec{numcodecs + c.kind.id, config, checksumConfig{c.kind.id, config.Location}}
	if c.kind.id == "crc32c" && !c.start {
		s.V3Name, s.V3Config = "crc32c", nil
	}
	return s
}

// EncodedLen implements FixedLength.
func (c checksum) EncodedLen(n int) int { return n + 4 }

// Encode implements Codec.
func (c checksum) Encode(dst, src []byte) ([]byte, error) {
	dst = grow(dst, len(src)+4)
	sum, data := dst[len(src):], dst
	if c.start {
		sum, data = dst[:4], dst[4:]
	}
	copy(data, src)
	binary.LittleEndian.PutUint32(sum, c.kind.sum(src))
	return dst, nil
}

// Decode implements Codec; the result lies in src.
func (c checksum) Decode(_, src []byte, limit int) ([]byte, error) {
	n := len(src) - 4
	switch {
	case n < 0:
		return nil, errors.New("shorter than its checksum")
	case n > limit:
		return nil, ErrTooLong
	}
	stored, data := src[n:], src[:n:n]
	if c.start {
		stored, data = src[:4], src[4:]
	}
	if want, got := binary.LittleEndian.Uint32(stored), c.kind.sum(data); want != got {
		return nil, fmt.Errorf("checksum is %08x and should be %08x", got, want)
	}
	return data, nil
}

// fletcher32 is HDF5's H5_checksum_fletcher32: sums of big-endian 16-bit words modulo 65535, a last odd byte being the
// high half of one. https://en.wikipedia.org/wiki/Fletcher%27s_checksum
func fletcher32(data []byte) uint32 {
	const words = 360 // the sums of that many do not overflow
	fold := func(n uint32) uint32 { return n&0xffff + n>>16 }
	var a, b uint32
	for len(data) > 1 {
		block := data[:min(len(data)&^1, 2*words)]
		data = data[len(block):]
		for i := 0; i+1 < len(block); i += 2 {
			a += uint32(block[i])<<8 | uint32(block[i+1])
			b += a
		}
		a, b = fold(a), fold(b)
	}
	if len(data) == 1 {
		a += uint32(data[0]) << 8
		b += a
	}
	return fold(fold(b))<<16 | fold(fold(a))
}
