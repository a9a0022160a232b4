// Package codec turns the bytes of a chunk into stored bytes and back: the bytes→bytes codecs of zarr v3, which are
// also the compressors of zarr v2. It knows nothing of arrays, stores or metadata files; how elements are laid out
// before they reach a codec (byte order, transposition, shards) is package zarr's.
//
// A codec is one file, one line in each of the two lists of list.go, and a call of the conformance suite in codectest:
//
//	c, err := codec.ParseV3("zstd", json.RawMessage(`{"level": 1, "checksum": false}`), 4)
//	stored, err := c.Encode(nil, chunk)
//	chunk, err = c.Decode(nil, stored, len(chunk))
package codec
