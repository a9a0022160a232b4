package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"volara/nd"
)

// TestLevels reads what any level has made, and refuses to name levels that other readers do not take.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name, config string
		ok           bool
	}{
		{"zstd", `{"level": -131072, "checksum": false}`, true},
		{"zstd", `{"level": 22, "checksum": true}`, true},
		{"zstd", `{"level": 23, "checksum": false}`, false},
		{"zstd", `{"level": 99, "checksum": false}`, false},
		{"zstd", `{"level": -131073, "checksum": false}`, false},
		{"gzip", `{"level": 0}`, true},
		{"gzip", `{"level": 9}`, true},
		{"gzip", `{"level": -1}`, false},
		{"numcodecs.zlib", `{"level": 9}`, true},
		{"numcodecs.zlib", `{"level": -1}`, false},
		{"numcodecs.bz2", `{"level": 1}`, true},
		{"numcodecs.lzma", `{"preset": 2147483657}`, true}, // 9, extreme
		{"numcodecs.lzma", `{"preset": 10}`, false},
		{"numcodecs.lzma", `{"preset": null}`, true},
		{"blosc", `{"clevel": 9}`, true},
		{"blosc", `{"cname": "snappy"}`, false},
		{"crc32c", ``, true},
	} {
		one, err := ParseV3(c.name, json.RawMessage(c.config), nd.Uint8)
		if err != nil {
			t.Errorf("%s %s cannot be read: %v", c.name, c.config, err)
			continue
		}
		if err := CheckNew(one); (err == nil) != c.ok {
			t.Errorf("%s %s: %v", c.name, c.config, err)
		}
		src := bytes.Repeat([]byte(fmt.Sprint(c)), 9)
		out, err := one.Encode(nil, src)
		if err == nil {
			out, err = one.Decode(nil, out, len(src))
		}
		if err != nil || !bytes.Equal(out, src) {
			t.Errorf("%s %s: %v", c.name, c.config, err)
		}
	}
}
