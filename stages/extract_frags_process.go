package stages

import (
	"context"
	"math/rand/v2"

	"volara/geometry"
	"volara/graph"
	"volara/kernels"
	"volara/nd"
)

// Open opens the arrays and the graph for one worker.
func (t *ExtractFrags) Open(ctx context.Context, env *Env) (Processor, error) {
	affs, err := openInput(ctx, &t.AffsData, env)
	if err != nil {
		return nil, err
	}
	p := &extractFrags{ExtractFrags: t, affs: affs, env: env}
	t.AffsData.settleNeighborhood(affs.spec)
	if t.Shared.MaskData != nil {
		if p.mask, err = openInput(ctx, t.Shared.MaskData, env); err != nil {
			return nil, err
		}
	}
	if p.frags, err = openOutput(ctx, &t.FragsData, env); err != nil {
		return nil, err
	}
	p.rag, err = env.Graphs.Open(ctx, t.DB.Path)
	return p, err
}

type extractFrags struct {
	*ExtractFrags
	env               *Env
	affs, mask, frags *openArray
	rag               graph.Store
}

func (p *extractFrags) Close() error { return closeAll(p.affs, p.mask, p.frags) }

// Process computes the fragments of one block on its read ROI and writes those of its write ROI.
func (p *extractFrags) Process(ctx context.Context, b geometry.Block) (t Timings, err error) {
	watch := startWatch()
	affs, mask, err := p.read(ctx, b)
	watch.lap(&t.Read)
	if err != nil {
		return t, err
	}
	frags, err := p.fragments(b, affs, mask)
	if err != nil {
		return t, err
	}
	nodes := p.number(b, frags)
	watch.lap(&t.Compute)
	first := b.Index * p.BlockSize.Prod()
	err = p.rag.WriteNodes(ctx, p.env.writer(),
		graph.IDRange{From: first + 1, To: first + p.BlockSize.Prod() + 1}, nil, nodes)
	if err == nil { // the graph has told a worker of an earlier generation from one that may write
		err = p.frags.write(ctx, b.WriteROI, frags)
	}
	watch.lap(&t.Write)
	return t, err
}

// read returns the affinities of the block's read ROI and, where there is a mask, its values at the same voxels.
func (p *extractFrags) read(ctx context.Context, b geometry.Block) (affs, mask *nd.Array, err error) {
	if affs, err = p.affs.readFinite(ctx, b.ReadROI); err != nil || p.mask == nil {
		return affs, nil, err
	}
	mask, err = p.mask.readNearest(ctx, b.ReadROI, p.affs.spec.VoxelSize)
	return affs, mask, err
}

// fragments returns the labels of the block's write ROI, numbered from 1.
func (p *extractFrags) fragments(b geometry.Block, affs, maskValues *nd.Array) (*nd.Array, error) {
	m := newMask(maskValues, p.affs.spec.Dims())
	asStored := !p.shifted() && (m == nil || m.plain)
	switch {
	case affs.DType() == nd.Uint8 && asStored:
		return watershedBlock(p, b, nd.Values[uint8](affs), func(v []uint8) { clearMasked(m, v) })
	case affs.DType() == nd.Float32 && asStored:
		return watershedBlock(p, b, nd.Values[float32](affs), func(v []float32) { clearMasked(m, v) })
	}
	var values []float64
	if affs.DType() == nd.Uint8 {
		values = make([]float64, affs.Len())
		kernels.Scale255(values, nd.Values[uint8](affs))
	} else {
		values = asFloat64(affs)
	}
	return watershedBlock(p, b, values, m.apply)
}

// watershedBlock turns affinities (channel first, over the read ROI; uint8 stands for 0 to 1) into fragments of the
// write ROI. It overwrites affs.
func watershedBlock[T uint8 | float32 | float64](p *extractFrags, b geometry.Block, affs []T, applyMask func([]T)) (*nd.Array, error) {
	shape := b.ReadROI.Shape.Div(p.affs.spec.VoxelSize)
	frags := nd.New(nd.Uint64, shape...)
	if !negligible(affs) {
		applyMask(affs)
		labels := nd.Values[uint64](frags)
		params := kernels.MutexWatershedParams{Offsets: ints(p.AffsData.Neighborhood), Bias: p.Bias, Strides: ints(p.Strides),
			Randomized: p.RandomizedStrides, Rand: p.rand(b, 1)}
		if p.shifted() {
			params.Bias = make([]float64, len(p.Bias))
			kernels.MutexWatershed(labels, p.shift(b, affs, shape), shape, params)
		} else {
			kernels.MutexWatershed(labels, affs, shape, params)
		}
		filterFragments(p.ExtractFrags, labels, affs, shape)
	}
	write := b.WriteROI.Shift(b.ReadROI.Offset.Neg()).Cover(p.affs.spec.VoxelSize)
	cropped := frags.Crop(write.Offset, write.Shape)
	numbered := nd.New(nd.Uint64, write.Shape...)
	kernels.Components(nd.Values[uint64](numbered), nd.Values[uint64](cropped), write.Shape)
	return numbered, nil
}

// negligible reports whether nothing in the block is worth a fragment: no stored value reaches 0.001.
func negligible[T uint8 | float32 | float64](affs []T) bool {
	for _, v := range affs {
		if float64(v) >= 1e-3 {
			return false
		}
	}
	return true
}

// shift returns the affinities with noise, smoothing and bias added, in this order and as float64 sums.
func (p *extractFrags) shift(b geometry.Block, affs any, shape geometry.Coordinate) []float64 {
	values, ok := affs.([]float64)
	if !ok {
		panic("stages: shifted affinities are float64")
	}
	n := nd.Len(shape)
	sums := make([]float64, len(values))
	if p.NoiseEps != nil {
		rng := p.rand(b, 0)
		for i := range sums {
			sums[i] = *p.NoiseEps * rng.NormFloat64()
		}
	}
	smooth := make([]float64, n)
	for c, bias := range p.Bias {
		channel, sum := values[c*n:(c+1)*n], sums[c*n:(c+1)*n]
		if p.Sigma != nil {
			kernels.GaussianFilter(smooth, channel, shape, p.Sigma)
			for i, v := range channel {
				sum[i] += smooth[i] - v
			}
		}
		for i, v := range channel {
			sum[i] += bias
			sum[i] += v
		}
	}
	return sums
}

// rand returns the source of the block's randomness: the same for every attempt.
func (p *extractFrags) rand(b geometry.Block, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(p.Shared.Seed, uint64(b.Index)<<1|purpose))
}

// filterFragments sets to background the fragments that filter_fragments, remove_debris and min_extent drop, in this
// order; each sees what the one before left.
func filterFragments[T uint8 | float32 | float64](t *ExtractFrags, labels []uint64, affs []T, shape geometry.Coordinate) {
	if t.FilterFragments <= 0 && t.RemoveDebris <= 0 && t.MinExtent == nil {
		return
	}
	n := 0
	for _, l := range labels {
		n = max(n, int(l))
	}
	drop := make([]bool, n+1)
	if t.FilterFragments > 0 {
		for label, mean := range kernels.MeanPerLabel(labels, n, affs, direct(len(shape), len(t.AffsData.Neighborhood))) {
			drop[label] = label > 0 && mean < t.FilterFragments
		}
	}
	for i, r := range kernels.Regions(labels, shape, n) {
		if r.Size < t.RemoveDebris || thinner(r, t.MinExtent) {
			drop[i+1] = true
		}
	}
	kernels.Remove(labels, drop)
}

// direct returns the channels of the direct neighbours: the first ones, as many as there are axes.
func direct(axes, offsets int) []int {
	channels := make([]int, min(axes, offsets))
	for i := range channels {
		channels[i] = i
	}
	return channels
}

func thinner(r kernels.RegionStats, extent geometry.Coordinate) bool {
	for d, e := range extent {
		if r.Max[d]-r.Min[d]+1 < e {
			return true
		}
	}
	return false
}

// number gives the fragments ids that are unique in the volume and returns their nodes.
func (p *extractFrags) number(b geometry.Block, frags *nd.Array) []graph.Node {
	labels, shape := nd.Values[uint64](frags), frags.Shape()
	n := uint64(0)
	for _, l := range labels {
		n = max(n, l)
	}
	first := b.Index * p.BlockSize.Prod()
	nodes := make([]graph.Node, 0, n)
	for i, r := range kernels.Regions(labels, shape, int(n)) {
		center := make(geometry.Coordinate, len(shape))
		for d, sum := range r.Sum {
			center[d] = int(sum / r.Size)
		}
		nodes = append(nodes, graph.Node{ID: first + int64(i) + 1, Size: r.Size,
			Position: b.WriteROI.Offset.Add(center.Mul(p.affs.spec.VoxelSize))})
	}
	for i, l := range labels {
		if l > 0 {
			labels[i] = l + uint64(first)
		}
	}
	return nodes
}
