package codec_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
	"volara/zarr/codec"
)

// numcodecsDir holds chunks that numcodecs encoded, where it has been fetched.
const numcodecsDir = "../../../shared/conformance/numcodecs/fixture"

// TestNumcodecs decodes what numcodecs encoded for its own tests, encodes it again and decodes that.
func TestNumcodecs(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(numcodecsDir, "*/codec.*/encoded.*.dat"))
	deltas, _ := filepath.Glob(filepath.Join(numcodecsDir, "delta/*/codec.*/encoded.*.dat"))
	decoded := 0
	for _, file := range append(files, deltas...) {
		config, err := os.ReadFile(filepath.Join(filepath.Dir(file), "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		number := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "encoded."), ".dat")
		want := npyData(t, filepath.Join(filepath.Dir(filepath.Dir(file)), "array."+number+".npy"))
		c, err := codec.ParseV2(config, codec.Type{DType: nd.Uint8})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		encoded, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkDecode(t, c, config, encoded, want)
		decoded++
		again, err := c.Encode(nil, want)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		checkDecode(t, c, config, again, want)
	}
	if _, err := os.Stat(numcodecsDir); err == nil && decoded == 0 {
		t.Errorf("none of %d chunks in %s was decoded", len(files)+len(deltas), numcodecsDir)
	}
	t.Logf("%d of %d chunks of numcodecs decoded", decoded, len(files)+len(deltas))
}

func checkDecode(t *testing.T, c codec.Codec, config, encoded, want []byte) {
	t.Helper()
	got, err := c.Decode(nil, encoded, len(want))
	if err != nil {
		t.Errorf("%s: %v", config, err)
		return
	}
	var scaled struct {
		ID    string
		Scale float64
	}
	if err := json.Unmarshal(config, &scaled); err != nil {
		t.Fatal(err)
	}
	if scaled.ID == "fixedscaleoffset" { // whose arrays are float64
		for i := 0; i < len(want); i += 8 {
			a := math.Float64frombits(binary.LittleEndian.Uint64(want[i:]))
			b := math.Float64frombits(binary.LittleEndian.Uint64(got[i:]))
			if math.Abs(a-b) > 0.5/scaled.Scale+1e-9 {
				t.Errorf("%s: element %d became %v of %v", config, i/8, b, a)
				return
			}
		}
	} else if !bytes.Equal(got, want) {
		t.Errorf("%s: decoded to other bytes", config)
	}
}

// npyData returns the elements of a .npy file.
func npyData(t *testing.T, file string) []byte {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data[10+int(data[8])+int(data[9])<<8:]
}
