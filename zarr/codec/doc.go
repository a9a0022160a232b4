// Package codec turns the bytes of a chunk into stored bytes and back: zarr v3's codecs but those that shape an array
// (bytes, transpose, sharding_indexed), and numcodecs' compressors, checksums and filters, which zarr v2 names in its own
// way. It knows nothing of arrays, stores or metadata files; how elements are laid out before they reach a codec (byte
// order, transposition, shards) is package zarr's.
//
// A codec is one file, one line in a list of list.go, and one of the lists in codec_test.go, which goes through the
// conformance suite of codectest:
//
//	c, err := codec.ParseV3("zstd", json.RawMessage(`{"level": 1, "checksum": false}`), nd.Uint8)
//	stored, err := c.Encode(nil, chunk)
//	chunk, err = c.Decode(nil, stored, len(chunk))
package codec
