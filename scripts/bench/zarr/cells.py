"""Runs every cell for every program, in alternation, and prints a Markdown table; see ../zarr.sh."""
import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = ("write", "read", "unaligned")


def smooth(rng, n, coarse, low, high):
    """A random field of n³ voxels that varies over n/coarse voxels."""
    field = rng.uniform(low, high, (coarse + 1,) * 3).astype(np.float32)
    at = np.linspace(0, coarse, n, endpoint=False)
    cell, part = at.astype(int), (at % 1).astype(np.float32)
    for axis in range(3):
        part_along = part.reshape([-1 if d == axis else 1 for d in range(3)])
        field = field.take(cell, axis) * (1 - part_along) + field.take(cell + 1, axis) * part_along
    return field


def images(n):
    """Grey values as of an electron microscope: cells' texture below the noise of a detector."""
    rng = np.random.default_rng(1)
    field = smooth(rng, n, n // 8, 70, 190)
    for z in range(n):
        field[z] += rng.normal(0, 14, (n, n)).astype(np.float32)
    return field.clip(0, 255).astype(np.uint8)


def segments(n):
    """Labels of bodies of about 30 voxels with bent walls, ids above 2³³, some background."""
    rng = np.random.default_rng(2)
    ids = np.zeros((n, n, n), np.uint64)
    for axis in range(3):
        bent = smooth(rng, n, max(n // 24, 1), -14, 14)
        bent += np.arange(n, dtype=np.float32).reshape([-1 if d == axis else 1 for d in range(3)])
        ids = ids * np.uint64(1009) + (bent / 30 + 1).astype(np.uint64)
    return np.where(ids % np.uint64(11) == 0, np.uint64(0), ids + np.uint64(1 << 33))


def load(path, n, dtype):
    """Tiles a volume to n³."""
    if path.endswith(".npz"):
        volume = next(iter(np.load(path).values()))
    else:
        with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as f:
            volume = np.load(f)
    volume = volume.reshape(volume.shape[-3:])
    times = [-(-n // s) for s in volume.shape]
    return np.tile(volume, times)[:n, :n, :n].astype(dtype)


def cells():
    for dtype in ("uint8", "uint64"):
        for chunk in (64, 128):
            for codec in ("none", "zstd", "blosc"):
                yield dtype, codec, chunk, 0
        yield dtype, "zstd", 64, 256


def name(cell):
    dtype, codec, chunk, shard = cell
    return f"{dtype} {codec} {chunk}³" + (f" shard {shard}³" if shard else "")


def measure(command, data, n, cell, scratch):
    dtype, codec, chunk, shard = cell
    path = os.path.join(scratch, "array.zarr")
    try:
        out = subprocess.run([*command, data, str(n), dtype, codec, str(chunk), str(shard), path], check=True, stdout=subprocess.PIPE).stdout
    finally:
        shutil.rmtree(path, ignore_errors=True)
    return json.loads(out)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", required=True)
    p.add_argument("--size", type=int, default=512)
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--only", action="append", default=[])
    p.add_argument("--cpu", action="store_true")
    p.add_argument("--ours", action="store_true")
    p.add_argument("--image")
    p.add_argument("--labels")
    p.add_argument("--dir")
    args = p.parse_args()
    n = args.size
    programs = {"ours": [args.program]}
    if not args.ours:
        programs["zarr-python"] = [sys.executable, os.path.join(HERE, "zarr_python.py")]
        programs["tensorstore"] = [sys.executable, os.path.join(HERE, "tensor_store.py")]
    todo = [c for c in cells() if all(word in name(c) for word in args.only)]
    with tempfile.TemporaryDirectory(dir=args.dir) as scratch:
        results = run(programs, todo, args, scratch)
    report(programs, todo, results)


def run(programs, todo, args, scratch):
    """Returns MB/s by cell, program and operation: medians."""
    n, data, results = args.size, os.path.join(scratch, "data"), {}
    made = None
    for cell in todo:
        if cell[0] != made:
            made = cell[0]
            if made == "uint8":
                volume = load(args.image, n, made) if args.image else images(n)
            else:
                volume = load(args.labels, n, made) if args.labels else segments(n)
            volume.tofile(data)
            size = volume.nbytes
            del volume
        runs = {p: [] for p in programs}
        for _ in range(args.repeat):
            for program, command in programs.items():
                runs[program].append(measure(command, data, n, cell, scratch))
        for program, got in runs.items():
            for op in OPERATIONS:
                seconds = statistics.median(r[op + "_cpu" * args.cpu] for r in got)
                volume_bytes = got[0]["unaligned_bytes"] if op == "unaligned" else size
                results[cell, program, op] = volume_bytes / seconds / 1e6
            print(name(cell), program, *(f"{op} {results[cell, program, op]:.0f}" for op in OPERATIONS), file=sys.stderr)
    return results


def report(programs, todo, results):
    """Prints MB/s of voxels, and how many times as fast as each peer the first program is."""
    first, *peers = programs
    wins = {p: 0 for p in peers}
    print("| cell | |", " | ".join(programs), "|", " | ".join(f"÷ {p}" for p in peers), "|")
    print("|---|---|" + "---|" * (len(programs) + len(peers)))
    for cell in todo:
        for op in OPERATIONS:
            ours = results[cell, first, op]
            ratios = [ours / results[cell, p, op] for p in peers]
            for p, r in zip(peers, ratios):
                wins[p] += r >= 1
            print("|", name(cell), "|", op, "|", " | ".join(f"{results[cell, p, op]:.0f}" for p in programs), "|",
                  " | ".join(f"{r:.2f}" for r in ratios), "|")
    for p in peers:
        print(f"\nAt least as fast as {p} in {wins[p]} of {len(todo) * len(OPERATIONS)} cells.")


main()
