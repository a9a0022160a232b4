package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"volara/zarr/codec"
)

// TestConcatenated: some formats may follow one another.
func TestConcatenated(t *testing.T) {
	first, second := []byte("axon, axon, axon"), []byte("dendrite")
	for _, config := range []string{`{"id": "gzip"}`, `{"id": "bz2"}`, `{"id": "lzma"}`, `{"id": "zstd"}`} {
		c := parsed(t, config)()
		var both []byte
		for _, part := range [][]byte{first, second} {
			encoded, err := c.Encode(nil, part)
			if err != nil {
				t.Fatal(err)
			}
			both = append(both, encoded...)
		}
		want := slices.Concat(first, second)
		if got, err := c.Decode(nil, both, len(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", config, got, err)
		}
		for _, limit := range []int{len(want) - 1, len(first), 3} {
			if got, err := c.Decode(nil, both, limit); !errors.Is(err, codec.ErrTooLong) {
				t.Errorf("%s with a limit of %d: %q, %v", config, limit, got, err)
			}
		}
	}
}

func bloscOf(t *testing.T, compressor string) *codec.Blosc {
	t.Helper()
	c, err := codec.NewBlosc(codec.BloscConfig{Compressor: compressor, Level: 5, TypeSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBloscVersions: the first format is read, flags of later ones are refused.
func TestBloscVersions(t *testing.T) {
	c, data := bloscOf(t, "lz4"), bytes.Repeat([]byte("spine"), 1000)
	frame, err := c.Encode(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	frame[0] = 1
	if got, err := c.Decode(nil, frame, len(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("version 1: %v", err)
	}
	for at, value := range map[int]byte{0: 3, 2: frame[2] | 8, 3: 0} {
		bad := slices.Clone(frame)
		bad[at] = value
		if _, err := c.Decode(nil, bad, len(data)); err == nil {
			t.Errorf("byte %d of the header may be %d", at, value)
		}
	}
}

// TestBloscSharedStreams: blocks that all point at one stream would make little data much work.
func TestBloscSharedStreams(t *testing.T) {
	const block, blocks = 128, 1000
	var stream bytes.Buffer
	w := zlib.NewWriter(&stream)
	for range 10000 { // empty blocks of deflate
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(make([]byte, block)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const begin = 16 + 4*blocks
	word := binary.LittleEndian.AppendUint32
	frame := []byte{2, 1, 3<<5 | 1<<4, 1}
	for _, n := range []int{block * blocks, block, begin + 4 + stream.Len()} {
		frame = word(frame, uint32(n))
	}
	for range blocks {
		frame = word(frame, begin)
	}
	frame = append(word(frame, uint32(stream.Len())), stream.Bytes()...)
	c := bloscOf(t, "zlib")
	if _, err := c.Decode(nil, frame, block*blocks); err == nil || !strings.Contains(err.Error(), "block 1 of 1000: it shares bytes") {
		t.Error(err)
	}
	dst := make([]byte, block*blocks)
	if err := c.DecodePart(dst, frame, 5*block, 6*block); err != nil {
		t.Error(err)
	}
	if err := c.DecodePart(dst, frame, 5*block, 7*block); err == nil {
		t.Error("two blocks of one stream")
	}
}

// TestZstdMemory: no more is allocated than frames say that they hold, or than their blocks may.
func TestZstdMemory(t *testing.T) {
	data := []byte("a few bytes")
	for _, streamed := range []bool{false, true} {
		encoded := frame(t, data, streamed)
		n := allocated(func() {
			if got, err := (codec.Zstd{}).Decode(nil, encoded, 1<<30); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%q, %v", got, err)
			}
		})
		if n > 1<<20 {
			t.Errorf("%d bytes of memory for %d", n, len(data))
		}
	}
	for _, content := range []uint32{1 << 20, 1<<32 - 1} { // one frame of one empty block that says it holds so much
		bad := binary.LittleEndian.AppendUint32([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0}, content)
		if got, err := (codec.Zstd{}).Decode(nil, append(bad, 1, 0, 0), 1<<30); err == nil {
			t.Errorf("%d bytes", len(got))
		}
	}
}

// TestZeroValues: the codecs that may be made without a constructor work without one.
func TestZeroValues(t *testing.T) {
	data := bytes.Repeat([]byte{1, 0, 0, 1}, 100)
	for _, c := range []codec.Codec{codec.Zstd{}, &codec.Gzip{}, &codec.Zlib{}, codec.BZ2{}, &codec.LZ4{}, codec.PackBits{}} {
		encoded, err := c.Encode(nil, data)
		if err != nil {
			t.Errorf("%T: %v", c, err)
			continue
		}
		if got, err := c.Decode(nil, encoded, len(data)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%T: %v", c, err)
		}
	}
}
