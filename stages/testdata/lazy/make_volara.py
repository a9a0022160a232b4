"""Writes what Volara makes of datasets with lazy operations: volara.json, and the arrays that they are of.

Run with Volara 1.0.5 and its dependencies: python make_volara.py
"""

import json
import shutil
from pathlib import Path

import numpy as np
import zarr
from funlib.geometry import Coordinate, Roi
from funlib.persistence import prepare_ds
from volara.datasets import Affs, Labels, Raw

HERE = Path(__file__).parent
STORE = HERE / "volumes.zarr"
shutil.rmtree(STORE, ignore_errors=True)
rng = np.random.default_rng(5)


def array(name, data, types, voxel, offset, chunks, **attributes):
    axes = {"channel": "c", "time": "t"}
    names = [axes.get(t, "") + ("^" if t == "channel" else "") for t in types]
    space = iter("zyx"[3 - types.count("space"):])
    names = [n or next(space) for n in names]
    path = STORE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    out = prepare_ds(path, data.shape, Coordinate(offset), Coordinate(voxel), names, ["nm"] * len(voxel), types, chunks, data.dtype, mode="w")
    out._source_data[:] = data
    out._source_data.attrs.update(attributes)


group = zarr.open_group(STORE / "image", mode="w")
group.attrs["omero"] = {"channels": [{"color": "FFFFFF", "window": {"min": low, "max": high, "start": 0, "end": 1}}
                                     for low, high in [(0, 255), (10, 90), (-3.5, 1000.25), (1, 2)]]}
SPACE = ["space"] * 3
VOXEL, OFFSET = (40, 4, 4), (400, -20, 8)
array("image/0", rng.integers(0, 256, (3, 4, 5, 6), dtype=np.uint8), ["channel"] + SPACE, VOXEL, OFFSET, (2, 4, 3, 6))
array("more", rng.random((2, 4, 5, 6)).astype(np.float32), ["channel"] + SPACE, VOXEL, OFFSET, (2, 4, 5, 6))
array("wide", rng.integers(0, 60000, (2, 4, 5, 6), dtype=np.uint16), ["channel"] + SPACE, VOXEL, OFFSET, (2, 4, 5, 4))
array("rounds", rng.integers(-100, 100, (2, 3, 4, 5, 6), dtype=np.int16), ["channel", "channel"] + SPACE, VOXEL, OFFSET, (2, 2, 4, 5, 6))
array("flat", rng.integers(0, 2**63, (4, 5, 6), dtype=np.uint64), SPACE, VOXEL, OFFSET, (4, 3, 6))
array("plane", rng.random((3, 5, 6)), ["channel", "space", "space"], (4, 4), (-20, 8), (2, 3, 4))
HOOD = [[1, 0, 0], [0, 1, 0]]
array("affs", rng.random((2, 4, 5, 6)).astype(np.float32), ["channel"] + SPACE, VOXEL, OFFSET, (2, 4, 5, 6), neighborhood=HOOD)


def at(name):
    return STORE / name


cases = []


def add(dataset, spec):
    """spec is the dataset as a pipeline file has it; regions reach beyond the array."""
    a = dataset.array("r")
    one = a.voxel_size
    reads = []
    for begin, end in [(Coordinate((-1,) * one.dims), Coordinate((2,) * one.dims)), (Coordinate((1,) * one.dims), Coordinate((-1,) * one.dims)),
                       (Coordinate((2,) * one.dims), Coordinate((1,) * one.dims))]:
        region = Roi(a.roi.offset + begin * one, a.roi.shape - begin * one + end * one)
        data = a.to_ndarray(region, fill_value=0)
        reads.append({"offset": list(region.offset), "shape": list(region.shape), "data": np.ascontiguousarray(data).tobytes().hex()})
    cases.append({"dataset": spec, "shape": list(a.shape), "dtype": a.dtype.name, "voxel_size": list(a.voxel_size), "offset": list(a.roi.offset),
                  "axis_names": a.axis_names, "types": a.types, "reads": reads})


IMAGE = dict(store="volumes.zarr/image/0")
add(Raw(store=at("image/0")), IMAGE)
add(Raw(store=at("image/0"), channels=1), dict(IMAGE, channels=1))
add(Raw(store=at("image/0"), channels=[[2, 0]]), dict(IMAGE, channels=[[2, 0]]))
add(Raw(store=at("image/0"), channels=[[2, 0], 1]), dict(IMAGE, channels=[[2, 0], 1]))
add(Raw(store=at("image/0"), channels=[-1]), dict(IMAGE, channels=[-1]))
add(Raw(store=at("image/0"), scale_shift=(1 / 255, -0.1)), dict(IMAGE, scale_shift=[1 / 255, -0.1]))
add(Raw(store=at("image/0"), ome_norm=at("image")), dict(IMAGE, ome_norm="volumes.zarr/image"))
add(Raw(store=at("image/0"), ome_norm=at("image"), scale_shift=(2, -1)), dict(IMAGE, ome_norm="volumes.zarr/image", scale_shift=[2, -1]))
add(Raw(store=at("image/0"), stack=Raw(store=at("more"))), dict(IMAGE, stack=dict(store="volumes.zarr/more")))
add(Raw(store=at("image/0"), stack=Raw(store=at("wide"))), dict(IMAGE, stack=dict(store="volumes.zarr/wide")))
add(Raw(store=at("image/0"), stack=Raw(store=at("wide"), channels=[[1]])), dict(IMAGE, stack=dict(store="volumes.zarr/wide", channels=[[1]])))
add(Raw(store=at("image/0"), ome_norm=at("image"), scale_shift=(0.5, 0.25), channels=[[4, 0, 1]],
        stack=Raw(store=at("more"), scale_shift=(3, 1), stack=Raw(store=at("wide"), channels=[[0]]))),
    dict(IMAGE, ome_norm="volumes.zarr/image", scale_shift=[0.5, 0.25], channels=[[4, 0, 1]],
         stack=dict(store="volumes.zarr/more", scale_shift=[3, 1], stack=dict(store="volumes.zarr/wide", channels=[[0]]))))
ROUNDS = dict(store="volumes.zarr/rounds")
add(Raw(store=at("rounds")), ROUNDS)
add(Raw(store=at("rounds"), channels=[1, [2, 1]]), dict(ROUNDS, channels=[1, [2, 1]]))
add(Raw(store=at("rounds"), channels=[0, 2], scale_shift=(0.125, 3)), dict(ROUNDS, channels=[0, 2], scale_shift=[0.125, 3]))
add(Labels(store=at("flat")), dict(store="volumes.zarr/flat"))
add(Labels(store=at("flat"), channels=2), dict(store="volumes.zarr/flat", channels=2))
add(Raw(store=at("plane"), channels=[[0, 2]]), dict(store="volumes.zarr/plane", channels=[[0, 2]]))
add(Raw(store=at("plane"), scale_shift=(1, 0.5)), dict(store="volumes.zarr/plane", scale_shift=[1, 0.5]))
add(Affs(store=at("affs"), channels=[[1]]), dict(store="volumes.zarr/affs", channels=[[1]]))
add(Raw(store=at("image/0"), voxel_size=(8, 8, 8), offset=(0, 8, 16), channels=0), dict(IMAGE, voxel_size=[8, 8, 8], offset=[0, 8, 16], channels=0))

(HERE / "volara.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
