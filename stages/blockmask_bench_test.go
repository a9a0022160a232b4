package stages_test

import (
	"context"
	"testing"

	"volara/geometry"
	"volara/nd"
	"volara/stages"
)

// BenchmarkMasked relabels blocks of 64³ voxels, all of which a coarse mask excludes, and the same blocks without one.
func BenchmarkMasked(b *testing.B) {
	w := &world{dir: b.TempDir(), shape: geometry.Fill(3, 128), block: geometry.Fill(3, 64), voxel: geometry.Fill(3, 1), offset: geometry.Fill(3, 0)}
	w.write(b, "frags", nd.New(nd.Uint64, w.shape...), w.block)
	writeArray(b, w.path("mask"), nd.New(nd.Uint8, 4, 4, 4), []int{4, 4, 4}, geometry.Fill(3, 32), w.offset, nil)
	writeLUT(b, w.path("lut.npz"), map[uint64]uint64{1: 1})
	for _, name := range []string{"masked", "computed"} {
		b.Run(name, func(b *testing.B) {
			task := w.relabel(name, w.block)
			if name == "masked" {
				task.MaskData = &stages.Dataset{Store: w.path("mask")}
			}
			s := newSerial(b, w.dir)
			env := s.prepare(task)
			worker, err := stages.Open(context.Background(), task, env)
			if err != nil {
				b.Fatal(err)
			}
			defer worker.Close()
			i := int64(0)
			for b.Loop() {
				r, err := worker.Do(context.Background(), env.Plan.Grid.At(i%env.Plan.Grid.Len()))
				if err != nil || r.Masked != (name == "masked") {
					b.Fatal(r, err)
				}
				i++
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}
