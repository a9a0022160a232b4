"""Makes places.json: what funlib.persistence makes of the attributes that place an array in the world.

    pip install funlib.persistence==0.7
    python make_places.py > places.json

Each case holds the array's number of axes, its attributes, the names of the attributes where they are not the usual ones, and
what open_ds says of voxel size, offset, names, units and types, or null where it raises an error.
"""

import json
import random
import warnings

import numpy
import zarr
from funlib.persistence import open_ds
from funlib.persistence.arrays.metadata import MetaDataFormat

NAMES = ["c^", "t", "z", "y", "x"]


def options(n):
    """Returns what each attribute may be for an array of n axes."""
    names = NAMES[-n:] if n < 5 else NAMES
    return {
        "voxel_size": [None, "missing", [7, 40, 4, 8, 2][:n], [40, 4, 8, 2, 3][: n - 1], [4, 8, 2, 5][: max(n - 2, 0)]],
        "offset": [None, "missing", "missing", [1, 400, -40, 80, 6][:n], [-400, 40, 8, 0][: n - 1]],
        "axis_names": [
            None,
            "missing",
            "missing",
            names,
            ["c^", *names[1:]],
            [*names[:-1], "c^"],
            names[: n // 2] + ["s^"] + names[n // 2 + 1 :],
            names[1:],
        ],
        "units": [None, "missing", "missing", ["", "nm", "um", "A", "m"][:n], ["nm", "um", "A", "m"][: n - 1]],
        "types": [
            None,
            "missing",
            "missing",
            ["space"] * n,
            ["channel"] + ["space"] * (n - 1),
            ["time"] + ["space"] * (n - 1),
            ["space"] * (n - 1) + ["semantic"],
            ["space"] * (n // 2) + ["channel"] + ["space"] * (n - n // 2 - 1),
            ["space"] * (n - 1),
        ],
    }


def renamed(attributes, rng):
    """Returns the same attributes elsewhere, and the names that lead to them."""
    names, out = {}, {}
    for key, value in attributes.items():
        how = rng.choice(["same", "other", "nested", "each", "index"])
        if how == "other":
            names[key], out["my_" + key] = "my_" + key, value
        elif how == "nested":
            names[key] = "meta/deep/" + key
            out.setdefault("meta", {}).setdefault("deep", {})[key] = value
        elif how == "each" and value:
            names[key], out["axes_" + key] = f"axes_{key}/{{dim}}/v", [{"v": v, "w": 0} for v in value]
        elif how == "index":
            names[key], out["list_" + key] = f"list_{key}/1", [0, value]
        else:
            out[key] = value
    return out, names


def verdict(n, attributes, names):
    array = zarr.create_array(zarr.storage.MemoryStore(), shape=(1,) * n, dtype=numpy.uint8, attributes=attributes)
    try:
        a = open_ds(array.store_path, mode="r", metadata_format=MetaDataFormat(**{k + "_attr": v for k, v in names.items()}))
        return {
            "voxel_size": list(a.voxel_size),
            "offset": list(a.offset),
            "axis_names": a.axis_names,
            "units": a.units,
            "types": a.types,
        }
    except Exception:
        return None


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(5)
    cases = [(3, {"resolution": [40, 4, 4]}, {}), (3, {"voxel_size": [40, 4, 4], "resolution": [1, 1, 1]}, {}), (3, {"voxelSize": [1, 2, 3]}, {})]
    for i in range(450):
        n = rng.choice([1, 2, 3, 3, 4, 4, 5])
        attributes = {key: rng.choice(values) for key, values in options(n).items()}
        attributes = {key: value for key, value in attributes.items() if value != "missing"}
        names = {}
        if i % 3 == 2:
            attributes, names = renamed(attributes, rng)
        cases.append((n, attributes, names))
    out = [{"axes": n, "attributes": a, "names": names, "place": verdict(n, a, names)} for n, a, names in cases]
    print("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in out) + "]")


main()
