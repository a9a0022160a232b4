"""Affinities to measure on: affinities.py LABELS OUT.zarr [N [CHUNK]]

LABELS is a label volume: an .npy file, gzipped or not, or a zarr array (the demo's labels, say). OUT.zarr/affs gets 9 uint8 channels of
its first N³ voxels (default 256), repeated where it is smaller, in chunks of CHUNK³ (default 64): same label or not, blurred, with noise; OUT.zarr/gt the labels.
"""
import gzip, io, sys
import numpy as np, zarr
from scipy.ndimage import gaussian_filter
from funlib.persistence import prepare_ds

OFFSETS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (4, 0, 0), (0, 8, 0), (0, 0, 8), (8, 0, 0), (0, 16, 0), (0, 0, 16)]


def read(path, n):
    if ".npy" not in path:
        return zarr.open(path, mode="r")[:n, :n, :n]
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return np.load(io.BytesIO(f.read()))[:n, :n, :n]


def main():
    source, out, n = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 256
    chunk = int(sys.argv[4]) if len(sys.argv) > 4 else 64
    labels = read(source, n)
    labels = np.ascontiguousarray(np.pad(labels, [(0, n - s) for s in labels.shape], mode="wrap"))
    place = dict(offset=(0, 0, 0), voxel_size=(40, 32, 32), units=["nm"] * 3, mode="w")
    affs = prepare_ds(f"{out}/affs", shape=(len(OFFSETS), *labels.shape), chunk_shape=(len(OFFSETS), chunk, chunk, chunk),
                      axis_names=["c^", "z", "y", "x"], dtype=np.uint8, **place)
    affs._source_data.attrs["neighborhood"] = OFFSETS
    rng = np.random.default_rng(0)
    for channel, offset in enumerate(OFFSETS):
        here = tuple(slice(0, s - o) for s, o in zip(labels.shape, offset))
        there = tuple(slice(o, s) for s, o in zip(labels.shape, offset))
        a = np.zeros(labels.shape, np.float32)
        a[here] = (labels[here] == labels[there]) & (labels[here] > 0)
        a = gaussian_filter(a, 1.0) + 0.08 * rng.standard_normal(labels.shape, dtype=np.float32)
        affs[channel] = (255 * a.clip(0, 1)).astype(np.uint8)
    gt = prepare_ds(f"{out}/gt", shape=labels.shape, chunk_shape=(chunk,) * 3, axis_names=["z", "y", "x"], dtype=labels.dtype, **place)
    gt[:] = labels


main()
