"""Writes the arrays of this folder with zarr-python, and expected.json: the sha256 of each array's bytes
(little-endian, C order). Made with zarr 3.1.6, numcodecs 0.16.6:

    python make_arrays.py
"""

import base64
import hashlib
import json
import pathlib
import shutil
import struct
import warnings

import numcodecs
import numpy as np
import zarr
import zarr.codecs.numcodecs as znum
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

here = pathlib.Path(__file__).parent
for folder in ("arrays", "groups"):
    shutil.rmtree(here / folder, ignore_errors=True)
warnings.simplefilter("ignore")
expected = {}


def values(dtype, shape):
    n = int(np.prod(shape))
    if np.dtype(dtype).kind == "f":
        a = np.linspace(-3, 3, n)
    elif np.dtype(dtype).kind == "c":
        a = np.linspace(-3, 3, n) + 1j * np.arange(n)
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
    data = np.asarray(zarr.open_array(here / "arrays" / name, mode="r")[...])
    expect(name, data.astype(np.dtype(dtype).newbyteorder("<")))


def expect(name, data):
    expected[name] = hashlib.sha256(np.ascontiguousarray(data).tobytes()).hexdigest()


def edit(name, file, change):
    """Changes a metadata file by hand, to what zarr-python reads but does not write."""
    path = here / "arrays" / name / file
    doc = json.loads(path.read_text())
    change(doc)
    path.write_text(json.dumps(doc, indent=2))


def filled(name, dtype, file, text, element, fmt=3, **kwargs):
    """An array of which half is written and the rest is a fill value written as text and read as the element's bytes."""
    make(name, dtype, 0, fmt, **kwargs)
    edit(name, file, lambda doc: doc.update(fill_value=text))
    data = values(dtype, (3, 5)).astype(np.dtype(dtype).newbyteorder("<"))
    size = data.dtype.itemsize
    raw = bytearray(data.tobytes())
    raw[2 * 5 * size :] = element * 5
    expect(name, np.frombuffer(bytes(raw), "u1"))


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


# Both parts of complex numbers in both byte orders; fill values that only their text tells apart.
make("v3-complex64", "complex64", complex(1, float("-inf")))
make("v3-complex128-big", "complex128", complex(float("nan"), -0.0), endian="big", compressors=[BloscCodec(cname="zstd", shuffle="shuffle")])
make("v2-complex64-big", "complex64", complex(1.5, float("inf")), 2, endian="big", compressors=numcodecs.Zstd())
make("v2-complex128-order-f", "complex128", 2 - 3j, 2, order="F", compressors=None)
filled("v2-complex64-base64", "complex64", ".zarray", base64.b64encode(np.array(1 - 2j, ">c8").tobytes()).decode(), np.array(1 - 2j, "<c8").tobytes(), 2, endian="big", compressors=None)
filled("v3-complex64-hex", "complex64", "zarr.json", ["0x7fc00001", 1.5], struct.pack("<If", 0x7FC00001, 1.5))
filled("v3-float16-nan-payload", "float16", "zarr.json", "0x7e01", struct.pack("<H", 0x7E01), endian="big")
filled("v3-float32-nan-payload", "float32", "zarr.json", "0xffc12345", struct.pack("<I", 0xFFC12345))
filled("v3-float64-nan-payload", "float64", "zarr.json", "0x7ff8000000000001", struct.pack("<Q", 0x7FF8000000000001))
make("v2-bool", "bool", True, 2, compressors=None)
make("v2-float16-big", "float16", float("nan"), 2, endian="big", compressors=numcodecs.GZip())

# v2 filters, in their order and then the compressor, also of elements that lie reversed or transposed.
make("v2-delta-narrow", "int32", 3, 2, filters=[numcodecs.Delta(dtype="<i4", astype="<i2")], compressors=numcodecs.Zlib())
make("v2-delta-shuffle-big-f", "uint16", 3, 2, endian="big", order="F", filters=[numcodecs.Delta(dtype=">u2"), numcodecs.Shuffle(2)], compressors=numcodecs.Zstd())
make("v2-scale-offset", "float64", 0, 2, filters=[numcodecs.FixedScaleOffset(offset=-3, scale=14 / 6, dtype="<f8", astype="|u1")], compressors=numcodecs.BZ2())
make("v2-packbits", "bool", False, 2, filters=[numcodecs.PackBits()], compressors=None)
make("v2-checksums", "uint32", 1, 2, filters=[numcodecs.Fletcher32(), numcodecs.Adler32()], compressors=numcodecs.CRC32())

# v3: filters from array to array, whose result is of another type, and numcodecs' codecs from bytes to bytes.
make("v3-delta-narrow", "int32", 3, filters=[znum.Delta(dtype="<i4", astype="<i2")], compressors=[znum.Zlib(level=1)])
make("v3-scale-offset-delta", "float64", 0, filters=[znum.FixedScaleOffset(offset=-3, scale=14 / 6, dtype="<f8", astype="<u2"), znum.Delta(dtype="<u2")], compressors=[znum.BZ2(level=1)])
make("v3-astype", "float64", 0, filters=[znum.AsType(encode_dtype="<f4", decode_dtype="<f8")], compressors=[znum.Shuffle(elementsize=4), znum.LZ4()])
make("v3-transpose-delta", "uint16", 3, filters=[TransposeCodec(order=(0, 1)), znum.Delta(dtype="<u2")], compressors=[znum.Adler32()])

# Shards in shards, indices of all kinds, shards behind other codecs.
inner = ShardingCodec(chunk_shape=(1, 2), codecs=[BytesCodec(), GzipCodec(level=1)], index_location="start")
make("v3-shards-nested", "uint16", 9, shape=(7, 9), chunks=(4, 8), written=slice(0, 5),
     serializer=ShardingCodec(chunk_shape=(2, 4), codecs=[inner], index_codecs=[BytesCodec(endian="big")]), compressors=[])
make("v3-shard-plain-index", "int64", -1, shape=(7, 9), chunks=(4, 6), written=slice(0, 5),
     serializer=ShardingCodec(chunk_shape=(2, 2), codecs=[TransposeCodec(order=(1, 0)), BytesCodec(endian="big"), Crc32cCodec()],
                              index_codecs=[BytesCodec(), Crc32cCodec(), Crc32cCodec()], index_location="start"), compressors=[])
make("v3-shard-compressed", "float32", float("nan"), shape=(7, 9), chunks=(6, 6), written=slice(0, 5), filters=[TransposeCodec(order=(1, 0))],
     serializer=ShardingCodec(chunk_shape=(3, 2), codecs=[BytesCodec()]), compressors=[GzipCodec(level=1)])

# Shapes at the edge, keys of all kinds, and what older writers wrote.
make("v3-chunk-beyond", "uint8", 7, shape=(3, 2), chunks=(8, 9), chunk_key_encoding={"name": "default", "separator": "."})
make("v3-empty", "uint8", 7, shape=(3, 0), chunks=(2, 2), compressors=[])
make("v2-empty", "<u2", 7, 2, shape=(0, 4), chunks=(2, 2), compressors=None)
make("v3-v2-keys-slash", "uint8", 7, chunk_key_encoding={"name": "v2", "separator": "/"}, dimension_names=["y", None])
make("v3-order-word", "uint16", 3, filters=[TransposeCodec(order=(1, 0))])
edit("v3-order-word", "zarr.json", lambda doc: doc["codecs"][0]["configuration"].update(order="F"))
make("v2-no-separator", "int16", 3, 2, compressors=numcodecs.LZ4())
edit("v2-no-separator", ".zarray", lambda doc: doc.pop("dimension_separator"))
make("v3-extensions", "uint8", 7)
edit("v3-extensions", "zarr.json", lambda doc: doc.update(hint={"must_understand": False}, data_type={"name": "uint8"}, chunk_grid=doc["chunk_grid"]))

# Groups with consolidated metadata, made stale afterwards.
for fmt in (2, 3):
    root = zarr.create_group(here / "groups" / f"v{fmt}", zarr_format=fmt, attributes={"is": "root"})
    root.create_array("raw", shape=(2,), chunks=(2,), dtype="u1", compressors=None, attributes={"is": "raw"})
    root.create_group("volumes").create_array("labels", shape=(2,), chunks=(2,), dtype="u8", compressors=None)
    root.create_array("deleted", shape=(2,), chunks=(2,), dtype="u1", compressors=None)
    zarr.consolidate_metadata(here / "groups" / f"v{fmt}", zarr_format=fmt)
    shutil.rmtree(here / "groups" / f"v{fmt}" / "deleted")
    zarr.open_array(here / "groups" / f"v{fmt}" / "raw", zarr_format=fmt).update_attributes({"is": "raw, changed"})

(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
