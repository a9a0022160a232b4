"""Runs Volara 1.0.5 on the golden volume and keeps its task files and its outputs.

    go run stages/testdata/golden/affs.go stages/testdata/golden/segment.zarr
    cd stages/testdata/golden && python make.py     (an environment with volara==1.0.5)
"""
import multiprocessing as mp; mp.set_start_method("fork", force=True)
import dask; dask.config.set(scheduler="single-threaded")
import os, tempfile
from pathlib import Path
from funlib.geometry import Coordinate
from volara.blockwise import ExtractFrags, AffAgglom, GraphMWS, Relabel
from volara.datasets import Affs, Labels
from volara.dbs import SQLite
from volara.lut import LUT
from volara.logging import set_log_basedir

set_log_basedir(tempfile.mkdtemp())
store = Path("segment.zarr")
# Volara does not clear what it finds, so the outputs of an earlier time go first.
os.system("rm -rf segment.zarr/fragments segment.zarr/segments segment.zarr/lut.npz segment.zarr/db*")
affs, frags = Affs(store=store / "affs"), Labels(store=store / "fragments")
affs = Affs(store=store / "affs", neighborhood=[Coordinate(o) for o in affs.neighborhood])
db = SQLite(path=store / "db.sqlite", edge_attrs={"adj_weight": "float", "lr_weight": "float"})
lut, block, context = LUT(path=store / "lut.npz"), Coordinate(8, 16, 16), Coordinate(2, 4, 4)
tasks = {
    "extract-frags": ExtractFrags(db=db, affs_data=affs, frags_data=frags, block_size=block, context=context,
                                  bias=[-0.4] * 3 + [-0.7] * 4, remove_debris=3, num_workers=1),
    "aff-agglom": AffAgglom(db=db, affs_data=affs, frags_data=frags, block_size=block, context=context,
                            scores={"adj_weight": affs.neighborhood[:3], "lr_weight": affs.neighborhood[3:]}, num_workers=1),
    "graph-mws": GraphMWS(db=db, lut=lut, weights={"adj_weight": (1.0, -0.4), "lr_weight": (1.0, -0.7)}, roi=affs.array("r").roi),
    "relabel": Relabel(frags_data=frags, seg_data=Labels(store=store / "segments"), lut=lut, block_size=block, num_workers=1),
}
for name, task in tasks.items():
    Path(f"{name}.json").write_text(task.model_dump_json())
    task.run_blockwise(multiprocessing=False)
