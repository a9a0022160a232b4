package zarr

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"volara/nd"
	"volara/zarr/pyjson"
)

// Metadata describes an array. It is a copy: changing it changes nothing.
type Metadata struct {
	// Format is 2 or 3.
	Format int
	// Shape is the number of voxels along each axis, channel axes included.
	Shape []int
	// Chunks is the shape of what one stored object holds: a chunk, or a shard of chunks.
	Chunks []int
	// Inner is the shape of what is decoded on its own: the chunks inside a shard, else equal to Chunks.
	Inner []int
	// DType is the type of the voxels.
	DType nd.DType
	// Fill is the value of voxels that were never written.
	Fill Fill
	// NoFill says that the array has none: .zarray's null. Fill is zero then, as with zarr-python.
	NoFill bool
	// Codecs names the codecs in the order of encoding, those inside shards in parentheses after "sharding_indexed".
	Codecs []string
	// DimensionNames names the axes, "" for one without a name; nil when the array names none. Only v3 has them.
	DimensionNames []string
	// Attributes holds the user's attributes as JSON; of NaN and the like see package pyjson.
	Attributes map[string]json.RawMessage
	// Warnings says what is odd about the metadata but can be read.
	Warnings []string

	keys   keyEncoding
	layout *layout
	codecs []json.RawMessage
}

// CodecsJSON returns the codecs as the metadata file has them, in the order of encoding: v3's codecs, or v2's filters and
// compressor.
func (m *Metadata) CodecsJSON() []json.RawMessage {
	list := make([]json.RawMessage, len(m.codecs))
	for i, raw := range m.codecs {
		list[i] = pyjson.Strict(raw)
	}
	return list
}

// Attribute decodes an attribute into v, a pointer as json.Unmarshal takes it. It returns false when there is none.
func (m *Metadata) Attribute(name string, v any) (bool, error) {
	raw, ok := m.Attributes[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return true, fmt.Errorf("attribute %q is %s: %w", name, pyjson.Excerpt(raw), err)
	}
	return true, nil
}

// clone returns a copy that shares nothing that can be changed.
func (m *Metadata) clone() Metadata {
	c := *m
	c.Shape, c.Chunks, c.Inner = slices.Clone(m.Shape), slices.Clone(m.Chunks), slices.Clone(m.Inner)
	c.Codecs, c.DimensionNames = slices.Clone(m.Codecs), slices.Clone(m.DimensionNames)
	c.Warnings = slices.Clone(m.Warnings)
	c.Attributes = make(map[string]json.RawMessage, len(m.Attributes))
	for k, v := range m.Attributes {
		c.Attributes[k] = slices.Clone(v)
	}
	return c
}

// maxChunkBytes is the largest chunk that is encoded or decoded as one piece: what the codecs of the Python world take.
const maxChunkBytes = 1<<31 - 1

// checkShapes verifies what both formats say of shape and chunks; name is the field of the chunks.
func checkShapes(f fields, shape, chunks []int, name string, t nd.DType) {
	if *f.err != nil {
		return
	}
	if len(chunks) != len(shape) {
		f.fail(name, "%d numbers for an array of %d dimensions", len(chunks), len(shape))
		return
	}
	const maxDims = 32
	if len(shape) > maxDims {
		f.fail("shape", "%d dimensions; at most %d are supported", len(shape), maxDims)
	}
	if _, ok := product(shape, t.Size()); !ok {
		f.fail("shape", "%v voxels are more than can be addressed", shape)
	}
	if _, ok := product(chunks, t.Size()); !ok {
		f.fail(name, "%v voxels are more than can be addressed", chunks)
	}
	for d := range shape {
		if chunks[d] > maxLength || shape[d] > maxLength-chunks[d] {
			f.fail(name, "chunks of %d voxels for %d: together they are more than %d, the most that is supported", chunks[d], shape[d], maxLength)
		}
	}
}

// maxLength is the most that an axis and a chunk along it may have together: the ends of all chunks of an array, and boxes
// as large behind it, are whole numbers of 64 bits. Chunks inside shards are no longer than those.
const maxLength = math.MaxInt / 2

// checkPiece verifies that a piece which is decoded at once is not too large.
func checkPiece(f fields, chunks []int, name string, t nd.DType) {
	if n, ok := product(chunks, t.Size()); *f.err == nil && (!ok || n > maxChunkBytes) {
		f.fail(name, "a chunk of %v %v voxels has more than %d bytes, the most that is supported", chunks, t, maxChunkBytes)
	}
}

// dtypeNames lists the types that are supported, for error messages.
func dtypeNames() []string {
	var names []string
	for _, t := range nd.DTypes() {
		names = append(names, t.String())
	}
	return names
}

// fill reads the field fill_value.
func (f fields) fill(t nd.DType, parse func(json.RawMessage, nd.DType) (Fill, error)) Fill {
	raw, ok := f.raw["fill_value"]
	if !ok {
		f.fail("fill_value", "missing; it should be a value of type %v", t)
	}
	if *f.err != nil {
		return Fill{}
	}
	fill, err := parse(raw, t)
	if err != nil {
		f.fail("fill_value", "%v", err)
	}
	return fill
}
