"""Runs BenchmarkCodec and the same with numcodecs, and prints both as a table. See codecs.sh."""

import argparse
import gzip
import json
import re
import subprocess
import time
import warnings

import numcodecs
import numpy as np
from numcodecs import blosc

warnings.simplefilter("ignore")


def load(path):
    if path.endswith(".gz"):
        return np.load(gzip.open(path))
    a = np.load(path)
    return a[a.files[0]] if hasattr(a, "files") else a


def middle(a, n):
    at = [(s - n) // 2 for s in a.shape]
    return a[tuple(slice(i, i + n) for i in at)]


def synthetic(n):
    r = np.random.default_rng(1)
    z, y, x = np.indices((n, n, n))
    image = 90 + r.normal(0, 12, (n, n, n)) + 20 * np.sin(z / 9) * np.sin(y / 7) * np.sin(x / 8)
    labels = (z + y // 7) // 23 * 10007 + (y + x // 5) // 17 * 101 + (x + z // 3) // 19
    return image.clip(0, 255), labels


def theirs(config, a, decode):
    codec = numcodecs.get_codec(dict(config))
    encoded = codec.encode(a)
    out = np.empty_like(a)
    call = (lambda: codec.decode(encoded, out=out)) if decode else (lambda: codec.encode(a))
    try:
        call()
    except TypeError:  # codecs without out
        call = lambda: codec.decode(encoded)
    best = 0
    for _ in range(3):
        calls, start = 0, time.process_time()
        while time.process_time() - start < 0.05:
            call()
            calls += 1
        best = max(best, a.nbytes * calls / (time.process_time() - start) / 1e6)
    return best, a.nbytes / len(memoryview(encoded).cast("B"))


def ours(args):
    found = {}
    out = subprocess.run(
        [args.program, "-test.run", "^$", "-test.bench", "BenchmarkCodec/" + args.only, "-test.benchtime", "60ms", "-data", args.work],
        check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        m = re.match(r"BenchmarkCodec/(\S+?)_(\{.*\})_(encode|decode)-\d+\s.*?([\d.]+) cpuMB/s\s+([\d.]+) ratio", line)
        if m:
            found[m[1], re.sub("(?<=[:,])_", " ", m[2]), m[3]] = float(m[4]), float(m[5])
    return found


def main():
    p = argparse.ArgumentParser()
    for name in ("--program", "--work", "--image", "--labels"):
        p.add_argument(name)
    p.add_argument("--repeat", type=int, default=3)
    p.add_argument("--only", default="")
    args = p.parse_args()
    blosc.use_threads = False
    data = {}
    for n in (64, 128):
        image, labels = synthetic(n)
        if args.image:
            image = middle(load(args.image), n)
        if args.labels:
            labels = middle(load(args.labels), n)
        for name, a in ((f"em{n}.u1", image.astype("u1")), (f"labels{n}.u8", labels.astype("<u8"))):
            data[name] = np.ascontiguousarray(a)
            data[name].tofile(f"{args.work}/{name}")
    best = {}
    for _ in range(args.repeat):
        for cell, (speed, ratio) in ours(args).items():
            name, config, direction = cell
            peer, peer_ratio = theirs(json.loads(config), data[name].reshape(-1), direction == "decode")
            old = best.get(cell, (0, 0, 0, 0))
            best[cell] = max(speed, old[0]), ratio, max(peer, old[2]), peer_ratio
    print("| data | codec | encode | numcodecs | | decode | numcodecs | | ratio | numcodecs |\n|" + "---|" * 10)
    for (name, config, direction), cell in best.items():
        if direction == "encode" and (name, config, "decode") in best:
            row = [name, " ".join(str(v) for k, v in json.loads(config).items())]
            for speed, _, peer, _ in (cell, best[name, config, "decode"]):
                row += [f"{speed:.0f}", f"{peer:.0f}", f"{speed / peer:.1f}×"]
            print("| " + " | ".join(row + [f"{cell[1]:.2f}", f"{cell[3]:.2f}"]) + " |")


main()
