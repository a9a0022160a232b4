package codec_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

// TestNumcodecsDecodes lets numcodecs decode what every codec encodes, at many lengths, where scripts/deps.sh test has
// installed it.
func TestNumcodecsDecodes(t *testing.T) {
	dir := os.Getenv("VOLARA_PEERS")
	if home, err := os.UserHomeDir(); dir == "" && err == nil {
		dir = filepath.Join(home, ".cache", "volara-test")
	}
	python := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skipf("numcodecs is missing in %s: sh scripts/deps.sh test installs it", dir)
	}
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, config := range interopConfigs() {
		c, err := codec.ParseV2(json.RawMessage(config), codec.Type{DType: nd.Uint8})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{16, 1000, 1008, 40000, 1<<17 + 16} {
			data := make([]byte, n)
			for i := range data {
				if data[i] = byte(i / 48); i%16 < 4 {
					data[i] = byte(i*i/7) >> (i % 5)
				}
			}
			encoded, err := c.Encode(nil, data)
			if err != nil {
				t.Fatalf("%s: %v", config, err)
			}
			err = lines.Encode(map[string]any{"config": json.RawMessage(config), "array": data, "encoded": encoded})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(python, "testdata/decode.py")
	cmd.Stdin = &in
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "ok\n" {
		t.Fatalf("%s%v", out, err)
	}
}

func interopConfigs() []string {
	list := []string{`{"id": "lz4"}`, `{"id": "bz2", "level": 1}`, `{"id": "zstd", "level": 3, "checksum": true}`,
		`{"id": "zstd", "level": -5}`, `{"id": "zstd", "level": 0}`, `{"id": "gzip", "level": 1}`, `{"id": "gzip", "level": 9}`,
		`{"id": "gzip", "level": 0}`, `{"id": "zlib", "level": 5}`, `{"id": "crc32c"}`, `{"id": "fletcher32"}`, `{"id": "adler32"}`,
		`{"id": "lzma"}`, `{"id": "lzma", "check": 1}`, `{"id": "lzma", "format": 2}`, `{"id": "base64"}`}
	for _, name := range []string{"lz4", "lz4hc", "zstd", "zlib", "blosclz"} {
		for _, rest := range []string{`1, "shuffle": 1, "typesize": 8`, `5, "shuffle": 0, "typesize": 1`, `9, "shuffle": 2, "typesize": 4`,
			`5, "shuffle": 1, "typesize": 3`, `7, "shuffle": 1, "typesize": 16, "blocksize": 4096`, `3, "shuffle": 2, "typesize": 2, "blocksize": 1000`,
			`5, "shuffle": 1, "typesize": 200, "blocksize": 128`, `5, "shuffle": 2, "typesize": 17, "blocksize": 100000`, `0, "shuffle": 1, "typesize": 4, "blocksize": 1000000`} {
			list = append(list, `{"id": "blosc", "cname": "`+name+`", "clevel": `+rest+`}`)
		}
	}
	return list
}
