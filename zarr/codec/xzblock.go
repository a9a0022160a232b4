package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// block decodes a block: a header, LZMA2 chunks, padding and a check.
func (x *xzReader) block(check int) (xzRecord, error) {
	begin := x.at
	header, err := x.blockHeader()
	if err != nil {
		return xzRecord{}, err
	}
	packed, size, err := lzma2Chunks(x.rest(), x.limit-len(x.out))
	if err != nil {
		return xzRecord{}, err
	}
	if header.packed != absent && header.packed != uint64(len(packed)) || header.content != absent && header.content != uint64(size) {
		return xzRecord{}, fmt.Errorf("%w: the header gives other sizes than the %d and %d bytes that there are", errXZ, len(packed), size)
	}
	from := len(x.out)
	x.extend(size)
	if err := decodeLZMA2(x.out[from:], packed, header.dictionary); err != nil {
		return xzRecord{}, err
	}
	x.at += len(packed)
	unpadded := x.at - begin + xzCheckSize(check)
	if err := x.padding(x.at - begin); err != nil {
		return xzRecord{}, err
	}
	sum, err := x.next(xzCheckSize(check))
	if err != nil {
		return xzRecord{}, err
	}
	if !bytes.Equal(sum, xzChecksum(check, x.out[from:])) {
		return xzRecord{}, fmt.Errorf("%w: the content's checksum", errXZ)
	}
	return xzRecord{uint64(unpadded), uint64(size)}, nil
}

// extend makes out longer by n bytes, which the limit allows.
func (x *xzReader) extend(n int) {
	n += len(x.out)
	if cap(x.out) < n {
		x.out = append(make([]byte, 0, min(max(n, 2*cap(x.out)), x.limit)), x.out...)
	}
	x.out = x.out[:n]
}

// An xzBlockHeader is the header of a block: the bytes of its chunks and of its content, each absent or not, and the size
// of the dictionary.
type xzBlockHeader struct {
	packed, content uint64
	dictionary      int64
}

const absent = ^uint64(0)

// blockHeader reads the header of a block, whose one filter must be LZMA2.
func (x *xzReader) blockHeader() (h xzBlockHeader, err error) {
	const lzma2, hasPacked, hasContent, reserved = 0x21, 1 << 6, 1 << 7, 0x3c
	raw, err := x.next(4*int(x.rest()[0]) + 4)
	if err != nil {
		return h, err
	}
	n := len(raw) - 4
	if !hasCRC32(raw[:n], raw[n:]) {
		return h, fmt.Errorf("%w: a block header's checksum", errXZ)
	}
	flags, r := raw[1], bytesReader{all: raw[:n], at: 2}
	if flags&reserved != 0 {
		return h, fmt.Errorf("%w: a block header of flags %#02x", errXZ, flags)
	}
	field := func(present bool) uint64 {
		v := absent
		if present && err == nil {
			v, err = r.number()
		}
		return v
	}
	h.packed, h.content = field(flags&hasPacked != 0), field(flags&hasContent != 0)
	filter, properties := field(true), field(true)
	if err != nil {
		return h, err
	}
	if flags&3 != 0 || filter != lzma2 {
		return h, fmt.Errorf("xz filter %#x is not supported; LZMA2 alone is", filter)
	}
	code := r.rest()
	if properties != 1 || len(code) == 0 || len(bytes.Trim(code[1:], "\x00")) > 0 {
		return h, fmt.Errorf("%w: a block header's filter", errXZ)
	}
	h.dictionary, err = lzma.DecodeDictCap(code[0])
	return h, err
}

// lzma2Chunks returns the chunks that src begins with, which a 0 ends, and how many bytes they say that they decode to,
// which are ErrTooLong above limit.
func lzma2Chunks(src []byte, limit int) (chunks []byte, size int, err error) {
	at := 0
	for {
		header := src[min(at, len(src)):]
		switch {
		case len(header) == 0:
			return nil, 0, io.ErrUnexpectedEOF
		case header[0] == 0:
			return src[:at+1], size, nil
		case len(header) < 5:
			return nil, 0, io.ErrUnexpectedEOF
		}
		length := int(header[1])<<8 + int(header[2]) + 1
		if control := header[0]; control < 0x80 { // stored
			at += 3 + length
		} else {
			length += int(control&0x1f) << 16
			if at += 5 + int(header[3])<<8 + int(header[4]) + 1; control >= 0xc0 { // with properties
				at++
			}
		}
		if size += length; size > limit {
			return nil, 0, ErrTooLong
		}
	}
}

// decodeLZMA2 decodes chunks, which must fill dst exactly. A dictionary is of no use beyond what comes out.
func decodeLZMA2(dst, chunks []byte, dictionary int64) error {
	if len(dst) == 0 {
		return nil
	}
	src := bytes.NewReader(chunks)
	r, err := lzma.Reader2Config{DictCap: max(int(min(dictionary, int64(len(dst)))), lzma.MinDictCap)}.NewReader2(src)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(r, dst); err != nil {
		return err
	}
	if err := expectEnd(r); err != nil || src.Len() > 0 {
		return errors.Join(fmt.Errorf("%w: LZMA2 chunks of other lengths than they say", errXZ), err)
	}
	return nil
}
