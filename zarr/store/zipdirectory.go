package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"volara/fault"
)

// A member is a file in a zip file.
type member struct {
	name         string
	method       uint16
	flags        uint16
	crc          uint32
	size, packed int64
	header       int64 // where it begins
	end          int64 // where members end and the directory begins
}

// maxDeflation is the most that deflate can shrink anything.
const maxDeflation = 1032

// check refuses what cannot be read, or cannot be true.
func (m *member) check() error {
	switch {
	case m.flags&1 != 0:
		return errors.New("it is encrypted, which is not supported")
	case m.method != zipStored && m.method != zipDeflated:
		return fmt.Errorf("it is compressed by method %d; stored and deflated members are supported", m.method)
	case m.header < 0 || m.packed < 0 || m.size < 0 || m.header > m.end || m.packed > m.end-m.header:
		return m.damaged()
	case m.method == zipStored && m.size != m.packed, m.method == zipDeflated && m.size/maxDeflation > m.packed:
		return fmt.Errorf("the zip file says that %d bytes become %d, which cannot be", m.packed, m.size)
	}
	return nil
}

// A zipEnd is what the end of a zip file says of its directory.
type zipEnd struct{ entries, size, offset uint64 }

const (
	endRecord     = 22 // of the end without its comment
	endLocator    = 20 // of what leads to the longer end
	endRecord64   = 56
	entryHeader   = 46 // of an entry in the directory without its name
	maxComment    = math.MaxUint16
	maxDirectory  = 512 << 20
	unknownLength = math.MaxUint32
)

// readZipDirectory reads the members of a zip file of the given size, by name. Of several of one name the last counts.
func readZipDirectory(ctx context.Context, s Store, key string, size int64) (map[string]member, error) {
	tail := min(size, endLocator+endRecord+maxComment)
	raw, err := s.GetRange(ctx, key, size-tail, tail)
	if err != nil {
		return nil, err
	}
	end, at, err := findZipEnd(ctx, s, key, raw, size-tail)
	if err != nil {
		return nil, err
	}
	start := at - int64(end.size)
	switch {
	case end.size > maxDirectory:
		return nil, fault.Permanent(fmt.Errorf("its directory has %d bytes; at most %d are supported", end.size, maxDirectory))
	case start < 0 || end.offset > uint64(start) || end.entries > end.size/entryHeader:
		return nil, fault.Permanent(errors.New("its directory is damaged"))
	}
	directory := raw
	if start >= size-tail {
		directory = raw[start-(size-tail):][:end.size]
	} else if directory, err = s.GetRange(ctx, key, start, int64(end.size)); err != nil {
		return nil, err
	}
	return parseZipDirectory(directory, end.entries, start-int64(end.offset), start)
}

// findZipEnd finds the end's record in the last bytes of a file, which begin at the given offset; at is where the
// directory ends.
func findZipEnd(ctx context.Context, s Store, key string, raw []byte, offset int64) (end zipEnd, at int64, err error) {
	i := lastZipEnd(raw)
	if i < 0 {
		return end, 0, fault.Permanent(errors.New("it is no zip file, or was cut short"))
	}
	r := raw[i:]
	end = zipEnd{uint64(binary.LittleEndian.Uint16(r[10:])), uint64(binary.LittleEndian.Uint32(r[12:])), uint64(binary.LittleEndian.Uint32(r[16:]))}
	at = offset + int64(i)
	if binary.LittleEndian.Uint16(r[4:]) != binary.LittleEndian.Uint16(r[6:]) {
		return end, 0, fault.Permanent(errors.New("it is one of several parts, which is not supported"))
	}
	if i < endLocator || binary.LittleEndian.Uint32(raw[i-endLocator:]) != 0x07064b50 {
		return end, at, nil
	}
	at64 := binary.LittleEndian.Uint64(raw[i-endLocator+8:])
	if at64 > uint64(at) {
		return end, 0, fault.Permanent(errors.New("its end is damaged"))
	}
	r, err = s.GetRange(ctx, key, int64(at64), endRecord64)
	if err != nil {
		return end, 0, err
	}
	if binary.LittleEndian.Uint32(r) != 0x06064b50 {
		return end, 0, fault.Permanent(errors.New("its end is damaged"))
	}
	end = zipEnd{binary.LittleEndian.Uint64(r[32:]), binary.LittleEndian.Uint64(r[40:]), binary.LittleEndian.Uint64(r[48:])}
	return end, int64(at64), nil
}

// lastZipEnd returns where the last end's record is whose comment reaches the end of the file; -1: nowhere.
func lastZipEnd(raw []byte) int {
	for i := len(raw) - endRecord; i >= 0; i-- {
		if bytes.HasPrefix(raw[i:], []byte("PK\x05\x06")) && int(binary.LittleEndian.Uint16(raw[i+20:])) == len(raw)-i-endRecord {
			return i
		}
	}
	return -1
}

// parseZipDirectory reads so many entries; base is what all offsets lack, where something was put in front of the zip
// file, and end where the members end.
func parseZipDirectory(raw []byte, entries uint64, base, end int64) (map[string]member, error) {
	members := map[string]member{}
	for range entries {
		if len(raw) < entryHeader || binary.LittleEndian.Uint32(raw) != 0x02014b50 {
			return nil, fault.Permanent(errors.New("its directory is damaged"))
		}
		u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(raw[at:]) }
		u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(raw[at:]) }
		m := member{flags: u16(8), method: u16(10), crc: u32(16), packed: int64(u32(20)), size: int64(u32(24)), header: int64(u32(42)), end: end}
		name, extra, comment := int(u16(28)), int(u16(30)), int(u16(32))
		if len(raw) < entryHeader+name+extra+comment {
			return nil, fault.Permanent(errors.New("its directory is damaged"))
		}
		m.name = string(raw[entryHeader:][:name])
		m.long(raw[entryHeader+name:][:extra])
		if m.header > math.MaxInt64-base {
			return nil, fault.Permanent(errors.New("its directory is damaged"))
		}
		m.header += base
		raw = raw[entryHeader+name+extra+comment:]
		if key := strings.TrimPrefix(path.Clean("/"+m.name), "/"); !strings.HasSuffix(m.name, "/") && checkKey(key) == nil {
			members[key] = m
		}
	}
	return members, nil
}

// long takes those numbers from the zip64 extra field that have no room elsewhere.
func (m *member) long(extra []byte) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		for _, number := range []*int64{&m.size, &m.packed, &m.header} {
			if *number == unknownLength && len(field) >= 8 {
				*number = int64(binary.LittleEndian.Uint64(field))
				field = field[8:]
			}
		}
	}
}
