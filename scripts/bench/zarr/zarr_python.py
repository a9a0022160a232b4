"""zarr-python, with its own defaults for threads."""
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

from contender import chunk, codec, dtype, measure, n, path, shard

compressors = {"none": None, "zstd": ZstdCodec(level=3), "blosc": BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")}
array = zarr.create_array(path, shape=(n,) * 3, chunks=(chunk,) * 3, shards=(shard,) * 3 if shard else None, dtype=dtype,
                          compressors=compressors[codec], fill_value=0)


def write(voxels):
    array[:] = voxels


measure(write, lambda box: array[box])
