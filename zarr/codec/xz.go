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

	"github.com/ulikunitz/xz/lzma"
)

// The container is read here, and only LZMA2 by the library, which would take the dictionary's size, of up to 4 GiB, from
// the file. Format: https://tukaani.org/xz/xz-file-format.txt

const (
	xzHeader = "\xfd7zXZ\x00"
	xzFooter = "YZ"
	xzCRC64  = 4
)

var errXZ = errors.New("corrupt xz container")

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

// An xzReader decodes streams, appending to out, of which there may be so many bytes as limit.
type xzReader struct {
	src   *bytes.Reader
	all   []byte
	out   []byte
	limit int
}

func decodeXZ(dst, src []byte, limit int) ([]byte, error) {
	x := xzReader{bytes.NewReader(src), src, dst[:0:min(cap(dst), limit)], limit}
	for first := true; first || x.src.Len() > 0; first = false {
		if err := x.stream(); err != nil {
			return nil, err
		}
		for x.src.Len() >= 4 && bytes.Equal(x.all[x.at():x.at()+4], make([]byte, 4)) {
			if _, err := x.skip(4); err != nil {
				return nil, err
			}
		}
	}
	return x.out, nil
}

// at returns how many bytes were read.
func (x *xzReader) at() int { return len(x.all) - x.src.Len() }

// skip returns the next n bytes.
func (x *xzReader) skip(n int) ([]byte, error) {
	if n > x.src.Len() {
		return nil, io.ErrUnexpectedEOF
	}
	at := x.at()
	_, err := x.src.Seek(int64(n), io.SeekCurrent)
	return x.all[at : at+n], err
}

// stream decodes a header, blocks, an index and a footer.
func (x *xzReader) stream() error {
	header, err := x.skip(12)
	if err != nil {
		return err
	}
	flags := header[6:8]
	size := xzCheckSize(int(flags[1]))
	if string(header[:6]) != xzHeader || flags[0] != 0 || size < 0 || crc32.ChecksumIEEE(flags) != binary.LittleEndian.Uint32(header[8:]) {
		return fmt.Errorf("%w: its header", errXZ)
	}
	blocks := 0
	for ; ; blocks++ {
		length, err := x.src.ReadByte()
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		if length == 0 {
			break
		}
		if err := x.block(4*int(length)+4, int(flags[1])); err != nil {
			return fmt.Errorf("block %d: %w", blocks, err)
		}
	}
	if err := x.index(blocks); err != nil {
		return err
	}
	footer, err := x.skip(12)
	if err != nil {
		return err
	}
	if string(footer[10:]) != xzFooter || !bytes.Equal(footer[8:10], flags) || crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return fmt.Errorf("%w: its footer", errXZ)
	}
	return nil
}

// block decodes a block whose header has so many bytes, the first of which was read.
func (x *xzReader) block(header, check int) error {
	begin := x.at() - 1
	if _, err := x.skip(header - 1); err != nil {
		return err
	}
	fields := x.all[begin : begin+header-4]
	if crc32.ChecksumIEEE(fields) != binary.LittleEndian.Uint32(x.all[begin+header-4:]) {
		return fmt.Errorf("%w: the header's checksum", errXZ)
	}
	dictionary, err := xzDictionary(fields[1:])
	if err != nil {
		return err
	}
	capacity := min(dictionary, int64(max(x.limit, lzma.MinDictCap)))
	r, err := lzma.Reader2Config{DictCap: int(max(capacity, lzma.MinDictCap))}.NewReader2(x.src)
	if err != nil {
		return err
	}
	from := len(x.out)
	if x.out, err = appendAll(r, x.out, x.limit); err != nil {
		return err
	}
	if padding, err := x.skip(-(x.at() - begin) & 3); err != nil || len(bytes.Trim(padding, "\x00")) > 0 {
		return fmt.Errorf("%w: padding", errXZ)
	}
	sum, err := x.skip(xzCheckSize(check))
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, xzChecksum(check, x.out[from:])) {
		return fmt.Errorf("%w: the content's checksum", errXZ)
	}
	return nil
}

// index reads an index after its first byte. Its records repeat what the blocks say.
func (x *xzReader) index(blocks int) error {
	begin := x.at() - 1
	count, err := binary.ReadUvarint(x.src)
	if err != nil || count != uint64(blocks) {
		return fmt.Errorf("%w: an index of %d blocks for %d", errXZ, count, blocks)
	}
	for range 2 * blocks {
		if _, err := binary.ReadUvarint(x.src); err != nil {
			return io.ErrUnexpectedEOF
		}
	}
	if _, err := x.skip(-(x.at() - begin) & 3); err != nil {
		return err
	}
	body := x.all[begin:x.at()]
	sum, err := x.skip(4)
	if err != nil {
		return err
	}
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return fmt.Errorf("%w: the index's checksum", errXZ)
	}
	return nil
}

// xzDictionary returns the size of the dictionary, from a block's header after its length.
func xzDictionary(fields []byte) (int64, error) {
	const lzma2, compressed, uncompressed, reserved = 0x21, 1 << 6, 1 << 7, 0x3c
	if len(fields) < 4 {
		return 0, errXZ
	}
	flags := fields[0]
	r := bytes.NewReader(fields[1:])
	for _, flag := range []byte{compressed, uncompressed} {
		if flags&flag != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return 0, errXZ
			}
		}
	}
	id, err := binary.ReadUvarint(r)
	if err != nil || flags&reserved != 0 {
		return 0, errXZ
	}
	if flags&3 != 0 || id != lzma2 {
		return 0, fmt.Errorf("xz filter %#x is not supported; LZMA2 alone is", id)
	}
	size, err := binary.ReadUvarint(r)
	if err != nil || size != 1 {
		return 0, errXZ
	}
	code, err := r.ReadByte()
	if err != nil {
		return 0, errXZ
	}
	return lzma.DecodeDictCap(code)
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
