package zarr

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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

// unsupported is what zarr-python calls the data types that this package does not have: strings and objects.
var unsupported = regexp.MustCompile(`^[<>|][SUO]|^string$`)

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
	if arrays, unreadable := len(expected.Arrays), len(expected.Unreadable); arrays != 98 || unreadable != 2 {
		t.Errorf("%d arrays and %d that cannot be read, want 98 and 2", arrays, unreadable)
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
				if !fault.IsPermanent(err) || !unsupported.MatchString(e.Raw) || !regexp.MustCompile("strings|objects").MatchString(err.Error()) {
					t.Error(err)
				}
				return
			}
			if unsupported.MatchString(e.Raw) {
				t.Errorf("type %s was opened", e.Raw)
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
