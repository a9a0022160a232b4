"""Makes chunks.json: small arrays that numcodecs 0.16 encoded, with what it decodes them to.

    python make_chunks.py        # needs numpy and numcodecs

Each entry holds a codec's configuration, the type of the array, its bytes, the encoded bytes and the decoded bytes,
base64. Codecs that lose something decode to other bytes than were encoded.
"""

import base64
import json
import sys
import warnings

import numcodecs
import numpy as np

warnings.simplefilter("ignore")
r = np.random.default_rng(7)


def values(t, n):
    t = np.dtype(t)
    if t.kind == "b":
        return r.integers(0, 2, n).astype(t)
    if t.kind == "f":
        return (r.normal(size=n) * 1000).astype(t)
    if t.kind == "c":
        return (r.normal(size=n) + 1j * r.normal(size=n)).astype(t)
    info = np.iinfo(t)
    return r.integers(info.min, info.max, n, dtype=t.newbyteorder("="), endpoint=True).astype(t)


def entries():
    for t in "i1 u1 <i2 >i2 <u4 >i8 <u8 <f2 <f4 >f4 <f8 <c8 >c16".split():
        yield {"id": "delta", "dtype": t}, values(t, 23)
    for t, a in [("<i2", "i1"), ("<i4", "<i8"), ("u1", ">i2"), ("<f8", "<f4"), ("<f4", "<f8"), ("<f8", "<i4"), ("<i2", "<f4"), ("<i4", ">f2")]:
        yield {"id": "delta", "dtype": t, "astype": a}, (values("<f8", 23) / 50).astype(t)
    for t, a in [("<f8", "u1"), ("<f4", "<i2"), (">f4", ">i4"), ("<f2", "i1"), ("<f8", "<f8"), ("<f4", "<f8")]:
        yield {"id": "fixedscaleoffset", "dtype": t, "astype": a, "scale": 10, "offset": 3.5}, np.abs(values("<f8", 23) / 200).astype(t)
    for t, a in [("<i4", "<i4"), ("<i2", "u1"), ("u1", "u1"), (">u8", "<u4")]:
        yield {"id": "fixedscaleoffset", "dtype": t, "astype": a, "scale": 2, "offset": 3}, r.integers(3, 100, 23).astype(t)
    yield {"id": "fixedscaleoffset", "dtype": "<i4", "astype": "<i2", "scale": 0.5, "offset": 3}, r.integers(-1000, 1000, 23).astype("<i4")
    for d in (-2, 0, 1, 3, 7):
        for t, a in [("<f8", "<f8"), ("<f4", "<f4"), (">f8", "<f4"), ("<f2", "<f2")]:
            yield {"id": "quantize", "dtype": t, "astype": a, "digits": d}, (values("<f8", 23) / 100).astype(t)
    for a in "?,i1,<u2,>i4,<u8,<f2,>f4,<f8".split(","):
        for t in "?,u1,>i2,<i8,<f2,<f4,>f8".split(","):
            x = np.abs(values("<f8", 23) / 60).astype(t) if a in "?,<u2,<u8" else (values("<f8", 23) / 60).clip(-120, 120).astype(t)
            yield {"id": "astype", "encode_dtype": np.dtype(a).str, "decode_dtype": np.dtype(t).str}, x
    for t, bits in [("<f2", 0), ("<f2", 4), ("<f4", 1), ("<f4", 12), ("<f4", 23), ("<f8", 20), ("<f8", 52)]:
        yield {"id": "bitround", "keepbits": bits}, values(t, 23)
    for n in (0, 1, 7, 8, 9, 23):
        yield {"id": "packbits"}, values("?", n)
    for size in (1, 2, 3, 4, 8, 16):
        yield {"id": "shuffle", "elementsize": size}, values("u1", 48)
    for n in (1, 2, 3, 719, 720, 721, 2000):
        yield {"id": "fletcher32"}, values("u1", n)
    yield {"id": "fletcher32"}, np.full(2000, 255, "u1")
    for c in ("crc32", "adler32", "crc32c"):
        yield {"id": c}, values("u1", 37)
        for location in ("start", "end"):
            yield {"id": c, "location": location}, values("u1", 37)
    for n in (1, 11, 12, 13, 24, 25, 37, 100):
        yield {"id": "jenkins_lookup3", "initval": n // 20}, values("u1", n)
    text = np.frombuffer(b"fragments of neurons touch segments of neurons " * 9, "u1")
    for level in (1, 9):
        yield {"id": "bz2", "level": level}, text
        yield {"id": "lzma", "preset": level}, text
    for check in (0, 1, 4, 10):
        yield {"id": "lzma", "format": 1, "check": check}, text
    yield {"id": "lzma", "format": 2}, text
    for c in ("zstd", "gzip", "zlib"):
        yield {"id": c, "level": 3}, text
    yield {"id": "zstd", "level": 3, "checksum": True}, text
    yield {"id": "lz4", "acceleration": 1}, text
    numcodecs.blosc.use_threads = False
    ramp = np.arange(300)
    for cname in ("lz4", "lz4hc", "zstd", "zlib", "blosclz"):
        for shuffle in (0, 1, 2):
            for t in ("u1", "<u2", "<u4", "<u8", "<c16"):
                if t in ("u1", "<u8") or cname == "lz4":
                    yield {"id": "blosc", "cname": cname, "clevel": 5, "shuffle": shuffle}, ramp.astype(t)
    for size in (256, 1024, 4096):
        yield {"id": "blosc", "cname": "lz4", "clevel": 9, "shuffle": 1, "blocksize": size}, (ramp // 7).astype("<u4")
        yield {"id": "blosc", "cname": "lz4", "clevel": 9, "shuffle": 2, "blocksize": size}, (ramp // 7).astype("<u2")
    for t, offset, scale in [
        ("<u8", 10000000000000000000, 1),
        ("<u8", 10000000000000000000, 0.5),
        ("<i8", 9007199254740993, 1),
        (">i8", -9007199254740993, 3),
        ("<i8", 10**18, 0.1),
        ("u1", 200, 2),
        ("<i2", 30000, 0.25),
        ("<i4", 3.0, 2),
    ]:
        steps = np.arange(0, 55, 3, dtype="<i8").astype(np.dtype(t).newbyteorder("="))
        with np.errstate(over="ignore"):
            a = (steps + np.asarray(offset).astype(steps.dtype)).astype(t)
        yield {"id": "fixedscaleoffset", "dtype": t, "astype": t, "scale": scale, "offset": offset}, a
        yield {"id": "fixedscaleoffset", "dtype": t, "astype": "<f8", "scale": scale, "offset": offset}, a
    for cname in ("lz4", "zstd"):
        for typesize in (17, 200, 255):
            for blocksize in (0, 128, 1000, 100000):
                a = np.resize(ramp.astype("<u2").view("u1"), typesize * 5).view(f"V{typesize}")
                yield {"id": "blosc", "cname": cname, "clevel": 5, "shuffle": 1, "blocksize": blocksize}, a


def main():
    out = []
    for config, a in entries():
        a = np.ascontiguousarray(a)
        codec = numcodecs.get_codec(config)
        encoded = codec.encode(a)
        encoded = encoded if isinstance(encoded, np.ndarray) else np.frombuffer(encoded, "u1")
        decoded = np.asarray(codec.decode(encoded))
        text = [base64.b64encode(x.tobytes()).decode() for x in (a, np.asarray(encoded), decoded)]
        if a.dtype.kind == "V":  # numcodecs takes the size of an element from the array
            config, a = config | {"typesize": a.dtype.itemsize}, a.view("u1")
        entry = {"config": config, "dtype": a.dtype.str, "array": text[0], "encoded": text[1]}
        if text[2] != text[0]:
            entry["decoded"] = text[2]
        out.append(json.dumps(entry))
    with open("chunks.json", "w") as f:
        f.write("[\n" + ",\n".join(out) + "\n]\n")
    print(len(out), "chunks", file=sys.stderr)


main()
