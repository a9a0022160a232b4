package stages_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"volara/fault"
	"volara/geometry"
	"volara/graph"
	"volara/nd"
	"volara/stages"
	"volara/zarr"
)

// A slowMask is a mask as a list of the world boxes of its voxels that are positive in all channels.
type slowMask []geometry.Roi

// readMask reads a mask voxel by voxel; its leading axes, beyond those of its voxel size, are channels.
func readMask(t rapid.TB, path string) slowMask {
	t.Helper()
	_, spec, err := stages.OutputMarker(context.Background(), stages.LocalPlace(path))
	if err != nil {
		t.Fatal(err)
	}
	values, shape := float64s(t, readArray(t, path)), spec.SpatialShape()
	n := int(shape.Prod())
	var m slowMask
	for i := range n {
		inside := true
		for c := i; c < len(values); c += n {
			inside = inside && values[c] > 0
		}
		if inside {
			m = append(m, geometry.NewRoi(unravel(i, shape).Mul(spec.VoxelSize).Add(spec.Offset), spec.VoxelSize))
		}
	}
	return m
}

// meets reports whether a voxel of the mask meets a region.
func (m slowMask) meets(roi geometry.Roi) bool { return slices.ContainsFunc(m, roi.Meets) }

func float64s(t rapid.TB, a *nd.Array) []float64 {
	t.Helper()
	switch a.DType() {
	case nd.Bool, nd.Uint8:
		return widened(nd.Values[uint8](a))
	case nd.Uint16:
		return widened(nd.Values[uint16](a))
	case nd.Int32:
		return widened(nd.Values[int32](a))
	case nd.Float32:
		return widened(nd.Values[float32](a))
	}
	t.Fatalf("a mask of %v", a.DType())
	return nil
}

func widened[T uint8 | uint16 | int32 | float32](values []T) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// unravel returns the position of the i-th voxel of an array.
func unravel(i int, shape []int) geometry.Coordinate {
	at := make(geometry.Coordinate, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], i = i%shape[d], i/shape[d]
	}
	return at
}

// mask writes a random mask: of any voxel size, offset, extent, type and chunks, with or without channels, sparse.
func (w *world) mask(t *rapid.T, name string) *stages.Dataset {
	n := len(w.shape)
	draw := func(label string, least, most int) geometry.Coordinate {
		return rapid.SliceOfN(rapid.IntRange(least, most), n, n).Draw(t, label)
	}
	shape := []int(draw("mask shape", 1, 7))
	if rapid.Bool().Draw(t, "mask with channels") {
		shape = append([]int{rapid.IntRange(1, 2).Draw(t, "mask channels")}, shape...)
	}
	a := nd.New(rapid.SampledFrom([]nd.DType{nd.Bool, nd.Uint8, nd.Uint16, nd.Int32, nd.Float32}).Draw(t, "mask type"), shape...)
	share := rapid.SampledFrom([]float64{0, 0.02, 0.1, 0.5, 1}).Draw(t, "mask share")
	for i := range a.Len() {
		if w.rng.Float64() < share {
			set(a, i)
		}
	}
	chunks := slices.Clone(shape)
	for d := range chunks {
		chunks[d] = 1 + w.rng.IntN(chunks[d])
	}
	writeArray(t, w.path(name), a, chunks, draw("mask voxel size", 1, 12), draw("mask offset", -25, 25), nil)
	return &stages.Dataset{Store: w.path(name)}
}

// set makes a voxel 1.
func set(a *nd.Array, i int) {
	switch a.DType() {
	case nd.Bool, nd.Uint8:
		nd.Values[uint8](a)[i] = 1
	case nd.Uint16:
		nd.Values[uint16](a)[i] = 1
	case nd.Int32:
		nd.Values[int32](a)[i] = 1
	case nd.Float32:
		nd.Values[float32](a)[i] = 1
	}
}

// TestMaskExcludesBlocks: with a mask, relabel makes what it makes without one times the mask of blocks, and aff-agglom the
// edges of the others' fragments. Excluded blocks have all their chunks.
func TestMaskExcludesBlocks(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		s := newSerial(t, w.dir)
		frags := s.run(w.extract(w.block, geometry.Fill(len(w.shape), 1)))
		writeLUT(t, w.path("lut.npz"), map[uint64]uint64{1: 1 << 40, 2: 1 << 40, 3: 7})
		data := w.mask(t, "mask")
		mask := readMask(t, data.Store)
		excluded := func(env *stages.Env, block int64) bool { return !mask.meets(env.Plan.Grid.At(block).WriteROI) }

		plain, masked := w.relabel("plain", w.block), w.relabel("masked", w.block)
		masked.MaskData = data
		s.run(plain)
		env := s.run(masked)
		want, got := readLabels(t, w.path("plain")), readRequired(t, w.path("masked"))
		for i := range want {
			at := unravel(i, w.shape).Div(w.block)
			if excluded(env, env.Plan.Grid.Index(at)) {
				want[i] = 0
			}
			if got[i] != want[i] {
				t.Fatalf("voxel %v is %d, want %d", unravel(i, w.shape), got[i], want[i])
			}
		}

		some := w.agglom("blocks", w.block)
		some.MaskData = &stages.Dataset{Store: data.Store}
		s.run(some)
		s.run(w.agglom("whole", w.block))
		s.close()
		_, edges := readGraph(t, w.path("db.sqlite"))
		for _, e := range edges { // blocks, blocks__size, distance, whole, whole__size
			out := excluded(frags, (e.U-1)/frags.Plan.BlockVoxels)
			if out != graph.IsAbsent(e.Values[0]) || !out && !sameValues(e.Values[:2], e.Values[3:]) {
				t.Fatalf("edge %d, %d: excluded %v, %v with the mask, %v without", e.U, e.V, out, e.Values[:2], e.Values[3:])
			}
		}
	})
}

// TestMaskAtAnyVoxelSize: fragments made with a mask of another voxel size are those made with the mask's nearest values at
// the affinities' own voxels, in blocks that neither excludes; excluded blocks are empty.
func TestMaskAtAnyVoxelSize(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, dir)
		data := w.mask(t, "mask")
		mask := readMask(t, data.Store)
		same := nd.New(nd.Uint8, w.shape...)
		for i := range same.Len() {
			if mask.meets(centre(unravel(i, w.shape), w)) {
				set(same, i)
			}
		}
		writeArray(t, w.path("same"), same, w.shape, w.voxel, w.offset, nil)
		s := newSerial(t, w.dir)
		results := map[string][]uint64{}
		var env *stages.Env
		for _, name := range []string{"mask", "same"} {
			task := w.extract(w.block, geometry.Fill(len(w.shape), 1))
			task.FragsData.Store, task.DB.Path = w.path("frags of "+name), w.path(name+".sqlite")
			task.MaskData = &stages.Dataset{Store: w.path(name)}
			env = s.run(task)
			results[name] = readRequired(t, task.FragsData.Store)
		}
		sampled := readMask(t, w.path("same"))
		for i, id := range results["mask"] {
			roi := env.Plan.Grid.AtPosition(unravel(i, w.shape).Div(w.block)).WriteROI
			switch {
			case !mask.meets(roi) && id != 0:
				t.Fatalf("voxel %v of a block without a mask voxel has fragment %d", unravel(i, w.shape), id)
			case mask.meets(roi) && sampled.meets(roi) && id != results["same"][i]:
				t.Fatalf("voxel %v is %d, and %d by the mask at the affinities' voxels", unravel(i, w.shape), id, results["same"][i])
			}
		}
	})
}

// centre returns the unit of world that the middle of a voxel lies in; of two, the one after it.
func centre(voxel geometry.Coordinate, w *world) geometry.Roi {
	begin := voxel.Mul(w.voxel).Add(w.offset)
	for d, v := range w.voxel {
		begin[d] += v / 2
	}
	return geometry.NewRoi(begin, geometry.Fill(len(begin), 1))
}

// readRequired reads labels and demands that every chunk is stored.
func readRequired(t rapid.TB, path string) []uint64 {
	t.Helper()
	a, err := zarr.Open(context.Background(), path, zarr.Required())
	if err != nil {
		t.Fatal(err)
	}
	shape := a.Metadata().Shape
	data, err := a.Read(context.Background(), make([]int, len(shape)), shape)
	if err != nil {
		t.Fatal(err)
	}
	return nd.Values[uint64](data)
}

// TestMaskedGraph: a graph that is masked as a whole has the table of a graph without edges, with the starting groups.
func TestMaskedGraph(t *testing.T) {
	k := runChain(t)
	before := nd.New(nd.Uint8, 1, 1)
	writeArray(t, k.w.path("nothing"), before, []int{1, 1}, c(1000, 1000), c(-500, -500), nil)
	writeLUT(t, k.w.path("start.npz"), map[uint64]uint64{1: 1, 2: 1})
	for name, start := range map[string]*stages.LUT{"empty": nil, "started": {Path: k.w.path("start.npz")}} {
		mws := &stages.GraphMWS{DB: k.w.db(), LUT: stages.LUT{Path: k.w.path(name + ".npz")}, StartingLUT: start,
			Weights: stages.Weights{{Attr: "blocks", Factor: 1, Bias: -0.5}}}
		mws.TaskType, mws.MaskData = "graph-mws", &stages.Dataset{Store: k.w.path("nothing")}
		if start != nil {
			k.specs.AddLUT(start.Path)
		}
		k.run(mws)
		lut, err := graph.ReadLUT(mws.LUT.Path)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		if start != nil {
			want = 2
		}
		if len(lut.Fragments) != want || len(lut.Edges) != 0 || want == 2 && lut.Segments[0] != lut.Segments[1] {
			t.Errorf("%s: %+v", name, lut)
		}
		relabel := k.w.relabel("by "+name, k.w.block)
		relabel.LUT.Path = mws.LUT.Path
		k.run(relabel)
	}
	if frags, segs := readLabels(t, k.w.path("frags")), readLabels(t, k.w.path("by empty")); !slices.Equal(frags, segs) {
		t.Error("an empty table changed labels")
	}
}

// TestBadMaskFailsTheBlock: NaN is no mask, wherever in the block it is.
func TestBadMaskFailsTheBlock(t *testing.T) {
	w := smallWorld(t)
	s := newSerial(t, w.dir)
	s.run(w.extract(w.block, c(0, 0)))
	writeLUT(t, w.path("lut.npz"), map[uint64]uint64{1: 1})
	values := nd.New(nd.Float32, w.shape...)
	nd.Values[float32](values)[0] = float32(math.NaN())
	writeArray(t, w.path("bad"), values, w.shape, w.voxel, w.offset, nil)
	task := w.relabel("segs", w.block)
	task.MaskData = &stages.Dataset{Store: w.path("bad")}
	env := s.prepare(task)
	worker, err := stages.Open(context.Background(), task, env)
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	if r, err := worker.Do(context.Background(), env.Plan.Grid.At(0)); !fault.IsPermanent(err) || r.Masked {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := worker.Do(context.Background(), env.Plan.Grid.At(env.Plan.Grid.Len()-1)); err != nil || !r.Masked {
		t.Errorf("a block without a mask voxel: %+v, %v", r, err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := worker.Do(gone, env.Plan.Grid.At(env.Plan.Grid.Len()-1)); err == nil {
		t.Error("a worker that lost its block wrote it")
	}
}
