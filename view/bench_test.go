package view

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"volara/nd"
	"volara/zarr"
)

// BenchmarkChunks asks for the chunks of a 256³ volume, as the viewer does: as they are stored, and converted.
func BenchmarkChunks(b *testing.B) {
	for name, spec := range map[string]zarr.Spec{
		"stored uint8":     {DType: nd.Uint8, Chunks: []int{64, 64, 64}},
		"converted uint8":  {DType: nd.Uint8, Chunks: []int{64, 64, 64}, Encoding: zarr.Encoding{Order: []int{2, 1, 0}}},
		"converted int64":  {DType: nd.Int64, Chunks: []int{128, 128, 128}},
		"converted double": {DType: nd.Float64, Chunks: []int{64, 64, 64}},
	} {
		b.Run(name, func(b *testing.B) {
			spec.Shape = []int{256, 256, 256}
			path := filepath.Join(b.TempDir(), "image")
			a, err := zarr.Create(b.Context(), path, spec)
			if err != nil {
				b.Fatal(err)
			}
			data := nd.New(spec.DType, spec.Shape...)
			for i := range data.Bytes() { // smooth, as images are
				data.Bytes()[i] = byte(i >> 10)
			}
			if err := a.Write(b.Context(), []int{0, 0, 0}, data); err != nil {
				b.Fatal(err)
			}
			s := NewServer(Options{Find: Paths([]Request{{Path: path}}, zarr.Overrides{}), CacheBytes: 256 << 20, Log: slog.New(slog.DiscardHandler)})
			if _, err := s.Look(b.Context()); err != nil {
				b.Fatal(err)
			}
			h := s.Handler("/")
			var next atomic.Int64
			b.SetBytes(64 * 64 * 64 * int64(spec.DType.Size()))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := next.Add(1) % 64
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/image/c/%d/%d/%d", i/16, i/4%4, i%4), nil))
					if w.Code != http.StatusOK {
						b.Fatal(w.Code, w.Body.String())
					}
				}
			})
		})
	}
}
