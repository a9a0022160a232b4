package zarr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"volara/fault"
)

// conformanceDir holds arrays of many writers, where it has been fetched.
const conformanceDir = "../../shared/conformance"

type expectedArray struct {
	Path   string `json:"path"`
	Format int    `json:"fmt"`
	DType  string `json:"dtype"`
	Raw    string `json:"raw_dtype"`
	Shape  []int  `json:"shape"`
	SHA256 string `json:"sha256"`
}

// TestConformance reads what other tools wrote: each array has the bytes that zarr-python reads, or is refused by name.
func TestConformance(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(conformanceDir, "expected.json"))
	if err != nil {
		t.Log("no conformance data; the tests of the fixtures stand alone")
		return
	}
	var expected struct {
		Arrays     []expectedArray `json:"arrays"`
		Unreadable [][]string      `json:"unreadable_by_zarr_python"`
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	for _, e := range expected.Arrays {
		t.Run(e.Path, func(t *testing.T) {
			a, err := Open(t.Context(), filepath.Join(conformanceDir, e.Path))
			if err != nil {
				if !fault.IsPermanent(err) {
					t.Errorf("refused without being marked permanent: %v", err)
				}
				t.Logf("refused: %v", err)
				return
			}
			v, err := a.Read(t.Context(), make([]int, len(e.Shape)), e.Shape)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(v.Bytes())
			if got := hex.EncodeToString(sum[:]); got != e.SHA256 {
				t.Errorf("%v %v: sha256 %s, want %s", a.Metadata().Codecs, v.Shape(), got, e.SHA256)
			}
		})
	}
}
