package zarr

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"volara/nd"
	"volara/zarr/codec"
)

// parseLayoutV3 reads the field codecs of a zarr.json. What it could ignore it returns as warnings.
func parseLayoutV3(f fields, shape []int, t nd.DType, fill Fill) (*layout, []string) {
	p := codecParser{}
	l := p.list(f, "codecs", &layout{dtype: t, shape: shape, fill: fill})
	return l, p.warnings
}

// A codecParser reads lists of codecs, which shards put into one another.
type codecParser struct {
	warnings []string
	depth    int // of shards in shards
}

// maxShardDepth is how many shards may be inside one another.
const maxShardDepth = 8

// list reads a list of codecs: any number from array to array, one from array to bytes, any number from bytes to bytes.
// The layout knows the type and the shape of the array so far; a filter adds the layout of what it makes.
func (p *codecParser) list(f fields, field string, first *layout) *layout {
	l, serialised := first, false
	for i, raw := range f.list(field) {
		at := fmt.Sprintf("%s[%d]", field, i)
		e := f.extension(at, raw)
		switch {
		case *f.err != nil:
			return nil
		case serialised && slices.Contains(serialisers, e.name):
			f.fail(at, "%q after the array was already turned into bytes", e.name)
		case e.name == "transpose":
			l.transpose(parseOrder(e.config, len(l.shape)))
		case e.name == "bytes":
			l.swap, serialised = parseEndian(e.config, l.dtype) != nativeEndian, true
		case e.name == "sharding_indexed":
			l.shard, serialised = p.shard(e.config, l), true
		default:
			l = p.codec(f, at, e, l, serialised)
		}
	}
	if !serialised {
		f.fail(field, `neither "bytes" nor "sharding_indexed" among the codecs`)
	}
	return first
}

// serialisers are the codecs that need an array and are this package's own.
var serialisers = []string{"transpose", "bytes", "sharding_indexed"}

// codec adds any other codec to a layout and returns the layout of what it makes.
func (p *codecParser) codec(f fields, at string, e extension, l *layout, serialised bool) *layout {
	c, err := codec.ParseV3(e.name, e.config.json(), l.dtype)
	filter, isFilter := c.(codec.Filter)
	switch {
	case errors.Is(err, codec.ErrUnknown) && e.optional:
		p.warnings = append(p.warnings, fmt.Sprintf("%s: codec %q is ignored, as it allows", f.file, e.name))
	case errors.Is(err, codec.ErrUnknown):
		f.fail(at, "%w, transpose, bytes, sharding_indexed", err)
	case err != nil:
		f.fail(at, "%w", err)
	case isFilter && serialised:
		f.fail(at, "%q after the array was already turned into bytes", e.name)
	case isFilter:
		if err := l.addFilter(filter); err != nil {
			f.fail(at, "%w", err)
			return l
		}
		return l.next
	case !serialised:
		f.fail(at, "%q before the array was turned into bytes by \"bytes\" or \"sharding_indexed\"", e.name)
	default:
		l.codecs = append(l.codecs, c)
	}
	return l
}

// parseOrder reads a transposition, also the legacy "C" and "F".
func parseOrder(config fields, dims int) []int {
	config.only("order")
	var word string
	if json.Unmarshal(config.raw["order"], &word) == nil && word == "F" {
		return reversed(dims)
	}
	order := make([]int, dims)
	for i := range order {
		order[i] = i
	}
	if word == "C" {
		return order
	}
	list := config.lengths("order", 0)
	if sorted := slices.Sorted(slices.Values(list)); !slices.Equal(sorted, order) {
		config.fail("order", "%v is not a permutation of %d axes", list, dims)
		return order
	}
	return list
}

// parseEndian reads the byte order of the "bytes" codec, which one-byte types need not have.
func parseEndian(config fields, t nd.DType) string {
	config.only("endian")
	if !config.has("endian") {
		if t.Size() > 1 {
			config.fail("endian", "missing for type %v; supported are \"little\" and \"big\"", t)
		}
		return nativeEndian
	}
	endian := config.choice("endian", "little", "big")
	if t.Size() == 1 {
		return nativeEndian
	}
	return endian
}

// shard reads the configuration of sharding_indexed for what a layout stores.
func (p *codecParser) shard(config fields, l *layout) *shard {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxShardDepth {
		config.fail("codecs", "more than %d shards inside one another", maxShardDepth)
	}
	if l.noFill != nil {
		config.fail("", "a shard behind a filter: %w", l.noFill)
	}
	config.only("chunk_shape", "codecs", "index_codecs", "index_location")
	inner, shape := config.lengths("chunk_shape", 1), l.storedShape()
	if *config.err != nil {
		return nil
	}
	if len(inner) != len(shape) {
		config.fail("chunk_shape", "%d numbers for an array of %d dimensions", len(inner), len(shape))
		return nil
	}
	s := &shard{counts: make([]int, len(shape))}
	for d := range shape {
		if shape[d]%inner[d] != 0 {
			config.fail("chunk_shape", "%v does not divide the shard's %v", inner, shape)
			return nil
		}
		s.counts[d] = shape[d] / inner[d]
	}
	if n, ok := product(s.counts, 16); !ok || n > maxChunkBytes {
		config.fail("chunk_shape", "%v makes an index of more than %d bytes", inner, maxChunkBytes)
		return nil
	}
	s.inner = p.list(config, "codecs", &layout{dtype: l.dtype, shape: inner, fill: l.fill})
	s.indexLayout = p.index(config, s.counts)
	if config.has("index_location") {
		s.atStart = config.choice("index_location", "end", "start") == "start"
	}
	return s
}

// index reads the codecs of a shard's index, which must give it a fixed length.
func (p *codecParser) index(config fields, counts []int) *layout {
	l := p.list(config, "index_codecs", &layout{dtype: nd.Uint64, shape: append(slices.Clone(counts), 2)})
	if *config.err != nil {
		return nil
	}
	if name := l.variable(); name != "" {
		config.fail("index_codecs", "%q is not supported for the index, whose length must be fixed, as by \"bytes\" and \"crc32c\"", name)
	}
	return l
}
