package codec_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"volara/zarr/codec"
)

func TestEmptyChain(t *testing.T) {
	data := []byte("neurite")
	encoded, err := codec.Chain(nil).Encode(make([]byte, 100), data)
	if err != nil || &encoded[0] != &data[0] {
		t.Errorf("%q, %v", encoded, err)
	}
	decoded, err := codec.Chain(nil).Decode(make([]byte, 100), data, len(data))
	if err != nil || &decoded[0] != &data[0] {
		t.Errorf("%q, %v", decoded, err)
	}
	for _, size := range []int{len(data) - 1, len(data) + 1} {
		if _, err := codec.Chain(nil).Decode(nil, data, size); err == nil {
			t.Errorf("%d bytes for %d", len(data), size)
		}
	}
	part := make([]byte, len(data))
	if err := codec.Chain(nil).DecodePart(part, data, 2, 4); err != nil || string(part[2:4]) != "ur" {
		t.Errorf("%q, %v", part, err)
	}
}

// TestChains: every codec of a chain sees what the one before it made, and no more than that may be.
func TestChains(t *testing.T) {
	chain := codec.Chain{parsed(t, `{"id": "astype", "encode_dtype": "<i2", "decode_dtype": "<i8"}`)(),
		parsed(t, `{"id": "crc32"}`)(), codec.Zstd{}, codec.CRC32C()}
	data := bytes.Repeat([]byte{1, 2, 0, 0, 0, 0, 0, 0}, 10000)
	encoded, err := chain.Encode(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, dst := range [][]byte{nil, make([]byte, len(data)), make([]byte, 0, 2*len(data))} {
		got, err := chain.Decode(dst, encoded, len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatal(err)
		}
		if cap(dst) >= len(data) && &got[0] != &dst[:1][0] {
			t.Error("not decoded into the memory that is there")
		}
	}
	if _, err := chain.Decode(nil, encoded, len(data)+8); err == nil || !strings.Contains(err.Error(), "80000 bytes where the chunk has 80008") {
		t.Error(err)
	}
	for _, size := range []int{len(data) - 8, 8, 0} { // the checksum's length is known: zstd makes too much for it
		if _, err := chain.Decode(nil, encoded, size); !errors.Is(err, codec.ErrTooLong) || !strings.Contains(err.Error(), "zstd") {
			t.Errorf("%d: %v", size, err)
		}
	}
	bad := bytes.Clone(encoded)
	bad[len(bad)/2] ^= 1
	if _, err := chain.Decode(nil, bad, len(data)); err == nil || !strings.Contains(err.Error(), "decoding crc32c") {
		t.Error(err)
	}
	if _, err := chain.Encode(nil, data[:7]); err == nil || !strings.Contains(err.Error(), "encoding numcodecs.astype") {
		t.Error(err)
	}
	if n := chain[:2].MaxEncodedLen(800); n != 204 {
		t.Errorf("%d bytes of 100 elements", n)
	}
}
