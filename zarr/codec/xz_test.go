package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"slices"
	"testing"

	"volara/zarr/codec"
)

// An xzMaker makes containers whose fields tests change one by one.
type xzMaker struct {
	blocks                               []xzBlock
	index                                func(records []uint64) []uint64 // the records that it writes
	headerPadding, padding, indexPadding byte                            // added to the first zero of each
	backward                             uint32                          // added to the footer's field
}

type xzBlock struct {
	data            []byte // stored in LZMA2's way
	packed, content uint64 // the fields of the header, 0 for none
	dictionary      byte
}

func (m xzMaker) make() []byte {
	flags := []byte{0, 1} // CRC32
	out := slices.Concat([]byte("\xfd7zXZ\x00"), flags, crc(flags))
	records := []uint64{}
	for _, b := range m.blocks {
		block := m.block(b)
		records = append(records, uint64(len(block)+4), uint64(len(b.data)))
		out = append(append(out, block...), m.zeros(len(block), m.padding)...)
		out = append(out, crc(b.data)...)
	}
	count := uint64(len(m.blocks))
	if m.index != nil {
		records = m.index(records)
		count = uint64(len(records) / 2)
	}
	index := binary.AppendUvarint([]byte{0}, count)
	for _, n := range records {
		index = binary.AppendUvarint(index, n)
	}
	index = append(index, m.zeros(len(index), m.indexPadding)...)
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index))/4+m.backward), flags...)
	return slices.Concat(out, index, crc(index), crc(footer), footer, []byte("YZ"))
}

// block returns a block but for its padding and check.
func (m xzMaker) block(b xzBlock) []byte {
	header := []byte{0, 0}
	for i, field := range []uint64{b.packed, b.content} {
		if field > 0 {
			header[1] |= 0x40 << i
			header = binary.AppendUvarint(header, field)
		}
	}
	header = append(header, 0x21, 1, b.dictionary)
	for len(header)%4 != 0 || len(header) < 8 {
		header = append(header, m.headerPadding)
	}
	header[0] = byte(len(header) / 4)
	block := append(header, crc(header)...)
	for part := range slices.Chunk(b.data, 1<<16) {
		block = append(block, 1, byte((len(part)-1)>>8), byte(len(part)-1))
		block = append(block, part...)
	}
	return append(block, 0)
}

func (m xzMaker) zeros(size int, first byte) []byte {
	zeros := make([]byte, -size&3)
	if len(zeros) > 0 {
		zeros[0] = first
	}
	return zeros
}

func crc(data []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
}

func TestXZContainers(t *testing.T) {
	text := []byte("mitochondria of neurons")
	one := []xzBlock{{data: text, dictionary: 8}}
	two := append(one[:1:1], xzBlock{data: text[:5], packed: 9, content: 5, dictionary: 8})
	whole, pad := xzMaker{blocks: one}.make(), make([]byte, 4)
	for name, c := range map[string]struct {
		encoded, want []byte
	}{
		"one":              {whole, text},
		"no block":         {xzMaker{}.make(), []byte{}},
		"two blocks":       {xzMaker{blocks: two}.make(), slices.Concat(text, text[:5])},
		"an empty block":   {xzMaker{blocks: append(two[:2:2], xzBlock{})}.make(), slices.Concat(text, text[:5])},
		"two streams":      {slices.Concat(whole, whole), slices.Concat(text, text)},
		"padding":          {slices.Concat(whole, pad, pad, whole, pad), slices.Concat(text, text)},
		"a dictionary":     {xzMaker{blocks: []xzBlock{{data: text, dictionary: 40}}}.make(), text},
		"odd padding":      {slices.Concat(whole, pad[:3]), nil},
		"padding before":   {slices.Concat(pad, whole), nil},
		"no such size":     {xzMaker{blocks: []xzBlock{{data: text, dictionary: 41}}}.make(), nil},
		"packed":           {xzMaker{blocks: []xzBlock{{data: text, packed: 5}}}.make(), nil},
		"content":          {xzMaker{blocks: []xzBlock{{data: text, content: 5}}}.make(), nil},
		"header padding":   {xzMaker{blocks: one, headerPadding: 1}.make(), nil},
		"block padding":    {xzMaker{blocks: one, padding: 1}.make(), nil},
		"index padding":    {xzMaker{blocks: two, indexPadding: 1}.make(), nil},
		"backward size":    {xzMaker{blocks: one, backward: 1}.make(), nil},
		"unpadded size":    {xzMaker{blocks: one, index: func(r []uint64) []uint64 { return []uint64{r[0] + 1, r[1]} }}.make(), nil},
		"content of index": {xzMaker{blocks: one, index: func(r []uint64) []uint64 { return []uint64{r[0], r[1] - 1} }}.make(), nil},
		"no record":        {xzMaker{blocks: one, index: func([]uint64) []uint64 { return nil }}.make(), nil},
		"one record more":  {xzMaker{blocks: one, index: func(r []uint64) []uint64 { return append(r, r...) }}.make(), nil},
		"swapped records":  {xzMaker{blocks: two, index: func(r []uint64) []uint64 { return append(r[2:], r[:2]...) }}.make(), nil},
	} {
		got, err := parsed(t, `{"id": "lzma"}`)().Decode(nil, c.encoded, 1<<20)
		if (err == nil) != (c.want != nil) || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if len(c.want) == 0 {
			continue
		}
		if _, err := parsed(t, `{"id": "lzma"}`)().Decode(nil, c.encoded, len(c.want)-1); !errors.Is(err, codec.ErrTooLong) {
			t.Errorf("%s, limited: %v", name, err)
		}
	}
}

// TestLZMAMemory: what a file says its dictionary takes is not allocated, nor one for each of many blocks.
func TestLZMAMemory(t *testing.T) {
	empty := make([]xzBlock, 10000)
	tiny := slices.Repeat([]xzBlock{{data: []byte{1}, dictionary: 40}}, 100)
	alone := append([]byte{0x5d, 255, 255, 255, 255}, bytes.Repeat([]byte{255}, 8)...)
	for name, c := range map[string]struct {
		config  string
		encoded []byte
	}{
		"empty blocks": {`{"id": "lzma"}`, xzMaker{blocks: empty}.make()},
		"tiny blocks":  {`{"id": "lzma"}`, xzMaker{blocks: tiny}.make()},
		"dictionary":   {`{"id": "lzma"}`, xzMaker{blocks: tiny[:1]}.make()},
		"lzma":         {`{"id": "lzma", "format": 2}`, alone},
	} {
		limit := 1 << 22
		if name == "lzma" {
			limit = 1000
		}
		n := allocated(func() {
			_, err := parsed(t, c.config)().Decode(nil, c.encoded, limit)
			if (err == nil) != (name != "lzma") {
				t.Errorf("%s: %v", name, err)
			}
		})
		if n > 8<<20 {
			t.Errorf("%s: %d bytes of memory for %d", name, n, len(c.encoded))
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
