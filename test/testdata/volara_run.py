"""Makes volara_run.tar.gz: a tiny volume that Volara has segmented, with its done marks and its tasks.

    python volara_run.py && tar czf volara_run.tar.gz *.json data.zarr db.sqlite lut.npz volara_logs

Written with Volara 1.0.5 (pip install volara).
"""
from pathlib import Path

import numpy as np
from funlib.geometry import Coordinate
from funlib.persistence import prepare_ds
from volara.blockwise import AffAgglom, ExtractFrags, GraphMWS, Relabel
from volara.datasets import Affs, Labels
from volara.dbs import SQLite
from volara.lut import LUT

offset, voxel, shape = (40, 80, 120), (2, 4, 4), (8, 10, 10)
affs = prepare_ds("data.zarr/affs", shape=(3, *shape), offset=offset, voxel_size=voxel, axis_names=["c^", "z", "y", "x"],
                  units=["nm"] * 3, dtype=np.uint8, chunk_shape=(3, *shape))
affs[:] = np.random.default_rng(0).integers(0, 255, size=(3, *shape), dtype=np.uint8)
neighborhood = [Coordinate(1, 0, 0), Coordinate(0, 1, 0), Coordinate(0, 0, 1)]
affs_data = Affs(store="data.zarr/affs", neighborhood=neighborhood)
frags, segs = Labels(store="data.zarr/frags"), Labels(store="data.zarr/segs")
db, lut, block = SQLite(path="db.sqlite", edge_attrs={"adj": "float"}), LUT(path="lut.npz"), Coordinate(4, 5, 10)
roi = (offset, tuple(n * v for n, v in zip(shape, voxel)))
tasks = {
    "1-extract": ExtractFrags(db=db, affs_data=affs_data, frags_data=frags, block_size=block, context=Coordinate(1, 1, 1),
                              bias=[-0.5] * 3, roi=roi),
    "2-agglom": AffAgglom(db=db, affs_data=affs_data, frags_data=frags, block_size=block, context=Coordinate(1, 1, 1),
                          scores={"adj": neighborhood}, roi=roi),
    "3-mws": GraphMWS(db=db, lut=lut, weights={"adj": (1.0, -0.5)}, roi=roi),
    "4-relabel": Relabel(frags_data=frags, seg_data=segs, lut=lut, block_size=block, roi=roi),
}
for name, task in tasks.items():
    task.run_blockwise(multiprocessing=False)
    Path(f"{name}.json").write_text(task.model_dump_json())
