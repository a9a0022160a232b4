"""Volara's own segmentation of FILE.zarr/affs, timed: volara_pipeline.py FILE.zarr [WORKERS]. The same tasks as pipeline.yaml."""
import multiprocessing; multiprocessing.set_start_method("fork", force=True)
import dask; dask.config.set(scheduler="single-threaded")
import sys, time
from pathlib import Path
from funlib.geometry import Coordinate
from volara.blockwise import AffAgglom, ExtractFrags, GraphMWS, Relabel
from volara.datasets import Affs, Labels
from volara.dbs import SQLite
from volara.lut import LUT

store, workers = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2
affs, frags, segs = Affs(store=store / "affs"), Labels(store=store / "fragments"), Labels(store=store / "segments")
db = SQLite(path=store / "db.sqlite", edge_attrs={"adj_weight": "float", "lr_weight": "float"})
lut, block, context = LUT(path=store / "lut.npz"), Coordinate(64, 64, 64), Coordinate(16, 16, 16)
pipeline = (
    ExtractFrags(db=db, affs_data=affs, frags_data=frags, block_size=block, context=context, bias=[-0.4] * 3 + [-0.7] * 6, num_workers=workers)
    + AffAgglom(db=db, affs_data=affs, frags_data=frags, block_size=block, context=context,
                scores={"adj_weight": affs.neighborhood[:3], "lr_weight": affs.neighborhood[3:]}, num_workers=workers)
    + GraphMWS(db=db, lut=lut, weights={"adj_weight": (1.0, -0.4), "lr_weight": (1.0, -0.7)}, roi=affs.array("r").roi)
    + Relabel(frags_data=frags, seg_data=segs, lut=lut, block_size=block, num_workers=workers)
)
start = time.time()
pipeline.run_blockwise(multiprocessing=True)
print(f"Volara: {time.time() - start:.2f} s")
