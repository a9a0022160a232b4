package zarr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	Codecs []any  `json:"codecs"`
	SHA256 string `json:"sha256"`
}

// later reports whether the array needs what the package does not have: strings, objects, filters.
func (e expectedArray) later() bool {
	for _, c := range e.Codecs {
		if s := fmt.Sprint(c); slices.Contains([]string{"bitround", "delta", "shuffle", "fixedscaleoffset", "numcodecs.delta"}, s) {
			return true
		}
	}
	return strings.ContainsAny(e.Raw, "SUO") || e.Raw == "string"
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
	for _, e := range expected.Unreadable {
		if _, err := Open(t.Context(), filepath.Join(conformanceDir, e[0])); !fault.IsPermanent(err) {
			t.Errorf("%s: %v", e[0], err)
		}
	}
	for _, e := range expected.Arrays {
		t.Run(e.Path, func(t *testing.T) {
			a, err := Open(t.Context(), filepath.Join(conformanceDir, e.Path))
			if err != nil {
				if !fault.IsPermanent(err) || !e.later() {
					t.Error(err)
				}
				return
			}
			if e.later() {
				t.Error("opened, though it needs what is not supported")
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
