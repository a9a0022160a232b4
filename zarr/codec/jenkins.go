package codec

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// jenkins appends Bob Jenkins's lookup3 checksum, which HDF5 uses; numcodecs' jenkins_lookup3.
type jenkins struct {
	checksum
	// InitVal is what the checksum begins with.
	InitVal uint32
}

type jenkinsConfig struct {
	ID      string `json:"id,omitempty"`
	InitVal uint32 `json:"initval"`
	Prefix  any    `json:"prefix"`
}

func parseJenkins(decode func(any) error, _ Type) (Codec, error) {
	var c struct {
		InitVal uint32 `json:"initval"`
		Prefix  any    `json:"prefix"`
	}
	if err := decode(&c); err != nil {
		return nil, err
	}
	if c.Prefix != nil {
		return nil, errors.New("prefix: none can be given")
	}
	sum := func(b []byte) uint32 { return lookup3(b, c.InitVal) }
	return jenkins{checksum{kind: checksumKind{"jenkins_lookup3", sum, false, true}}, c.InitVal}, nil
}

// Spec implements Codec.
func (j jenkins) Spec() Spec {
	return Spec{numcodecs + "jenkins_lookup3", jenkinsConfig{InitVal: j.InitVal}, jenkinsConfig{ID: "jenkins_lookup3", InitVal: j.InitVal}}
}

// lookup3 is hashlittle of https://burtleburtle.net/bob/c/lookup3.c
func lookup3(data []byte, seed uint32) uint32 {
	start := 0xdeadbeef + uint32(len(data)) + seed
	a, b, c := start, start, start
	if len(data) == 0 {
		return c
	}
	for ; len(data) > 12; data = data[12:] {
		a += binary.LittleEndian.Uint32(data)
		b += binary.LittleEndian.Uint32(data[4:])
		c += binary.LittleEndian.Uint32(data[8:])
		a = (a - c) ^ bits.RotateLeft32(c, 4)
		c += b
		b = (b - a) ^ bits.RotateLeft32(a, 6)
		a += c
		c = (c - b) ^ bits.RotateLeft32(b, 8)
		b += a
		a = (a - c) ^ bits.RotateLeft32(c, 16)
		c += b
		b = (b - a) ^ bits.RotateLeft32(a, 19)
		a += c
		c = (c - b) ^ bits.RotateLeft32(b, 4)
		b += a
	}
	var last [12]byte
	copy(last[:], data)
	a += binary.LittleEndian.Uint32(last[:])
	b += binary.LittleEndian.Uint32(last[4:])
	c += binary.LittleEndian.Uint32(last[8:])
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	return (c ^ b) - bits.RotateLeft32(b, 24)
}
