// Package codectest is the conformance suite of codecs.
package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

// A Suite is a codec and what tests must know of it.
type Suite struct {
	// New makes the codec.
	New func() codec.Codec
	// ElementSize is how many bytes the codec takes a multiple of; 0 means a Filter's element, or 1 for other codecs.
	ElementSize int
	// Input makes elements that the codec takes of arbitrary bytes, in their place; nil means that it takes all.
	Input func(data []byte)
	// Want returns what data decodes to once it was encoded; nil means data itself.
	Want func(data []byte) []byte
}

// Run checks that what newCodec makes keeps the contract of codec.Codec.
func Run(t *testing.T, newCodec func() codec.Codec) {
	t.Helper()
	Suite{New: newCodec}.Run(t)
}

// Run checks that the codec keeps the contract of codec.Codec.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	for _, in := range inputs() {
		t.Run(in.name, func(t *testing.T) {
			c := s.New()
			data := s.prepare(in.data)
			want := s.want(data)
			encoded := encode(t, c, data)
			roundTrip(t, c, encoded, want)
			parts(t, c, encoded, want)
			limits(t, c, encoded, want)
			damage(t, c, encoded, len(want))
		})
	}
	t.Run("concurrent", func(t *testing.T) { s.concurrent(t) })
	t.Run("bomb", func(t *testing.T) { s.bomb(t) })
}

// prepare cuts data to a whole number of elements, and makes of it what the codec takes.
func (s Suite) prepare(data []byte) []byte {
	size, f := max(s.ElementSize, 1), s.Input
	if filter, ok := s.New().(codec.Filter); ok && s.ElementSize == 0 {
		in, _ := filter.Types()
		if size = in.Size(); in.DType == nd.Bool {
			f = booleans
		}
	}
	data = slices.Clone(data[:len(data)/size*size])
	if f != nil {
		f(data)
	}
	return data
}

func booleans(data []byte) {
	for i := range data {
		data[i] &= 1
	}
}

func (s Suite) want(data []byte) []byte {
	if s.Want == nil {
		return data
	}
	return s.Want(data)
}

type input struct {
	name string
	data []byte
}

// inputs are buffers of many lengths, around the block sizes of codecs, that compress well, badly and not at all.
func inputs() []input {
	r := rand.New(rand.NewPCG(1, 2))
	var list []input
	for _, n := range []int{0, 1, 3, 7, 8, 15, 16, 17, 100, 1000, 1<<17 - 1, 1 << 17, 1<<17 + 8, 270000} {
		zeros, ramp, noise, labels := make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)
		for i := range n {
			ramp[i], noise[i] = byte(i/4), byte(r.Uint32())
			if i%8 == 0 {
				labels[i] = byte(i / 512)
			}
		}
		list = append(list, input{fmt.Sprintf("labels%d", n), labels})
		if n <= 1000 || n == 1<<17 {
			list = append(list, input{fmt.Sprintf("noise%d", n), noise})
		}
		if n <= 1000 {
			list = append(list, input{fmt.Sprintf("zeros%d", n), zeros}, input{fmt.Sprintf("ramp%d", n), ramp})
		}
	}
	return list
}

func encode(t *testing.T, c codec.Codec, data []byte) []byte {
	t.Helper()
	before := slices.Clone(data)
	encoded, err := c.Encode(nil, data)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if !bytes.Equal(before, data) {
		t.Fatal("encode changed its input")
	}
	if f, ok := c.(codec.FixedLength); ok && f.EncodedLen(len(data)) != len(encoded) {
		t.Fatalf("%d bytes became %d, not %d", len(data), len(encoded), f.EncodedLen(len(data)))
	}
	again, err := c.Encode(bytes.Repeat([]byte{0xa5}, 3), data)
	if err != nil || !bytes.Equal(again, encoded) {
		t.Fatalf("encoding twice gave different bytes (%v)", err)
	}
	if len(data) > 0 && len(encoded) > 0 && &data[0] == &encoded[0] {
		t.Fatal("what was encoded lies in the memory of what was to be encoded")
	}
	return encoded
}

func roundTrip(t *testing.T, c codec.Codec, encoded, want []byte) {
	t.Helper()
	before := slices.Clone(encoded)
	destinations := [][]byte{nil, make([]byte, 2), make([]byte, len(want)), make([]byte, 0, len(want)+100)}
	bounds := []int{len(want), len(want) + 100}
	if len(want) > 1000 {
		destinations, bounds = destinations[1:3], bounds[:1]
	}
	for _, dst := range destinations {
		for _, limit := range bounds {
			got, err := c.Decode(dst, encoded, limit)
			if err != nil {
				t.Fatalf("decode with limit %d into %d of %d: %v", limit, len(dst), cap(dst), err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("decoded %d bytes that differ from the %d encoded", len(got), len(want))
			}
		}
	}
	if !bytes.Equal(before, encoded) {
		t.Fatal("decode changed its input")
	}
}

// parts demands of a codec that decodes parts what decoding everything gives.
func parts(t *testing.T, c codec.Codec, encoded, want []byte) {
	t.Helper()
	p, ok := c.(codec.PartDecoder)
	if !ok {
		return
	}
	n := len(want)
	for _, part := range [][2]int{{0, n}, {0, 0}, {n, n}, {0, n / 3}, {n / 3, n / 2}, {n - n/5, n}, {n / 2, min(n/2+1, n)}} {
		lo, hi := part[0], part[1]
		dst := make([]byte, n)
		if err := p.DecodePart(dst, encoded, lo, hi); err != nil || !bytes.Equal(dst[lo:hi], want[lo:hi]) {
			t.Fatalf("bytes %d to %d of %d are not those that were encoded, or: %v", lo, hi, n, err)
		}
	}
	for _, wrong := range []int{n - 1, n + 1} {
		if wrong >= 0 && p.DecodePart(make([]byte, wrong), encoded, 0, wrong) == nil {
			t.Fatalf("%d bytes are taken for %d", n, wrong)
		}
	}
}

func limits(t *testing.T, c codec.Codec, encoded, want []byte) {
	t.Helper()
	for _, limit := range []int{len(want) - 1, len(want) / 2, 0} {
		if limit < 0 || limit >= len(want) {
			continue
		}
		for _, dst := range [][]byte{nil, make([]byte, 2*len(want))} {
			if got, err := c.Decode(dst, encoded, limit); !errors.Is(err, codec.ErrTooLong) {
				t.Fatalf("decoded %d bytes with a limit of %d: %v", len(got), limit, err)
			}
		}
	}
}

// damage truncates and changes the encoded bytes: an error or other bytes may come of it, never a panic or more than
// the limit.
func damage(t *testing.T, c codec.Codec, encoded []byte, n int) {
	t.Helper()
	tries := 64
	if n > 1000 {
		tries = 2
	}
	step := max(len(encoded)/tries, 1)
	for cut := 0; cut < len(encoded); cut += step {
		if got, err := c.Decode(nil, encoded[:cut], n); err == nil && len(got) == n && n > 0 {
			t.Fatalf("decoded %d of %d bytes without an error", cut, len(encoded))
		}
	}
	r := rand.New(rand.NewPCG(3, uint64(n)))
	for range tries {
		if len(encoded) == 0 {
			return
		}
		bad := slices.Clone(encoded)
		bad[r.IntN(min(len(bad), 40))] ^= 1 << r.IntN(8)
		bad[r.IntN(len(bad))] = byte(r.Uint32())
		if got, err := c.Decode(nil, bad, n); err == nil && len(got) > n {
			t.Fatalf("decoded %d bytes with a limit of %d", len(got), n)
		}
	}
}

func (s Suite) concurrent(t *testing.T) {
	var wg sync.WaitGroup
	c := s.New()
	for g := range 8 {
		wg.Go(func() {
			data := s.prepare(bytes.Repeat([]byte{byte(g), byte(g * 3), 0, 0}, 10000+g))
			want := s.want(data)
			for range 3 {
				encoded, err := c.Encode(nil, data)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := c.Decode(nil, encoded, len(want))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("concurrent round trip: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// bomb decodes what would become 4 MiB with a limit of 4 KiB.
func (s Suite) bomb(t *testing.T) {
	c := s.New()
	encoded, err := c.Encode(nil, s.prepare(make([]byte, 4<<20)))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got, err := c.Decode(nil, encoded, 4096); !errors.Is(err, codec.ErrTooLong) {
		t.Fatalf("decoded %d bytes with a limit of 4096: %v", len(got), err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 3<<20 {
		t.Fatalf("allocated %d bytes to refuse them", n)
	}
}

// Checked checks that a codec with a checksum lets no changed byte pass: decoding fails, or gives what was encoded.
func Checked(t *testing.T, newCodec func() codec.Codec) {
	t.Helper()
	c := newCodec()
	data := Suite{New: newCodec}.prepare([]byte("synapses of neurons on dendrites of neurons, 128 of them"))
	encoded, err := c.Encode(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range encoded {
		for _, flip := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 0x5a} {
			bad := slices.Clone(encoded)
			bad[i] ^= flip
			if got, err := c.Decode(nil, bad, 4*len(data)); err == nil && !bytes.Equal(got, data) {
				t.Fatalf("byte %d of %d changed from %#02x to %#02x: decoded to %q", i, len(encoded), encoded[i], bad[i], got)
			}
		}
	}
}
