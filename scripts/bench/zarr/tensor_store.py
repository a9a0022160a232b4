"""tensorstore, with its own defaults for threads, no cache, no fsync."""
import tensorstore as ts

from contender import chunk, codec, dtype, measure, n, path, shard

codecs = [{"name": "bytes", "configuration": {"endian": "little"}}] if dtype != "uint8" else [{"name": "bytes"}]
if codec == "zstd":
    codecs.append({"name": "zstd", "configuration": {"level": 3}})
elif codec == "blosc":
    codecs.append({"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 1 if dtype == "uint8" else 8}})
if shard:
    codecs = [{"name": "sharding_indexed", "configuration": {
        "chunk_shape": [chunk] * 3, "codecs": codecs,
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]}}]
array = ts.open({
    "driver": "zarr3",
    "kvstore": {"driver": "file", "path": path + "/"},
    "metadata": {"shape": [n] * 3, "data_type": dtype, "fill_value": 0, "codecs": codecs,
                 "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [shard or chunk] * 3}}},
    "context": {"file_io_sync": False},
}, create=True).result()

measure(lambda voxels: array.write(voxels).result(), lambda box: array[box].read().result())
