package codec_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"volara/zarr/codec"
)

// frame is a frame by another library, which does not say how long it is when it is streamed.
func frame(t testing.TB, data []byte, streamed bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if !streamed {
		return w.EncodeAll(data, nil)
	}
	for part := range slices.Chunk(data, 1000) { // or it would know the length
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestZstdFrames(t *testing.T) {
	data := bytes.Repeat([]byte("axons and dendrites "), 3000)
	skippable := append([]byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0}, "abc"...)
	sized, unsized := frame(t, data, false), frame(t, data, true)
	for name, c := range map[string]struct {
		encoded []byte
		want    []byte
	}{
		"sized":        {sized, data},
		"unsized":      {unsized, data},
		"two":          {slices.Concat(sized, unsized), slices.Concat(data, data)},
		"skippable":    {slices.Concat(skippable, sized, skippable), data},
		"no content":   {skippable, nil},
		"empty frames": {slices.Concat(frame(t, nil, true), unsized, frame(t, nil, true)), data},
	} {
		t.Run(name, func(t *testing.T) {
			roomy := make([]byte, 0, 1<<20)
			for _, dst := range [][]byte{nil, roomy} {
				for _, limit := range []int{len(c.want), len(c.want) + 1000} {
					got, err := codec.Zstd{}.Decode(dst, c.encoded, limit)
					if err != nil || !bytes.Equal(got, c.want) {
						t.Fatalf("limit %d: %d bytes, %v", limit, len(got), err)
					}
				}
				if got, err := (codec.Zstd{}).Decode(dst, c.encoded, len(c.want)-1); !errors.Is(err, codec.ErrTooLong) && len(c.want) > 0 {
					t.Fatalf("%d bytes with a limit of %d: %v", len(got), len(c.want)-1, err)
				}
			}
			if got, err := (codec.Zstd{}).Decode(roomy, sized, len(data)); err != nil || &got[0] != &roomy[:1][0] {
				t.Fatalf("not decoded into the memory that is there: %v", err)
			}
		})
	}
	for _, encoded := range [][]byte{nil, {0x28}, sized[:len(sized)-1], unsized[:len(unsized)-1], append(slices.Clone(sized), 1)} {
		if got, err := (codec.Zstd{}).Decode(nil, encoded, 1<<20); err == nil {
			t.Errorf("%d bytes of %d that are no frame", len(got), len(encoded))
		}
	}
}

// TestZstdEncodes has another library decode frames, which say how long their content is and carry a checksum when
// asked to.
func TestZstdEncodes(t *testing.T) {
	reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, n := range []int{0, 1, 100, 1 << 17, 300000} {
		data := bytes.Repeat([]byte{1, 2, 3, byte(n)}, n/4+1)[:n]
		for _, c := range []codec.Zstd{{}, {Level: 1, Checksum: true}, {Level: -7}, {Level: 22}, {Level: 1000, Checksum: true}, {Level: -1 << 40}} {
			encoded, err := c.Encode(nil, data)
			if err != nil {
				t.Fatal(err)
			}
			var header zstd.Header
			if err := header.Decode(encoded); err != nil || !header.HasFCS || header.FrameContentSize != uint64(n) || header.HasCheckSum != c.Checksum {
				t.Errorf("%+v of %d bytes: header %+v, %v", c, n, header, err)
			}
			if got, err := reader.DecodeAll(encoded, nil); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%+v of %d bytes: %v", c, n, err)
			}
		}
	}
}
