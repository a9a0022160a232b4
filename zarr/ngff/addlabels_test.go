package ngff_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"volara/zarr/ngff"
	"volara/zarr/store"
)

// TestAddLabelsAtOnce lists labels through stores that know nothing of each other: none is lost.
func TestAddLabelsAtOnce(t *testing.T) {
	for format := 2; format <= 3; format++ {
		dir := t.TempDir()
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				at, below := dir, "image"
				if w%2 == 1 {
					at, below = filepath.Join(dir, "image"), ""
				}
				n, err := store.Open(t.Context(), at, store.Options{LocalOptions: store.LocalOptions{Create: true}})
				if err == nil && below != "" {
					n, err = n.Child(below)
				}
				for i := 0; i < 5 && err == nil; i++ {
					err = ngff.AddLabels(t.Context(), n, format, fmt.Sprintf("%d of %d", i, w))
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		n, err := store.Open(t.Context(), filepath.Join(dir, "image", "labels"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g, err := ngff.Read(t.Context(), n)
		if err != nil || g == nil {
			t.Fatal(g, err)
		}
		if labels, err := g.Labels(); err != nil || len(labels) != 40 {
			t.Errorf("zarr v%d: %d labels of 40, %v", format, len(labels), err)
		}
	}
}
