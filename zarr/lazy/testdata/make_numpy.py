"""Writes numpy.json: what numpy makes of edge values of every type, expression by expression.

Run with numpy 2: python make_numpy.py
"""

import json
import warnings

import numpy as np

warnings.simplefilter("ignore")
TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()


def edge_values(t):
    t = np.dtype(t)
    if t == bool:
        return np.array([False, True])
    if t.kind in "iu":
        i = np.iinfo(t)
        near = [0, 1, 2, 3, 7, 100, 126, 127, 128, 200, 254, 255, 256, 1000, 2**24 - 1, 2**24 + 1, 2**31, 2**53 - 1, 2**53 + 1]
        near += [-v for v in near] + [i.min, i.min + 1, i.max - 1, i.max, i.max // 3]
        return np.array(sorted({v for v in near if i.min <= v <= i.max}), dtype=t)
    f = np.finfo(t)
    near = [0.0, -0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 1.0, 1.5, 2.5, 3.99, 100.7, 127.5, 254.9, 1e-7, 6e-8, 3e-8, 65504.0, float(f.max), float(f.tiny)]
    if t.itemsize > 2:
        near += [65519.9, 65520.0, 1e5, 1e10, 2.0**31, 2.0**53, 2.0**62, 1e-40]
    near += [-v for v in near] + [np.inf, -np.inf, np.nan]
    with np.errstate(all="ignore"):
        return np.array(near, dtype=t)


def defined(x, t):
    """The values that numpy casts to type t alike on every machine."""
    if x.dtype.kind != "f" or np.dtype(t).kind not in "iu":
        return x
    i = np.iinfo(t)
    f = np.trunc(x.astype(np.float64))
    low, high = float(i.min), float(i.max)
    ok = np.isfinite(f) & (f >= low) & ((f < high) if i.bits == 64 else (f <= high))
    return x[ok]


def number(v):
    return "null" if v is None else repr(v)


cases = []


def add(ops, x, y, **more):
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    cases.append({"ops": ops, "dtype": x.dtype.name, "shape": x.shape, "in": x.tobytes().hex(),
                  "out_dtype": y.dtype.name, "out_shape": y.shape, "out": y.tobytes().hex(), **more})


for name in TYPES:
    x = edge_values(name)
    for to in TYPES:
        v = defined(x, to)
        add([f"astype: {to}"], v, v.astype(to))
    for scale, shift in [(0.5, 1.0), (1 / 255, 0.0), (2.0, -1.0), (1e-3, 0.1)]:
        add([f"scale_shift: [{scale!r}, {shift!r}]"], x, x.astype(np.float32) * scale + shift)
    for low, high in [(0.0, 255.0), (0.1, 0.9), (-5.0, 1000.0)]:
        add([f"normalize: [{low}, {high}]"], x, (x.astype(np.float32) - np.float32(low)) / np.float32(high - low))
    if x.dtype.kind in "biu":
        low, high = (0, 1) if x.dtype == bool else (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
        low, width = np.float32(float(low)), np.float32(float(high) - float(low))
        add(["normalize"], x, (x.astype(np.float32) - low) / width)
    for low, high in [(0, 1), (-5, 100), (3, None), (None, 7), (-1000, 70000), (0.25, 0.75), (0, 0.5), (None, 2.5), (0.1, None), (-3, 2**40)]:
        add([f"clip: [{number(low)}, {number(high)}]"], x, np.clip(x, low, high))
    for above in [0, 1, 127, -1, 300, -40000, 2**53, 2**63, 0.0, 0.1, 0.5, 126.5, -0.5, 1e300, 9007199254740993.0]:
        if x.dtype == bool and above == 2**63:
            continue  # numpy fails there
        add([f"threshold: {above!r}"], x, x > above)
    add(["invert"], x, ~x if x.dtype.kind in "biu" else 1 - x)

    for other in TYPES:
        a = np.arange(6).reshape(2, 3).astype(name)
        b = (a * 2).astype(other) if other != "bool" else a.astype(other)
        add([], a, np.concatenate([a, b], axis=0), other=other, **{"in2": np.ascontiguousarray(b).tobytes().hex()})

for name in ["bool", "float16", "int32", "uint64"]:
    box = np.arange(2 * 2 * 5 * 4).reshape(2, 2, 5, 4).astype(name)
    for channels, y in [("1", box[1]), ("-1", box[-1]), ("[0, 1]", box[0][1]), ("[[1, 0, 1]]", box[[1, 0, 1]]), ("[[1, 0], 0]", box[[1, 0]][0]),
                        ("'0:1'", box[0:1]), ("[1, '0:2']", box[1][0:2])]:
        add([f"channels: {channels}"], box, y)
    for text in ["0, 1:", "..., ::2", ":, ::-1, 4:0:-2, -2", "1, ..., 1::2", "-1, 0:1, ::3, 3"]:
        add([f"slice: '{text}'"], box, eval(f"box[{text}]"))
    for axes in [(0,), (3,), (1, 2), (0, 1, 2, 3), (-1,)]:
        add([f"flip: {list(axes)}"], box, np.flip(box, axes))
    # In the world of the test, axis k of space (from 1) begins at 10k, in voxels of k.
    for roi, y in [("[[10, 22, 33], [2, 6, 6]]", box[:, 0:2, 1:4, 1:3]), ("[[9, 20, 30], [2, 100, 9]]", box[:, 0:1, 0:5, 0:3]),
                   ("[[11, 28, 39], [9, 2, 3]]", box[:, 1:2, 4:5, 3:4])]:
        add([f"crop: {roi}"], box, y)

half = edge_values("float16")
chain = np.clip(half.astype(np.float32) * 0.5 + 0.25, 0.1, 0.9) > 0.5
add(["scale_shift: [0.5, 0.25]", "clip: [0.1, 0.9]", "threshold: 0.5", "astype: uint8"], half, chain.astype(np.uint8))
byte = edge_values("uint8")
add(["invert", "scale_shift: [0.1, -2.0]", "clip: [0, 15]", "astype: int16"], byte, np.clip((~byte).astype(np.float32) * 0.1 + -2.0, 0, 15).astype(np.int16))

with open(__file__.replace("make_numpy.py", "numpy.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
