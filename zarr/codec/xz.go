package codec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// The container is read here, and only LZMA2 by the library, which would take the dictionary's size, of up to 4 GiB, from
// the file. What the container says twice is compared, as liblzma does.
// Format: https://tukaani.org/xz/xz-file-format.txt

const (
	xzHeader = "\xfd7zXZ\x00"
	xzFooter = "YZ"
	xzCRC64  = 4
)

var errXZ = errors.New("corrupt xz container")

// An xzReader decodes streams, appending to out, of which there may be so many bytes as limit.
type xzReader struct {
	bytesReader
	out   []byte
	limit int
}

// An xzRecord is what the index says of a block: its bytes without padding, and those of its content.
type xzRecord struct{ unpadded, content uint64 }

func decodeXZ(dst, src []byte, limit int) ([]byte, error) {
	x := xzReader{bytesReader{all: src}, dst[:0:min(cap(dst), limit)], limit}
	for first := true; first || len(x.rest()) > 0; first = false {
		if err := x.stream(); err != nil {
			return nil, err
		}
		for bytes.HasPrefix(x.rest(), make([]byte, 4)) {
			x.at += 4
		}
	}
	return x.out, nil
}

// stream decodes a header, blocks, an index and a footer.
func (x *xzReader) stream() error {
	header, err := x.next(12)
	if err != nil {
		return err
	}
	flags, check := header[6:8], int(header[7])
	if string(header[:6]) != xzHeader || flags[0] != 0 || xzCheckSize(check) < 0 || !hasCRC32(flags, header[8:]) {
		return fmt.Errorf("%w: its header", errXZ)
	}
	var records []xzRecord
	for {
		rest := x.rest()
		if len(rest) == 0 {
			return io.ErrUnexpectedEOF
		}
		if rest[0] == 0 {
			break
		}
		record, err := x.block(check)
		if err != nil {
			return fmt.Errorf("block %d: %w", len(records), err)
		}
		records = append(records, record)
	}
	size, err := x.index(records)
	if err != nil {
		return err
	}
	footer, err := x.next(12)
	if err != nil {
		return err
	}
	backward := 4 * (int64(binary.LittleEndian.Uint32(footer[4:])) + 1)
	if string(footer[10:]) != xzFooter || !bytes.Equal(footer[8:10], flags) || backward != int64(size) || !hasCRC32(footer[4:10], footer) {
		return fmt.Errorf("%w: its footer", errXZ)
	}
	return nil
}

// index reads an index, whose records must be those of the blocks, and returns its size.
func (x *xzReader) index(blocks []xzRecord) (int, error) {
	begin := x.at
	x.at++ // the 0 that is no block's length
	count, err := x.number()
	if err != nil {
		return 0, err
	}
	if count != uint64(len(blocks)) {
		return 0, fmt.Errorf("%w: an index of %d blocks for %d", errXZ, count, len(blocks))
	}
	for i, block := range blocks {
		unpadded, err := x.number()
		if err != nil {
			return 0, err
		}
		content, err := x.number()
		if err != nil {
			return 0, err
		}
		if block != (xzRecord{unpadded, content}) {
			return 0, fmt.Errorf("%w: the index gives block %d %d bytes of %d where it has %d of %d", errXZ, i, unpadded, content, block.unpadded, block.content)
		}
	}
	if err := x.padding(x.at - begin); err != nil {
		return 0, err
	}
	body := x.all[begin:x.at]
	sum, err := x.next(4)
	if err != nil {
		return 0, err
	}
	if !hasCRC32(body, sum) {
		return 0, fmt.Errorf("%w: the index's checksum", errXZ)
	}
	return len(body) + 4, nil
}

// A bytesReader reads fields of the container.
type bytesReader struct {
	all []byte
	at  int // how many of them were read
}

func (r *bytesReader) rest() []byte { return r.all[r.at:] }

// next returns the next n bytes.
func (r *bytesReader) next(n int) ([]byte, error) {
	if n > len(r.rest()) {
		return nil, io.ErrUnexpectedEOF
	}
	r.at += n
	return r.all[r.at-n : r.at], nil
}

// number reads an integer of seven bits a byte, the lowest first, of at most 63 bits and in as few bytes as it takes.
func (r *bytesReader) number() (uint64, error) {
	n, size := binary.Uvarint(r.rest())
	if size == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if size < 0 || size > 9 || size > 1 && r.all[r.at+size-1] == 0 {
		return 0, fmt.Errorf("%w: an integer", errXZ)
	}
	r.at += size
	return n, nil
}

// padding reads the zeros that make of size bytes a multiple of four.
func (r *bytesReader) padding(size int) error {
	zeros, err := r.next(-size & 3)
	if err == nil && len(bytes.Trim(zeros, "\x00")) > 0 {
		err = fmt.Errorf("%w: padding", errXZ)
	}
	return err
}

// hasCRC32 says whether sum begins with the checksum of data.
func hasCRC32(data, sum []byte) bool {
	return crc32.ChecksumIEEE(data) == binary.LittleEndian.Uint32(sum)
}

// xzCheckSize returns the bytes of a check, -1 for one that is not known.
func xzCheckSize(check int) int {
	switch check {
	case 0:
		return 0
	case 1:
		return 4
	case xzCRC64:
		return 8
	case 10:
		return sha256.Size
	}
	return -1
}

func xzChecksum(check int, data []byte) []byte {
	switch check {
	case 1:
		return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	case xzCRC64:
		return binary.LittleEndian.AppendUint64(nil, crc64.Checksum(data, crc64.MakeTable(crc64.ECMA)))
	case 10:
		sum := sha256.Sum256(data)
		return sum[:]
	}
	return nil
}
