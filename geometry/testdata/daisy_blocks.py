"""Writes daisy_blocks.json: the blocks that daisy 1.2.3 makes of some regions, for every fit.

    python daisy_blocks.py        (an environment with daisy==1.2.3)
"""
import json
from pathlib import Path

from daisy import Coordinate, Roi
from daisy.dependency_graph import BlockwiseDependencyGraph

# offset and shape of the total write ROI, block shape, context before and after
REGIONS = [
    ((0,), (10,), (5,), (0,), (0,)),
    ((-7,), (11,), (5,), (2,), (2,)),
    ((3,), (4,), (5,), (1,), (3,)),
    ((-160, 80), (480, 576), (256, 256), (64, 32), (64, 32)),
    ((10, -20), (20, 30), (10, 10), (0, 5), (7, 1)),
    ((10, -20), (21, 29), (10, 10), (0, 5), (7, 1)),
    ((4000, -160, 80), (800, 480, 576), (320, 256, 256), (80, 64, 64), (80, 64, 64)),
    ((-1, -1, -1), (3, 5, 2), (2, 2, 2), (1, 0, 3), (0, 2, 1)),
    ((5, 0, -8, 16), (2, 8, 9, 12), (1, 4, 4, 8), (0, 1, 2, 3), (1, 0, 2, 0)),
]


def pair(roi):
    return [list(roi.offset), list(roi.shape)]


def blocks(offset, shape, block, low, high, fit):
    write = Roi((0,) * len(block), block)
    graph = BlockwiseDependencyGraph(
        "task",
        write.grow(Coordinate(low), Coordinate(high)),
        write,
        False,
        fit,
        total_write_roi=Roi(offset, shape),
    )
    found = [(pair(b.write_roi), pair(b.read_roi)) for b, _ in graph.enumerate_all_dependencies()]
    return sorted(found)


cases = [
    {
        "total": [list(offset), list(shape)],
        "block": list(block),
        "context_low": list(low),
        "context_high": list(high),
        "fit": fit,
        "blocks": [{"write": w, "read": r} for w, r in blocks(offset, shape, block, low, high, fit)],
    }
    for offset, shape, block, low, high in REGIONS
    for fit in ("valid", "overhang", "shrink")
]
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
Path(__file__).with_name("daisy_blocks.json").write_text(f"[\n{lines}\n]\n")
