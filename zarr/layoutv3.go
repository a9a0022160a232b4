package zarr

import (
	"encoding/json"

	"volara/nd"
	"volara/zarr/codec"
)

// parseLayoutV3 reads a list of codecs: any number from array to array, one from array to bytes, any number from bytes
// to bytes.
func parseLayoutV3(f fields, field string, shape []int, t nd.DType, fill Fill) *layout {
	l := &layout{dtype: t, shape: shape, fill: fill}
	serialised := false
	for _, raw := range f.list(field) {
		name, config := f.extension(field, raw)
		switch {
		case *f.err != nil:
			return nil
		case name == "transpose" && !serialised:
			l.transpose(parseOrder(config, len(shape)))
		case name == "bytes" && !serialised:
			l.swap, serialised = parseEndian(config, t) != nativeEndian, true
		case name == "sharding_indexed" && !serialised:
			l.shard, serialised = parseShard(config, l.storedShape(), t, fill), true
		case name == "transpose" || name == "bytes" || name == "sharding_indexed":
			f.fail(field, "%q after the array was already turned into bytes", name)
		default:
			c, err := codec.ParseV3(name, config.json(), t)
			switch {
			case err != nil:
				f.fail(field, "%v, transpose, bytes, sharding_indexed", err)
			case !serialised:
				f.fail(field, "%q before the array was turned into bytes by \"bytes\" or \"sharding_indexed\"", name)
			}
			l.codecs = append(l.codecs, c)
		}
	}
	if !serialised {
		f.fail(field, `neither "bytes" nor "sharding_indexed" among the codecs`)
	}
	return l
}

// json returns the object's fields, nil when there is none.
func (f fields) json() json.RawMessage {
	if f.raw == nil {
		return nil
	}
	data, err := json.Marshal(f.raw)
	if err != nil {
		f.fail("", "%v", err)
	}
	return data
}

// parseOrder reads a transposition, also the legacy "C" and "F".
func parseOrder(config fields, dims int) []int {
	config.only("order")
	order := make([]int, dims)
	var word string
	if json.Unmarshal(config.raw["order"], &word) == nil && (word == "C" || word == "F") {
		for i := range order {
			order[i] = i
			if word == "F" {
				order[i] = dims - 1 - i
			}
		}
		return order
	}
	list := config.lengths("order", 0)
	seen := make([]bool, dims)
	for _, axis := range list {
		if len(list) != dims || axis >= dims || seen[axis] {
			config.fail("order", "%v is not a permutation of %d axes", list, dims)
			return order
		}
		seen[axis] = true
	}
	if len(list) != dims {
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

// parseShard reads the configuration of sharding_indexed.
func parseShard(config fields, shape []int, t nd.DType, fill Fill) *shard {
	config.only("chunk_shape", "codecs", "index_codecs", "index_location")
	inner := config.lengths("chunk_shape", 1)
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
	s.inner = parseLayoutV3(config, "codecs", inner, t, fill)
	s.parseIndexCodecs(config)
	if config.has("index_location") {
		s.atStart = config.choice("index_location", "end", "start") == "start"
	}
	if n, ok := product(s.counts, 16); !ok || n > maxChunkBytes {
		config.fail("chunk_shape", "%v makes an index of more than %d bytes", inner, maxChunkBytes)
	}
	return s
}

// parseIndexCodecs reads the codecs of a shard's index, which must give it a fixed length.
func (s *shard) parseIndexCodecs(config fields) {
	l := parseLayoutV3(config, "index_codecs", []int{1}, nd.Uint64, Fill{})
	if *config.err != nil {
		return
	}
	if l.shard != nil || l.order != nil {
		config.fail("index_codecs", "only \"bytes\" and \"crc32c\" are supported for the index")
		return
	}
	for _, c := range l.codecs {
		if _, ok := c.(codec.CRC32C); !ok {
			config.fail("index_codecs", "%q is not supported for the index; supported are \"bytes\" and \"crc32c\"", c.Spec().V3Name)
		}
	}
	s.bigEndian, s.indexCodecs = l.swap == (nativeEndian == "little"), l.codecs
}
