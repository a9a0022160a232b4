package view

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"volara/nd"
	"volara/zarr"
	"volara/zarr/codec"
	"volara/zarr/lazy"
)

// A virtual array is a zarr v3 array that is not stored: its chunks are read from a source, converted to a type that the
// viewer knows, and compressed when they are asked for. It is safe for concurrent use.
type virtual struct {
	source lazy.Source
	to     nd.DType
	chunk  []int
	doc    []byte // zarr.json
	codec  codec.Codec
}

var _ tree = (*virtual)(nil)

// The chunks of virtual arrays have this many voxels along each of the last three axes of space, and not more than so many
// bytes.
const (
	chunkEdge  = 64
	chunkBytes = 4 << 20
)

// newVirtual returns the virtual array of a level with the given axes.
func newVirtual(l Level, axes []axis, kind Kind) (*virtual, error) {
	to, err := viewerType(l.DType(), kind)
	if err != nil {
		return nil, err
	}
	v := &virtual{source: l.Source, to: to, chunk: virtualChunks(axes, to), codec: &codec.Zstd{Level: 1}}
	v.doc, err = v.document(l.Spatial, axes)
	return v, err
}

// virtualChunks returns the shape of a chunk: all channels that a shader is given at once, and a cube of space.
func virtualChunks(axes []axis, t nd.DType) []int {
	chunk := make([]int, len(axes))
	var space []int
	for d := len(axes) - 1; d >= 0; d-- {
		switch a := axes[d]; {
		case strings.HasSuffix(a.name, "^"):
			chunk[d] = max(1, a.size)
		case a.unit == "m" && len(space) < 3:
			space, chunk[d] = append(space, d), chunkEdge
		default:
			chunk[d] = 1
		}
	}
	if len(space) < 3 { // as many voxels in a plane or a line
		edge := map[int]int{1: 1 << 18, 2: 1 << 9}[len(space)]
		for _, d := range space {
			chunk[d] = edge
		}
	}
	for _, d := range space {
		chunk[d] = max(1, min(chunk[d], axes[d].size))
	}
	for nd.Len(chunk)*t.Size() > chunkBytes {
		largest := -1
		for _, d := range space {
			if chunk[d] > 1 && (largest < 0 || chunk[d] > chunk[largest]) {
				largest = d
			}
		}
		if largest < 0 {
			break
		}
		chunk[largest] = (chunk[largest] + 1) / 2
	}
	return chunk
}

type extension struct {
	Name   string `json:"name"`
	Config any    `json:"configuration,omitempty"`
}

// document returns the array's zarr.json.
func (v *virtual) document(spatial zarr.Spatial, axes []axis) ([]byte, error) {
	serial := extension{Name: "bytes"}
	if v.to.Size() > 1 {
		serial.Config = map[string]string{"endian": nativeEndian()}
	}
	names := make([]string, len(axes))
	for i, a := range axes {
		names[i] = strings.TrimRight(a.name, "^'")
	}
	doc := struct {
		Format     int            `json:"zarr_format"`
		Node       string         `json:"node_type"`
		Shape      []int          `json:"shape"`
		DType      string         `json:"data_type"`
		Grid       extension      `json:"chunk_grid"`
		Keys       extension      `json:"chunk_key_encoding"`
		Fill       int            `json:"fill_value"`
		Codecs     []extension    `json:"codecs"`
		Names      []string       `json:"dimension_names"`
		Attributes map[string]any `json:"attributes"`
	}{
		Format: 3, Node: "array", Shape: v.source.Shape(), DType: v.to.String(),
		Grid:   extension{"regular", map[string][]int{"chunk_shape": v.chunk}},
		Keys:   extension{"default", map[string]string{"separator": "/"}},
		Codecs: []extension{serial, {v.codec.Spec().V3Name, v.codec.Spec().V3Config}},
		Names:  names, Attributes: spatial.Attributes(),
	}
	return json.MarshalIndent(doc, "", "  ")
}

func nativeEndian() string {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return "little"
	}
	return "big"
}

// open implements tree.
func (v *virtual) open(ctx context.Context, key string) (*object, error) {
	if key == "zarr.json" {
		return newObject(v.doc), nil
	}
	index, ok := v.index(key)
	if !ok {
		return nil, fs.ErrNotExist
	}
	data, err := v.read(ctx, index)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimLeft(data, "\x00")) == 0 {
		return nil, fs.ErrNotExist // the fill value
	}
	encoded, err := v.codec.Encode(nil, data)
	if err != nil {
		return nil, fmt.Errorf("encoding chunk %v: %w", index, err)
	}
	return newObject(encoded), nil
}

// index returns the chunk that a key names.
func (v *virtual) index(key string) ([]int, bool) {
	parts, shape := strings.Split(key, "/"), v.source.Shape()
	if parts[0] != "c" || len(parts) != len(shape)+1 {
		return nil, false
	}
	index := make([]int, len(shape))
	for d, text := range parts[1:] {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= (shape[d]+v.chunk[d]-1)/v.chunk[d] || strconv.Itoa(n) != text {
			return nil, false
		}
		index[d] = n
	}
	return index, true
}

// read returns the voxels of a chunk, which may leave the array.
func (v *virtual) read(ctx context.Context, index []int) ([]byte, error) {
	offset := make([]int, len(index))
	for d, i := range index {
		offset[d] = i * v.chunk[d]
	}
	data := nd.New(v.source.DType(), v.chunk...)
	if err := v.source.ReadInto(ctx, data, offset); err != nil {
		return nil, err
	}
	return convert(data, v.to), nil
}
