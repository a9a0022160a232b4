"""Times levels of a pyramid, made by volara and by tensorstore: pyramid.py DIR SIZE REPEAT; DIR holds the program."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import tensorstore as ts

LEVELS = 4
CODECS = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd", "configuration": {"level": 1}}]


def spec(path):
    return {"driver": "zarr3", "kvstore": {"driver": "file", "path": path + "/"}}


def create(path, shape, dtype, context=None):
    grid = {"name": "regular", "configuration": {"chunk_shape": [64] * 3}}
    metadata = {"shape": list(shape), "data_type": dtype, "chunk_grid": grid, "codecs": CODECS}
    return ts.open({**spec(path), "metadata": metadata}, create=True, context=context).result()


def by_tensorstore(src, dst, method):
    context = ts.Context({"data_copy_concurrency": {"limit": os.cpu_count()}})
    a = ts.open(spec(src), open=True, context=context).result()
    for level in range(LEVELS):
        view = a if level == 0 else ts.downsample(a, [2, 2, 2], method)
        a = create(f"{dst}/{level}", view.shape, view.dtype.name, context)
        a.write(view).result()


def by_volara(program):
    def make(src, dst, method):
        command = [program, "zarr", "pyramid", src, dst, "--method", method, "--levels", str(LEVELS), "--progress", "off"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return make


def main():
    folder, size, repeat = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    r = np.random.default_rng(0)
    labels = r.integers(1, 1 << 40, (size // 16,) * 3, dtype=np.uint64)
    for axis in range(3):
        labels = labels.repeat(16, axis)
    noise = r.integers(100, 160, (size,) * 3, dtype=np.uint8)
    programs = {"volara": by_volara(folder + "/volara"), "tensorstore": by_tensorstore}
    for method, data in (("mean", noise), ("mode", labels)):
        src, dst = f"{folder}/{method}", f"{folder}/levels"
        create(src, data.shape, str(data.dtype)).write(data).result()
        best = dict.fromkeys(programs, float("inf"))
        for _ in range(repeat):
            for name, make in programs.items():
                began = time.monotonic()
                make(src, dst, method)
                best[name] = min(best[name], time.monotonic() - began)
                shutil.rmtree(dst)
        ratio = best["tensorstore"] / best["volara"]
        print(f"{method} of {size}³ {data.dtype}: " + ", ".join(f"{n} {t:.2f} s" for n, t in best.items()) + f", ratio {ratio:.2f}")


main()
