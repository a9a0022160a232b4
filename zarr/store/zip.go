package store

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"math"
	"os"
	"strings"
	"sync"

	"volara/fault"
)

// Zip is a Store in a zip file, for reading: each value a member, stored or deflated. The file is a value of another
// store; its directory is read once, members by ranges. Their checksums are checked when they are read as a whole.
// Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
type Zip struct {
	under   Store
	key     string
	members map[string]member

	mu     sync.Mutex
	starts map[string]int64 // where the data of members begins that were read by ranges
}

var (
	_ Store        = (*Zip)(nil)
	_ Sizer        = (*Zip)(nil)
	_ BufferGetter = (*Zip)(nil)
	_ Namer        = (*Zip)(nil)
)

// The ways in which members are stored that are known here.
const (
	zipStored   = 0
	zipDeflated = 8
)

// OpenZip opens the zip file that is the value of a key.
func OpenZip(ctx context.Context, under Store, key string) (*Zip, error) {
	z := &Zip{under: under, key: key, starts: map[string]int64{}}
	size, there, err := Size(ctx, under, key)
	if err == nil && !there {
		err = ErrNotExist
	}
	if err == nil {
		z.members, err = readZipDirectory(ctx, under, key, size)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the zip file %s: %w", z, err)
	}
	return z, nil
}

// openZip opens the node at a path of names in a zip file. The root of a zip file that holds one folder and no node of
// its own is that folder, as when a whole array or group was packed.
func openZip(ctx context.Context, under Store, key, inner string) (*Node, error) {
	z, err := OpenZip(ctx, under, key)
	if err != nil {
		return nil, err
	}
	inner = strings.Trim(inner, "/")
	if inner != "" && checkKey(inner) != nil {
		return nil, fault.Permanent(fmt.Errorf("%q is not a path in the zip file %s", inner, z))
	}
	root := z.root()
	if _, isThere := z.folders()[folder(inner)]; isThere {
		root = "" // the path is that in the file
	}
	return &Node{z, root + folder(inner)}, nil
}

// root returns the prefix of the zip file's node: empty, or its only folder.
func (z *Zip) root() string {
	for _, name := range []string{"zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata"} {
		if _, ok := z.members[name]; ok {
			return ""
		}
	}
	only := ""
	for key := range z.members {
		name, _, inFolder := strings.Cut(key, "/")
		if strings.HasPrefix(name, "__MACOSX") || name == ".DS_Store" {
			continue
		}
		if !inFolder || only != "" && only != name {
			return ""
		}
		only = name
	}
	return folder(only)
}

// folders returns the prefixes of all members.
func (z *Zip) folders() map[string]bool {
	all := map[string]bool{}
	for key := range z.members {
		for i := range key {
			if key[i] == '/' {
				all[key[:i+1]] = true
			}
		}
	}
	return all
}

// Close closes the store that the file lies in.
func (z *Zip) Close() error { return Close(z.under) }

// String implements Store: the name of the file.
func (z *Zip) String() string { return Name(z.under, z.key) }

// Name implements Namer: the file and the member in it as one path.
func (z *Zip) Name(key string) string { return z.String() + "/" + key }

// find returns a member that can be read.
func (z *Zip) find(ctx context.Context, key string) (member, error) {
	if ended(ctx) {
		return member{}, context.Cause(ctx)
	}
	if err := checkKey(key); err != nil {
		return member{}, err
	}
	m, ok := z.members[key]
	if !ok {
		return m, fmt.Errorf("reading %s: %w", z.Name(key), ErrNotExist)
	}
	if err := m.check(); err != nil {
		return m, fault.Permanent(fmt.Errorf("reading %s: %w", z.Name(key), err))
	}
	return m, nil
}

// Get implements Store.
func (z *Zip) Get(ctx context.Context, key string) ([]byte, error) {
	return z.GetBuffer(ctx, key, nil, math.MaxInt64)
}

// GetBuffer implements BufferGetter.
func (z *Zip) GetBuffer(ctx context.Context, key string, buf []byte, limit int64) ([]byte, error) {
	m, err := z.find(ctx, key)
	if err != nil {
		return nil, err
	}
	if m.size > limit {
		return nil, fmt.Errorf("reading %s: %d bytes where at most %d are due: %w", z.Name(key), m.size, limit, ErrRange)
	}
	packed, err := z.packed(ctx, key, m)
	if err == nil {
		buf, err = m.unpack(buf, packed)
	}
	if err == nil && crc32.ChecksumIEEE(buf) != m.crc {
		err = fault.Permanent(errors.New("the checksum is wrong: the zip file is damaged"))
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", z.Name(key), err)
	}
	return buf, nil
}

// packed reads the bytes of a member as they are in the file: those that are expected to come before them with them.
func (z *Zip) packed(ctx context.Context, key string, m member) ([]byte, error) {
	const extra = 64 // the usual length of what the file's directory does not tell
	ahead := min(int64(localHeader+len(m.name)+extra), m.end-m.header-m.packed)
	if ahead < localHeader {
		return nil, m.damaged()
	}
	raw, err := z.under.GetRange(ctx, z.key, m.header, ahead+m.packed)
	if err != nil {
		return nil, err
	}
	start, err := m.dataStart(raw)
	if err != nil {
		return nil, err
	}
	z.remember(key, m.header+start)
	if start+m.packed <= int64(len(raw)) {
		return raw[start:][:m.packed], nil
	}
	if m.header+start+m.packed > m.end {
		return nil, m.damaged()
	}
	return z.under.GetRange(ctx, z.key, m.header+start, m.packed)
}

// start returns where in the file the data of a member begins.
func (z *Zip) start(ctx context.Context, key string, m member) (int64, error) {
	z.mu.Lock()
	at, ok := z.starts[key]
	z.mu.Unlock()
	if ok {
		return at, nil
	}
	raw, err := z.under.GetRange(ctx, z.key, m.header, localHeader)
	if err != nil {
		return 0, err
	}
	start, err := m.dataStart(raw)
	if err == nil && m.header+start+m.packed > m.end {
		err = m.damaged()
	}
	if err != nil {
		return 0, err
	}
	z.remember(key, m.header+start)
	return m.header + start, nil
}

func (z *Zip) remember(key string, start int64) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.starts[key] = start
}

// GetRange implements Store. Of a deflated member all before the range is unpacked, too.
func (z *Zip) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	m, err := z.find(ctx, key)
	if err != nil {
		return nil, err
	}
	start, err := window(m.size, offset, length)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", z.Name(key), err)
	}
	part, err := z.part(ctx, key, m, start, length)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", z.Name(key), err)
	}
	return part, nil
}

func (z *Zip) part(ctx context.Context, key string, m member, start, length int64) ([]byte, error) {
	if m.method == zipStored {
		at, err := z.start(ctx, key, m)
		if err != nil {
			return nil, err
		}
		return z.under.GetRange(ctx, z.key, at+start, length)
	}
	packed, err := z.packed(ctx, key, m)
	if err != nil {
		return nil, err
	}
	r := flate.NewReader(bytes.NewReader(packed))
	if _, err := io.CopyN(io.Discard, r, start); err != nil {
		return nil, fault.Permanent(fmt.Errorf("unpacking: %w", err))
	}
	part := make([]byte, length)
	if _, err := io.ReadFull(r, part); err != nil {
		return nil, fault.Permanent(fmt.Errorf("unpacking: %w", err))
	}
	return part, nil
}

// Size implements Sizer.
func (z *Zip) Size(ctx context.Context, key string) (int64, error) {
	m, err := z.find(ctx, key)
	return m.size, err
}

// List implements Store.
func (z *Zip) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if ended(ctx) {
			yield(Entry{}, context.Cause(ctx))
			return
		}
		for key, m := range z.members {
			if strings.HasPrefix(key, prefix) && !yield(Entry{key, m.size}, nil) {
				return
			}
		}
	}
}

// Put implements Store: it is an error.
func (z *Zip) Put(_ context.Context, key string, _ []byte) error { return z.readOnly("writing", key) }

// Delete implements Store: it is an error.
func (z *Zip) Delete(_ context.Context, key string) error { return z.readOnly("deleting", key) }

func (z *Zip) readOnly(doing, key string) error {
	return fault.Permanent(fmt.Errorf("%s %s: %w: zip files are only read; unpack it", doing, z.Name(key), ErrReadOnly))
}

// isFile reports whether a regular file is at a path.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// localHeader is the length of what comes before a member's name in front of its data.
const localHeader = 30

// dataStart returns how far from its header a member's data begin; raw starts with the header.
func (m *member) dataStart(raw []byte) (int64, error) {
	if len(raw) < localHeader || binary.LittleEndian.Uint32(raw) != 0x04034b50 {
		return 0, m.damaged()
	}
	return localHeader + int64(binary.LittleEndian.Uint16(raw[26:])) + int64(binary.LittleEndian.Uint16(raw[28:])), nil
}

func (m *member) damaged() error {
	return fault.Permanent(fmt.Errorf("the zip file is damaged, or was replaced while it was read: %q is not where its directory says", m.name))
}

// unpack returns the value of a member, in buf's memory where it fits. packed may be returned itself.
func (m *member) unpack(buf, packed []byte) ([]byte, error) {
	if m.method == zipStored {
		return packed, nil
	}
	if int64(cap(buf)) < m.size {
		buf = make([]byte, m.size)
	}
	buf = buf[:m.size]
	r := flate.NewReader(bytes.NewReader(packed))
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fault.Permanent(fmt.Errorf("unpacking: %w", err))
	}
	if n, _ := io.CopyN(io.Discard, r, 1); n > 0 {
		return nil, fault.Permanent(fmt.Errorf("unpacking: more than the %d bytes that are told", m.size))
	}
	return buf, nil
}
