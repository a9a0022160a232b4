package stages_test

import (
	"math"

	"volara/geometry"
	"volara/stages"
)

func agglomMistakes() []mistake {
	with := func(name, field string, change func(*stages.AffAgglom), says ...string) mistake {
		t := planAgglom()
		change(t)
		return mistake{name, t, field, says}
	}
	type A = *stages.AffAgglom
	return []mistake{
		with("no fragments", "frags_data", func(t A) { t.FragsData.Store = "nowhere" }, "nowhere"),
		with("float labels", "frags_data", func(t A) { t.FragsData.Store = "float frags" }, "float32", "integers"),
		with("labels with channels", "frags_data", func(t A) { t.FragsData.Store = "channel frags" }, "channel"),
		with("labels of another dimension", "frags_data", func(t A) { t.FragsData.Store = "frags2d" }, "2 spatial axes"),
		with("labels of another voxel size", "frags_data", func(t A) { t.FragsData.Store = "coarse" }, "(80, 8, 12)", "(40, 4, 6)"),
		with("labels between voxels", "frags_data", func(t A) { t.FragsData.Store = "half a voxel" }, "part of a voxel"),
		with("affinities of another dimension", "frags_data", func(t A) { t.AffsData.Store = "affs2d" }, "3 spatial axes"),
		with("no neighborhood", "affs_data", func(t A) { t.AffsData.Store = "bare" }, "no neighborhood"),
		with("no scores", "scores", func(t A) { t.Scores = nil }, "empty"),
		with("unknown score", "scores", func(t A) { t.Scores["long"] = planHood[3:] }, "long", "adj, lr"),
		with("no attributes at all", "scores", func(t A) { t.DB.EdgeAttrs = nil }, "edge_attrs: {adj: float}"),
		with("score of text", "scores", func(t A) { t.DB.EdgeAttrs["lr"] = stages.AttrType{Name: "str"} }, "lr", "float"),
		with("score of a vector", "scores", func(t A) { t.DB.EdgeAttrs["lr"] = stages.AttrType{Length: 3} }, "lr", "float"),
		with("score of whole numbers", "scores", func(t A) { t.DB.EdgeAttrs["lr"] = stages.AttrType{Name: "int"} }, "lr", "float"),
		with("count of text", "scores", func(t A) { t.DB.EdgeAttrs["lr__size"] = stages.AttrType{Name: "str"} }, "lr__size", "int"),
		with("offset not in the neighborhood", "scores", func(t A) { t.Scores["lr"] = []geometry.Coordinate{c(0, 4, 0)} }, "(0, 4, 0)", "lr", "(0, 3, 0)"),
		with("block size of another dimension", "block_size", func(t A) { t.BlockSize = c(4, 4) }, "3 axes"),
		with("context of another dimension", "context", func(t A) { t.Context = c(4, 4) }, "3 axes"),
		with("mask of another dimension", "mask_data", func(t A) { t.Shared.MaskData = &stages.Dataset{Store: "frags2d"} }, "2 spatial axes"),
		with("graph of another dimension", "db", func(t A) { t.DB.Dims = ptr(4) }, "ndim"),
		with("no graph", "db", func(t A) { t.DB.Path = "nowhere.sqlite" }, "nowhere.sqlite is not there, and no earlier task"),
		with("broken graph", "db", func(t A) { t.DB.Path = "broken.sqlite" }, "broken.sqlite"),
	}
}

func mwsMistakes() []mistake {
	with := func(name, field string, change func(*stages.GraphMWS), says ...string) mistake {
		t := planMWS()
		change(t)
		return mistake{name, t, field, says}
	}
	type M = *stages.GraphMWS
	return []mistake{
		with("no weights", "weights", func(t M) { t.Weights = nil }, "empty"),
		with("unknown weight", "weights", func(t M) { t.Weights[0].Attr = "adjacency" }, "adjacency", "adj, lr"),
		with("weight on text", "weights", func(t M) { t.DB.EdgeAttrs["adj"] = stages.AttrType{Name: "str"} }, "adj"),
		with("weight on a vector", "weights", func(t M) { t.DB.EdgeAttrs["adj"] = stages.AttrType{Length: 2} }, "adj"),
		with("NaN weight", "weights", func(t M) { t.Weights[0].Bias = math.NaN() }, "adj", "finite"),
		with("infinite weight", "weights", func(t M) { t.Weights[0].Factor = math.Inf(1) }, "adj", "finite"),
		with("mean attributes", "mean_attrs", func(t M) { t.MeanAttrs = map[string]any{} }, "not built yet"),
		with("output database", "out_db", func(t M) { t.OutDB = map[string]any{} }, "not built yet"),
		with("voxel roi", "roi_voxels", func(t M) { t.Shared.VoxelROI = region(c(0, 0, 0), c(1, 1, 1)) }, "world units"),
		with("roi of another dimension", "roi", func(t M) { t.Shared.ROI = region(c(0, 0), c(1, 1)) }, "2 dimensions"),
		with("roi outside", "roi", func(t M) { t.Shared.ROI = region(c(0, 0, 0), c(1, 1, 1)) }, "outside"),
		with("no starting table", "starting_lut", func(t M) { t.StartingLUT = &stages.LUT{Path: "nowhere"} }, "nowhere.npz is not there, and no earlier task"),
		with("broken starting table", "starting_lut", func(t M) { t.StartingLUT = &stages.LUT{Path: "broken"} }, "broken.npz"),
		with("bucket", "lut", func(t M) { t.LUT.Path = "s3://bucket/lut" }, "only arrays"),
		with("unknown table", "lut", func(t M) { t.LUT = stages.LUT{Ref: "final"} }, "final"),
		with("no graph", "db", func(t M) { t.DB.Path = "nowhere.sqlite" }, "nowhere.sqlite is not there, and no earlier task"),
	}
}

func relabelMistakes() []mistake {
	with := func(name, field string, change func(*stages.Relabel), says ...string) mistake {
		t := planRelabel()
		change(t)
		return mistake{name, t, field, says}
	}
	type R = *stages.Relabel
	return []mistake{
		with("float labels", "frags_data", func(t R) { t.FragsData.Store = "float frags" }, "integers"),
		with("no table", "lut", func(t R) { t.LUT.Path = "nowhere" }, "nowhere.npz is not there, and no earlier task"),
		with("broken table", "lut", func(t R) { t.LUT.Path = "broken" }, "broken.npz"),
		with("block size", "block_size", func(t R) { t.BlockSize = c(4) }, "3 axes"),
		with("output of another shape", "seg_data", func(t R) { t.SegData.Store = "out shape" }, "[8 9 11]"),
	}
}

func noopMistakes() []mistake {
	with := func(name, field string, change func(*stages.Noop), says ...string) mistake {
		t := planNoop()
		change(t)
		return mistake{name, t, field, says}
	}
	type N = *stages.Noop
	return []mistake{
		with("no roi", "roi", func(t N) { t.Shared.ROI = nil }, "needed"),
		with("empty roi", "roi", func(t N) { t.Shared.ROI = region(c(0, 0), c(0, 0)) }, "empty"),
		with("voxel roi", "roi", func(t N) { t.Shared.ROI, t.Shared.VoxelROI = nil, t.Shared.ROI }, "needed"),
		with("block size", "block_size", func(t N) { t.BlockSize = c(1) }, "2 axes"),
		with("context", "context", func(t N) { t.Context = c(1, -1) }, "0 or more"),
		with("no fit", "fit", func(t N) { t.Fit = "Valid" }, "Valid", "valid, overhang and shrink"),
		with("no whole block", "fit", func(t N) { t.Fit, t.BlockSize = geometry.FitValid, c(3, 11) }, "no block", "smaller"),
		with("fail rate", "fail_rate", func(t N) { t.FailRate = 1.5 }, "0 to 1"),
		with("NaN fail rate", "fail_rate", func(t N) { t.FailRate = math.NaN() }, "0 to 1"),
		with("duration", "duration", func(t N) { t.Duration = -1 }, "negative"),
		with("bytes", "bytes", func(t N) { t.Bytes = -1 }, "0 to"),
		with("too many bytes", "bytes", func(t N) { t.Bytes = math.MaxInt64 }, "0 to"),
		with("crash", "crash", func(t N) { t.Crash = []int64{0, -1} }, "no block -1"),
		with("worker type", "worker_config", func(t N) { t.Shared.WorkerConfig = &stages.WorkerConfig{WorkerType: "proces"} }, `did you mean "process"`),
		with("no worker type", "worker_config", func(t N) { t.Shared.WorkerConfig = &stages.WorkerConfig{Queue: "gpu"} }, "worker_type is missing", "local, thread, process"),
		with("cluster", "worker_config", func(t N) { t.Shared.WorkerConfig = &stages.WorkerConfig{WorkerType: "slurm"} }, "start `stage`"),
		with("hang", "hang", func(t N) { t.Hang = []int64{1 << 40} }, "no block"),
	}
}
