"""Writes the arrays of this folder with zarr-python, and expected.json: the sha256 of each array's bytes
(little-endian, C order). Made with zarr 3.1.6, numcodecs 0.16.6:

    python make_arrays.py
"""

import hashlib
import json
import pathlib
import shutil

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

here = pathlib.Path(__file__).parent
shutil.rmtree(here / "arrays", ignore_errors=True)
expected = {}


def values(dtype, shape):
    n = int(np.prod(shape))
    if np.dtype(dtype).kind == "f":
        a = np.linspace(-3, 3, n)
    else:
        a = np.arange(n) % 2 if dtype == "bool" else np.arange(n) * 7 % 120
    return a.astype(dtype).reshape(shape)


def make(name, dtype, fill, fmt=3, shape=(3, 5), chunks=(2, 4), written=slice(0, 2), endian="little", serializer=None, **kwargs):
    stored = np.dtype(dtype)
    if fmt == 2:
        stored = stored.newbyteorder("<" if endian == "little" else ">")
    else:
        kwargs["serializer"] = serializer or BytesCodec(endian=endian)
    z = zarr.create_array(here / "arrays" / name, shape=shape, chunks=chunks, dtype=stored, zarr_format=fmt, fill_value=fill, **kwargs)
    if shape:
        z[written] = values(dtype, shape)[written]
    else:
        z[...] = values(dtype, (1,))[0]
    data = np.asarray(zarr.open_array(here / "arrays" / name, mode="r")[...]).astype(np.dtype(dtype).newbyteorder("<"))
    expected[name] = hashlib.sha256(np.ascontiguousarray(data).tobytes()).hexdigest()


def blosc2(cname, shuffle):
    return numcodecs.Blosc(cname=cname, clevel=5, shuffle=shuffle)


make("v3-uint64-max", "uint64", 2**64 - 1)
make("v3-int64-min", "int64", -(2**63), compressors=[GzipCodec()])
make("v3-float16-nan", "float16", float("nan"), compressors=[BloscCodec(cname="lz4", shuffle="bitshuffle")])
make("v3-float32-infinity", "float32", float("inf"), endian="big", compressors=[Crc32cCodec()])
make("v3-float64-raw", "float64", -0.1, compressors=[])
make("v3-bool", "bool", True, compressors=[ZstdCodec(checksum=True)])
make("v3-transpose", "uint16", 3, shape=(3, 5, 4), chunks=(2, 4, 3), filters=[TransposeCodec(order=(2, 0, 1))])
make("v3-v2-keys", "int8", -1, chunk_key_encoding={"name": "v2", "separator": "."})
make("v3-0d", "uint32", 0, shape=(), chunks=())
make("v3-shard-end", "uint16", 9, shape=(7, 9), chunks=(2, 2), shards=(4, 6), written=slice(0, 5))
make("v3-shard-start", "float32", float("nan"), shape=(7, 9), chunks=(2, 2), shards={"shape": (4, 6), "index_location": "start"}, written=slice(0, 5))
make("v3-shard-transposed", "uint16", 9, shape=(7, 9), chunks=(2, 2), shards=(4, 6), filters=[TransposeCodec(order=(1, 0))])
make("v2-big-order-f", "uint32", 2**32 - 1, 2, endian="big", order="F", compressors=numcodecs.Zlib())
make("v2-no-fill", "int16", None, 2, compressors=None)
make("v2-0d", "float64", 1.5, 2, shape=(), chunks=())
make("v2-slash", "float32", float("-inf"), 2, chunk_key_encoding={"name": "v2", "separator": "/"}, compressors=numcodecs.LZ4())
big = {"fmt": 2, "shape": (100, 90), "chunks": (64, 64), "written": slice(0, 100)}
make("v2-blosc-lz4-bytes", "uint64", 0, compressors=blosc2("lz4", 1), **big)
make("v2-blosc-lz4hc-bits", "int32", 0, compressors=blosc2("lz4hc", 2), **big)
make("v2-blosc-zstd-none", "uint16", 0, compressors=blosc2("zstd", 0), **big)
make("v2-blosc-zlib-bytes", "float64", 0, compressors=blosc2("zlib", 1), **big)
make("v2-blosc-blosclz-auto", "uint8", 0, compressors=blosc2("blosclz", -1), **big)

(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
