package stages_test

import (
	"math"
	"slices"

	"volara/geometry"
	"volara/stages"
)

func extractMistakes() []mistake {
	with := func(name, field string, change func(*stages.ExtractFrags), says ...string) mistake {
		t := planExtract()
		change(t)
		return mistake{name, t, field, says}
	}
	type E = *stages.ExtractFrags
	return []mistake{
		with("no array", "affs_data", func(t E) { t.AffsData.Store = "nowhere" }, "nowhere"),
		with("broken metadata", "affs_data", func(t E) { t.AffsData.Store = "broken" }, "zarr.json"),
		with("no channels", "affs_data", func(t E) { t.AffsData.Store = "flat" }, "channel"),
		with("no neighborhood", "affs_data", func(t E) { t.AffsData.Store = "bare" }, "no neighborhood", "[[1, 0, 0]"),
		with("neighborhood attribute of another kind", "affs_data", func(t E) { t.AffsData.Store = "odd hood" }, "neighborhood"),
		with("neighborhood disagrees", "affs_data", func(t E) {
			t.AffsData.Neighborhood = slices.Clone(planHood)
			t.AffsData.Neighborhood[3] = c(0, 4, 0)
		}, "(0, 4, 0)", "(0, 3, 0)", "disagrees"),
		with("neighborhood of another length", "affs_data", func(t E) { t.AffsData.Store = "affs5" }, "5 channels", "4 offsets"),
		with("offset of another dimension", "affs_data", func(t E) {
			t.AffsData.Store, t.AffsData.Neighborhood = "bare", []geometry.Coordinate{c(1, 0), c(0, 1, 0), c(0, 0, 1), c(0, 3, 0)}
		}, "(1, 0)", "3 axes"),
		with("zero offset", "affs_data", func(t E) {
			t.AffsData.Store, t.AffsData.Neighborhood = "bare", []geometry.Coordinate{c(1, 0, 0), c(0, 1, 0), c(0, 0, 1), c(0, 0, 0)}
		}, "itself"),
		with("bias length", "bias", func(t E) { t.Bias = t.Bias[:3] }, "3 values", "4 offsets"),
		with("bias NaN", "bias", func(t E) { t.Bias[1] = math.NaN() }, "finite"),
		with("strides length", "strides", func(t E) { t.Strides = []geometry.Coordinate{c(1, 1, 1)} }, "1 entries", "4 offsets"),
		with("stride of another dimension", "strides[1]", func(t E) { t.Strides = []geometry.Coordinate{c(1, 1, 1), c(1, 1), c(1, 1, 1), c(1, 1, 1)} }, "(1, 1)", "3 axes"),
		with("zero stride", "strides[0]", func(t E) { t.Strides = slices.Repeat([]geometry.Coordinate{c(1, 0, 1)}, 4) }, "(1, 0, 1)", "1 or more"),
		with("randomized without strides", "randomized_strides", func(t E) { t.RandomizedStrides = true }, "needs strides"),
		with("block size of another dimension", "block_size", func(t E) { t.BlockSize = c(4, 4) }, "2 values", "3 axes"),
		with("block size zero", "block_size", func(t E) { t.BlockSize = c(4, 0, 4) }, "1 or more"),
		with("context of another dimension", "context", func(t E) { t.Context = c(1, 1, 1, 1) }, "4 values", "3 axes"),
		with("negative context", "context", func(t E) { t.Context = c(1, -1, 1) }, "0 or more"),
		with("sigma of another dimension", "sigma", func(t E) { t.Sigma = []float64{1} }, "1 values", "3 axes"),
		with("negative sigma", "sigma", func(t E) { t.Sigma = []float64{1, -1, 0} }, "0 or more"),
		with("NaN sigma", "sigma", func(t E) { t.Sigma = []float64{1, math.NaN(), 0} }, "0 or more"),
		with("negative noise", "noise_eps", func(t E) { t.NoiseEps = ptr(-0.1) }, "-0.1", "0 or more"),
		with("infinite noise", "noise_eps", func(t E) { t.NoiseEps = ptr(math.Inf(1)) }, "0 or more"),
		with("NaN filter", "filter_fragments", func(t E) { t.FilterFragments = math.NaN() }, "NaN"),
		with("negative debris", "remove_debris", func(t E) { t.RemoveDebris = -1 }, "-1"),
		with("extent of another dimension", "min_extent", func(t E) { t.MinExtent = c(1, 1) }, "2 values", "3 axes"),
		with("seeds", "min_seed_distance", func(t E) { t.MinSeedDistance = 10 }, "not built yet"),
		with("adaptive seeds", "adaptive_seed_spacing", func(t E) { t.AdaptiveSeedSpacing = 2.0 }, "not built yet"),
		with("voronoi", "voronoi", func(t E) { t.Voronoi = "geodesic" }, "not built yet"),
		with("seed decay", "seed_eps", func(t E) { t.SeedEps = 0.1 }, "not built yet"),
		with("seed decay cap", "max_seed_decay_distance", func(t E) { t.MaxSeedDecayDistance = 3 }, "not built yet"),
		with("boundary mask", "boundary_mask_offsets", func(t E) { t.BoundaryMaskOffsets = "all" }, "not built yet"),
		with("mask of another dimension", "mask_data", func(t E) { t.Shared.MaskData = &stages.Dataset{Store: "frags2d"} }, "2 spatial axes"),
		with("no mask there", "mask_data", func(t E) { t.Shared.MaskData = &stages.Dataset{Store: "nowhere"} }, "nowhere"),
		with("graph of another dimension", "db", func(t E) { t.DB.Dims = ptr(2) }, "ndim: 3"),
		with("graph of six dimensions", "db", func(t E) { t.DB.Dims = ptr(6) }, "1 to 5"),
		with("attribute twice", "db", func(t E) { t.DB.EdgeAttrs["u"] = stages.AttrType{Name: "int"} }, "\"u\""),
		with("attribute name", "db", func(t E) { t.DB.NodeAttrs = map[string]stages.AttrType{"my attr": {Name: "int"}} }, "my attr"),
		with("attribute type", "db", func(t E) { t.DB.NodeAttrs = map[string]stages.AttrType{"a": {Name: "double"}} }, "double", "float"),
		with("ids overflow", "block_size", func(t E) { t.BlockSize = c(1<<31, 1<<31, 1<<31) }, "63 bits"),
		with("ids overflow a little", "block_size", func(t E) { t.BlockSize = c(1<<30, 1<<30, 5) }, "63 bits"),
	}
}

func commonMistakes() []mistake {
	with := func(name, field string, change func(*stages.Shared), says ...string) mistake {
		t := planExtract()
		change(&t.Shared)
		return mistake{name, t, field, says}
	}
	type S = *stages.Shared
	return []mistake{
		with("fit", "fit", func(s S) { s.Fit = "overhang" }, "overhang", "shrink", "leave the field out"),
		with("no fit", "fit", func(s S) { s.Fit = "tight" }, "tight", "valid, overhang and shrink"),
		with("two rois", "roi_voxels", func(s S) { s.ROI, s.VoxelROI = region(c(400, 0, 12), c(40, 4, 6)), region(c(0, 0, 0), c(1, 1, 1)) }, "not both"),
		with("roi outside", "roi", func(s S) { s.ROI = region(c(0, 0, 0), c(40, 4, 6)) }, "outside the data", "[400:720, -20:16, 12:72]"),
		with("empty roi", "roi", func(s S) { s.ROI = region(c(400, 0, 12), c(0, 4, 6)) }, "empty"),
		with("roi of another dimension", "roi", func(s S) { s.ROI = region(c(400, 0), c(40, 4)) }, "2 dimensions", "the data 3"),
		with("voxel roi of another dimension", "roi_voxels", func(s S) { s.VoxelROI = region(c(0, 0), c(4, 4)) }, "2 dimensions", "the data 3"),
		with("voxel roi outside", "roi_voxels", func(s S) { s.VoxelROI = region(c(8, 0, 0), c(4, 4, 4)) }, "outside the data"),
		with("roi between voxels", "roi", func(s S) { s.Grid, s.ROI = stages.GridROI, region(c(410, -20, 12), c(80, 8, 12)) }, "whole voxels", "(40, 4, 6)"),
		with("roi beyond all bounds", "roi", func(s S) { s.ROI = region(c(400, -20, 12), c(math.MaxInt, 16, 60)) }, "leave the roi out"),
		with("voxel roi beyond all bounds", "roi_voxels", func(s S) { s.VoxelROI = region(c(0, 0, 0), c(8, math.MaxInt, 1)) }, "leave the roi out"),
		with("no workers", "num_workers", func(s S) { s.NumWorkers = ptr(0) }, "at least 1"),
		with("negative retries", "max_retries", func(s S) { s.MaxRetries = ptr(-1) }, "0 or more"),
		with("cluster workers", "worker_config", func(s S) { s.WorkerConfig = &stages.WorkerConfig{WorkerType: "slurm"} }, "slurm", "not built yet"),
	}
}

func resourceMistakes() []mistake {
	with := func(name, field string, change func(*stages.ExtractFrags), says ...string) mistake {
		t := planExtract()
		change(t)
		return mistake{name, t, field, says}
	}
	type E = *stages.ExtractFrags
	return []mistake{
		with("empty path", "affs_data", func(t E) { t.AffsData.Store = "" }, "empty"),
		with("bucket", "affs_data", func(t E) { t.AffsData.Store = "gs://bucket/affs" }, "gs://", "https://storage.googleapis.com/bucket/affs"),
		with("unknown name", "affs_data", func(t E) { t.AffsData = stages.Dataset{Ref: "afs"} }, "afs"),
		with("unknown database", "db", func(t E) { t.DB = stages.DB{Ref: "rag"} }, "rag"),
		with("wrong type", "affs_data", func(t E) { t.AffsData.Type = stages.TypeLabels }, "labels", "affs"),
		with("cloudvolume mask", "mask_data", func(t E) { t.Shared.MaskData = &stages.Dataset{Store: "m", Type: stages.TypeCloudVolume} }, "not built yet"),
		with("keyword arguments", "affs_data", func(t E) { t.AffsData.S3Kwargs = map[string]any{"key": "x"} }, "s3_kwargs", "secret"),
		with("read-only output", "frags_data", func(t E) { t.FragsData.Writable = ptr(false) }, "writable"),
		with("postgres", "db", func(t E) { t.DB.Type = "postgresql" }, "not built yet"),
		with("postgres fields", "db", func(t E) { t.DB.Host = "localhost" }, "postgresql"),
		with("no database path", "db", func(t E) { t.DB.Path = "" }, "path"),
		with("output is a file", "frags_data", func(t E) { t.FragsData.Store = "a file" }, "is a file"),
		with("output folder holds other things", "frags_data", func(t E) { t.FragsData.Store = "folder" }, "notes.txt"),
		with("output is broken", "frags_data", func(t E) { t.FragsData.Store = "broken" }, "no readable array"),
		with("output of another shape", "frags_data", func(t E) { t.FragsData.Store = "out shape" }, "[8 9 11]", "[8 9 10]", "drop"),
		with("output of another type", "frags_data", func(t E) { t.FragsData.Store = "out type" }, "uint32", "uint64"),
		with("output of another voxel size", "frags_data", func(t E) { t.FragsData.Store = "out voxel" }, "(40, 4, 4)", "(40, 4, 6)"),
		with("output elsewhere", "frags_data", func(t E) { t.FragsData.Store = "out offset" }, "(0, 0, 0)", "(400, -20, 12)"),
		with("two blocks in a chunk of the output", "frags_data", func(t E) { t.FragsData.Store = "out chunks" }, "two blocks would write one of them", "(4, 4, 5)", "(4, 4, 4)"),
		with("two blocks in a chunk", "frags_data", func(t E) { t.FragsData.Chunks = c(3, 4, 5) }, "two blocks would write one of them"),
		with("chunks of another dimension", "frags_data", func(t E) { t.FragsData.Chunks = c(4, 4) }, "3 axes"),
		with("chunks of nothing", "frags_data", func(t E) { t.FragsData.Chunks = c(4, 0, 5) }, "1 or more"),
		with("output of another codec", "frags_data", func(t E) { t.FragsData.Compressor = "lzma" }, "lzma", "zstd"),
		with("voxel size of the output", "frags_data", func(t E) { t.FragsData.VoxelSize = c(1, 1, 1) }, "(1, 1, 1)", "(40, 4, 6)"),
		with("offset of the output", "frags_data", func(t E) { t.FragsData.Offset = c(0, 0, 0) }, "(0, 0, 0)", "(400, -20, 12)"),
		with("voxel size of another dimension", "affs_data", func(t E) { t.AffsData.VoxelSize = c(4, 4) }, "3 of type space"),
		with("voxel size zero", "affs_data", func(t E) { t.AffsData.VoxelSize = c(40, 0, 6) }, "voxel"),
	}
}
