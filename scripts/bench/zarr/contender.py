"""What the Python programs have in common: arguments, clock, the blocks that do not meet chunk borders."""
import json
import sys
import time

import numpy as np

data, n, dtype, codec, chunk, shard, path = sys.argv[1:]
n, chunk, shard = int(n), int(chunk), int(shard)
voxels = np.fromfile(data, dtype).reshape(n, n, n)


def blocks():
    """Eight boxes of 3/8 of the edge, less one, at odd corners; as main.go has them."""
    edge = n * 3 // 8 - 1
    for i in range(8):
        yield tuple(slice(at, at + edge) for at in (37 * n // 512 + (i >> 2 & 1) * n // 6, 101 * n // 512 + (i >> 1 & 1) * n // 6, 211 * n // 512 + (i & 1) * n // 6))


def clock(f):
    start = time.perf_counter()
    result = f()
    return time.perf_counter() - start, result


def measure(write, read):
    """write stores all voxels; read returns those of a tuple of slices as a numpy array."""
    seconds = {}
    seconds["write"], _ = clock(lambda: write(voxels))
    seconds["read"], whole = clock(lambda: read((slice(None),) * 3))
    if not np.array_equal(whole, voxels):
        sys.exit("what was read is not what was written")
    del whole
    seconds["unaligned"], got = clock(lambda: [read(b) for b in blocks()])
    if not all(np.array_equal(g, voxels[b]) for g, b in zip(got, blocks())):
        sys.exit("what was read of a block is not what was written")
    print(json.dumps(seconds | {"unaligned_bytes": sum(g.nbytes for g in got)}))
