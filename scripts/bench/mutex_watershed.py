"""mwatershed alone on the first N³ voxels of FILE.zarr/affs: mutex_watershed.py FILE.zarr [N [RAW]]. With RAW, the affinities are also
written there as plain bytes (RAW/affsN.raw) for `go test ./kernels -bench MutexWatershedRaw`."""
import sys, time
from pathlib import Path
import mwatershed, numpy as np, zarr

file, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 96
array = zarr.open(f"{file}/affs", mode="r")
affs, offsets = array[:, :n, :n, :n], [tuple(o) for o in array.attrs["neighborhood"]]
if len(sys.argv) > 3:
    Path(sys.argv[3], f"affs{n}.raw").write_bytes(np.ascontiguousarray(affs).tobytes())
scores = affs / 255.0 + np.array([-0.4] * 3 + [-0.7] * (len(offsets) - 3)).reshape(-1, 1, 1, 1)
start = time.perf_counter()
labels = mwatershed.agglom(scores, offsets=offsets)
print(f"mwatershed {n}³ × {len(offsets)} offsets: {time.perf_counter() - start:.2f} s, {len(np.unique(labels))} labels")
