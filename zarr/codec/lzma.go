package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// lzmaCodec is numcodecs' lzma: the .xz container, or the older .lzma, as Python's module of that name makes them. Of xz's
// filters only LZMA2 itself is known. The preset is kept for the metadata: the encoder has one.
type lzmaCodec struct {
	lzmaConfig
}

type lzmaConfig struct {
	Format  int  `json:"format"`
	Check   int  `json:"check"`
	Preset  *int `json:"preset"`
	Filters any  `json:"filters"`
}

type lzmaV2 struct {
	ID string `json:"id"`
	lzmaConfig
}

// The container formats, with Python's numbers.
const (
	formatXZ    = 1
	formatAlone = 2
)

func parseLZMA(decode func(any) error, _ Type) (Codec, error) {
	c := lzmaConfig{Format: formatXZ, Check: -1}
	if err := decode(&c); err != nil {
		return nil, err
	}
	switch {
	case c.Format != formatXZ && c.Format != formatAlone:
		return nil, fmt.Errorf("format %d: supported are 1 (xz) and 2 (lzma)", c.Format)
	case c.Check != -1 && xzCheckSize(c.Check) < 0:
		return nil, fmt.Errorf("check %d: supported are -1, 0 (none), 1 (CRC32), 4 (CRC64) and 10 (SHA256)", c.Check)
	case c.Filters != nil:
		return nil, errors.New("filters: none can be given")
	}
	return lzmaCodec{c}, nil
}

// Spec implements Codec.
func (l lzmaCodec) Spec() Spec {
	return Spec{numcodecs + "lzma", l.lzmaConfig, lzmaV2{"lzma", l.lzmaConfig}}
}

// lzmaExtreme is the flag of a preset that trades time for space (PRESET_EXTREME).
const lzmaExtreme = 1 << 31

func (l lzmaCodec) refusal() error {
	if l.Preset == nil {
		return nil
	}
	return checkLevel(*l.Preset&^lzmaExtreme, 0, 9)
}

// The dictionary need not be larger than the data, within what the format allows.
func lzmaDictionary(size int) int { return min(max(size, lzma.MinDictCap), 8<<20) }

// Encode implements Codec.
func (l lzmaCodec) Encode(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst[:0])
	var w io.WriteCloser
	var err error
	if l.Format == formatAlone {
		c := lzma.WriterConfig{DictCap: lzmaDictionary(len(src)), Size: int64(len(src)), SizeInHeader: true}
		if len(src) == 0 { // which the library takes for a size that is not known
			c.SizeInHeader, c.EOSMarker = false, true
		}
		w, err = c.NewWriter(out)
	} else {
		check := max(l.Check, 0)
		if l.Check == -1 {
			check = xzCRC64
		}
		w, err = xz.WriterConfig{DictCap: lzmaDictionary(len(src)), CheckSum: byte(check), NoCheckSum: check == 0}.NewWriter(out)
	}
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Decode implements Codec.
func (l lzmaCodec) Decode(dst, src []byte, limit int) ([]byte, error) {
	if l.Format == formatXZ {
		return decodeXZ(dst, src, limit)
	}
	if len(src) < lzma.HeaderLen {
		return nil, io.ErrUnexpectedEOF
	}
	header := bytes.Clone(src[:lzma.HeaderLen])
	most := uint64(limit)
	if size := binary.LittleEndian.Uint64(header[5:]); size != 1<<64-1 {
		if size > most {
			return nil, ErrTooLong
		}
		most = size
	}
	// A dictionary is of no use beyond what comes out.
	dictionary := min(binary.LittleEndian.Uint32(header[1:]), uint32(min(max(most, lzma.MinDictCap), 1<<31)))
	binary.LittleEndian.PutUint32(header[1:], dictionary)
	r, err := lzma.ReaderConfig{DictCap: 1 << 31}.NewReader(io.MultiReader(bytes.NewReader(header), bytes.NewReader(src[lzma.HeaderLen:])))
	if err != nil {
		return nil, err
	}
	return readAll(r, dst, limit)
}
