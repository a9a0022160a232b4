package stages_test

import (
	"path/filepath"
	"strings"
	"testing"

	"volara/nd"
	"volara/stages"
	"volara/zarr"
)

// TestComplexNumbersAreRefused gives tasks an array whose values no task can order or threshold.
func TestComplexNumbersAreRefused(t *testing.T) {
	for _, dtype := range []nd.DType{nd.Complex64, nd.Complex128} {
		path := filepath.Join(t.TempDir(), "a.zarr")
		a, err := zarr.Create(t.Context(), path, zarr.Spec{Shape: []int{2, 2}, Chunks: []int{2, 2}, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		_, err = stages.SpecOf(a, &stages.Dataset{Store: path})
		if err == nil || !strings.Contains(err.Error(), dtype.String()) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v: %v", dtype, err)
		}
	}
}
