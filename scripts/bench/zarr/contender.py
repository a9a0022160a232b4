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


seconds = {}


def clock(name, f):
    """Calls f and keeps how long it took, and of how much processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = f()
    seconds[name], seconds[name + "_cpu"] = time.perf_counter() - wall, time.process_time() - cpu
    return result


def measure(write, read):
    """write stores all voxels; read returns those of a tuple of slices as a numpy array."""
    clock("write", lambda: write(voxels))
    whole = clock("read", lambda: read((slice(None),) * 3))
    if not np.array_equal(whole, voxels):
        sys.exit("what was read is not what was written")
    del whole
    got = clock("unaligned", lambda: [read(b) for b in blocks()])
    if not all(np.array_equal(g, voxels[b]) for g, b in zip(got, blocks())):
        sys.exit("what was read of a block is not what was written")
    print(json.dumps(seconds | {"unaligned_bytes": sum(g.nbytes for g in got)}))
