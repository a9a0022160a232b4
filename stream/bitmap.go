package stream

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// PageBits is the number of bits in a page of a Bitmap, the unit in which bitmaps are stored: 4 KiB.
const PageBits = 32768

const (
	pageWords = PageBits / 64
	pageBytes = PageBits / 8
)

// A Bitmap is a set of block indices in [0, Len). Pages that are empty or full take no memory beyond their counts, so
// that a set which grows in order costs little. It is not safe for concurrent use.
type Bitmap struct {
	n     int64
	count int64
	pages []page
}

// A page without words is uniform: empty when its count is 0, else full.
type page struct {
	words *[pageWords]uint64
	count int32
	dirty bool // changed since Clean
}

// NewBitmap returns the empty set of indices in [0, n).
func NewBitmap(n int64) *Bitmap {
	return &Bitmap{n: n, pages: make([]page, (n+PageBits-1)/PageBits)}
}

// Len returns the number of indices, set or not.
func (b *Bitmap) Len() int64 { return b.n }

// Count returns the number of indices in the set.
func (b *Bitmap) Count() int64 { return b.count }

// Get reports whether i is in the set.
func (b *Bitmap) Get(i int64) bool {
	p := &b.pages[i/PageBits]
	if p.words == nil {
		return p.count > 0
	}
	return p.words[i%PageBits/64]>>(i%64)&1 != 0
}

// Set puts i into the set and reports whether it was not there.
func (b *Bitmap) Set(i int64) bool {
	at := int(i / PageBits)
	p := &b.pages[at]
	if p.words == nil {
		if p.count > 0 {
			return false
		}
		p.words = new([pageWords]uint64)
	}
	w, bit := &p.words[i%PageBits/64], uint64(1)<<(i%64)
	if *w&bit != 0 {
		return false
	}
	*w |= bit
	p.count++
	p.dirty = true
	b.count++
	if int64(p.count) == b.pageLen(at) {
		p.words = nil
	}
	return true
}

// Clear takes i out of the set and reports whether it was there.
func (b *Bitmap) Clear(i int64) bool {
	if !b.Get(i) {
		return false
	}
	at := int(i / PageBits)
	p := &b.pages[at]
	if p.words == nil {
		p.words = b.fullPage(at)
	}
	p.words[i%PageBits/64] &^= 1 << (i % 64)
	p.count--
	p.dirty = true
	b.count--
	if p.count == 0 {
		p.words = nil
	}
	return true
}

// CountRange returns the number of set indices in [i, i+n).
func (b *Bitmap) CountRange(i, n int64) int64 {
	c := int64(0)
	for n > 0 {
		at := int(i / PageBits)
		step := min(n, PageBits-i%PageBits)
		switch p := &b.pages[at]; {
		case p.words == nil && p.count == 0:
		case p.words == nil:
			c += step
		default:
			c += countWords(p.words, int(i%PageBits), int(step))
		}
		i, n = i+step, n-step
	}
	return c
}

func countWords(words *[pageWords]uint64, from, n int) int64 {
	c := 0
	for n > 0 {
		w := words[from/64] >> (from % 64)
		step := min(n, 64-from%64)
		if step < 64 {
			w &= 1<<step - 1
		}
		c += bits.OnesCount64(w)
		from, n = from+step, n-step
	}
	return int64(c)
}

// All reports whether [i, i+n) is wholly in the set.
func (b *Bitmap) All(i, n int64) bool {
	for n > 0 {
		step := min(n, PageBits-i%PageBits)
		switch p := &b.pages[i/PageBits]; {
		case p.words == nil && p.count == 0:
			return false
		case p.words != nil && !allWords(p.words, int(i%PageBits), int(step)):
			return false
		}
		i, n = i+step, n-step
	}
	return true
}

func allWords(words *[pageWords]uint64, from, n int) bool {
	for n > 0 {
		w := ^words[from/64] >> (from % 64)
		step := min(n, 64-from%64)
		if step < 64 {
			w &= 1<<step - 1
		}
		if w != 0 {
			return false
		}
		from, n = from+step, n-step
	}
	return true
}

// Next returns the smallest index in the set that is not below i, and false when there is none.
func (b *Bitmap) Next(i int64) (int64, bool) {
	for i < b.n {
		p := &b.pages[i/PageBits]
		if p.words == nil {
			if p.count > 0 {
				return i, true
			}
			i = (i/PageBits + 1) * PageBits
			continue
		}
		if w := p.words[i%PageBits/64] >> (i % 64); w != 0 {
			return i + int64(bits.TrailingZeros64(w)), true
		}
		i = (i/64 + 1) * 64
	}
	return b.n, false
}

// Pages returns the number of pages.
func (b *Bitmap) Pages() int { return len(b.pages) }

// Dirty returns the pages that changed since they were last cleaned, in order.
func (b *Bitmap) Dirty() []int {
	var dirty []int
	for i := range b.pages {
		if b.pages[i].dirty {
			dirty = append(dirty, i)
		}
	}
	return dirty
}

// Clean marks a page as not changed.
func (b *Bitmap) Clean(page int) { b.pages[page].dirty = false }

// Soil marks a page as changed.
func (b *Bitmap) Soil(page int) { b.pages[page].dirty = true }

// EncodePage returns a page as it is stored: its bits as little-endian 64-bit words, or nothing but one byte when the
// page is full.
func (b *Bitmap) EncodePage(at int) []byte {
	p := &b.pages[at]
	if p.words == nil && p.count > 0 {
		return []byte{1}
	}
	data := make([]byte, pageBytes)
	if p.words != nil {
		for i, w := range p.words {
			binary.LittleEndian.PutUint64(data[8*i:], w)
		}
	}
	return data
}

// DecodePage replaces a page by what EncodePage returned. The page counts as clean.
func (b *Bitmap) DecodePage(at int, data []byte) error {
	if at < 0 || at >= len(b.pages) {
		return fmt.Errorf("page %d of a bitmap with %d pages", at, len(b.pages))
	}
	var words *[pageWords]uint64
	switch {
	case len(data) == 1 && data[0] == 1:
		words = b.fullPage(at)
	case len(data) == pageBytes:
		words = new([pageWords]uint64)
		for i := range words {
			words[i] = binary.LittleEndian.Uint64(data[8*i:])
		}
	default:
		return fmt.Errorf("page %d of a bitmap has %d bytes, not %d", at, len(data), pageBytes)
	}
	p := page{words: words, count: int32(countWords(words, 0, PageBits))}
	length := b.pageLen(at)
	if countWords(words, 0, int(length)) != int64(p.count) {
		return fmt.Errorf("page %d of a bitmap sets bits beyond its %d", at, b.n)
	}
	if p.count == 0 || int64(p.count) == length {
		p.words = nil
	}
	b.count += int64(p.count) - int64(b.pages[at].count)
	b.pages[at] = p
	return nil
}

// pageLen returns the number of indices that a page holds.
func (b *Bitmap) pageLen(at int) int64 { return min(PageBits, b.n-int64(at)*PageBits) }

func (b *Bitmap) fullPage(at int) *[pageWords]uint64 {
	words := new([pageWords]uint64)
	for n, i := b.pageLen(at), 0; n > 0; n, i = n-64, i+1 {
		if n >= 64 {
			words[i] = ^uint64(0)
		} else {
			words[i] = 1<<n - 1
		}
	}
	return words
}
