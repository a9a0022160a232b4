"""Makes cases.json: valid documents of OME-NGFF 0.4 and 0.5, all that one change makes of them, and which are still valid.

The verdicts are those of jsonschema (pip install jsonschema) over the published schemas, whose folder is the argument:

    python make_cases.py SCHEMAS > cases.json

SCHEMAS/ngff-spec-0.4/schemas/image.schema and so on, as at https://ngff.openmicroscopy.org/0.4/schemas/image.schema. One rule
is none of the schemas': that the wells of a plate of 0.5 lie where their indices say, which its suite demands.
"""

import copy
import json
import pathlib
import sys

import jsonschema
import referencing

AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]
LEVEL = [{"type": "scale", "scale": [1, 1, 0.5, 0.5]}, {"type": "translation", "translation": [0, 0, 3, 4.5]}]
IMAGE = {
    "name": "em",
    "type": "mean",
    "metadata": {"method": "volara"},
    "axes": AXES,
    "datasets": [{"path": "s0", "coordinateTransformations": LEVEL}],
    "coordinateTransformations": [{"type": "scale", "scale": [2, 1, 1, 1]}],
}
OMERO = {
    "channels": [
        {"color": "FF0000", "label": "a", "family": "linear", "active": True, "window": {"min": 0, "max": 255, "start": 3, "end": 99.5}}
    ]
}
LABEL = {
    "colors": [{"label-value": 1, "rgba": [1, 2, 3, 255]}, {"label-value": 2}],
    "properties": [{"label-value": 1, "class": "cell"}],
    "source": {"image": "../../"},
}
PLATE = {
    "name": "p",
    "field_count": 2,
    "acquisitions": [{"id": 1, "name": "first", "description": "d", "maximumfieldcount": 2, "starttime": 10, "endtime": 20}],
    "rows": [{"name": "A"}, {"name": "B"}],
    "columns": [{"name": "1"}],
    "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/1", "rowIndex": 1, "columnIndex": 0}],
}
WELL = {"images": [{"path": "0", "acquisition": 1}, {"path": "1"}]}
PARTS = {
    "image": {"multiscales": [IMAGE], "omero": OMERO},
    "label": {"image-label": LABEL},
    "plate": {"plate": PLATE},
    "well": {"well": WELL},
    "bf2raw": {"bioformats2raw.layout": 3},
    "ome": {"series": ["0", "1"]},
}
# What takes the place of a value; "-" removes it, "+" adds the first element of a list, or of an object, once more.
CHANGES = {"n": None, "t": True, "0": 0, "m": -1, "h": 1.5, "3": 3.0, "e": "", "x": "x", "l": [], "o": {}, "b": 300}


def document(kind, version):
    parts = copy.deepcopy(PARTS[kind])
    if version == "0.5":
        return {"ome": {"version": "0.5", **parts}}
    for part in [*parts.get("multiscales", []), *(parts[k] for k in ("image-label", "plate", "well") if k in parts)]:
        part["version"] = "0.4"
    return parts


def places(value, at=()):
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def changed(doc, at, change):
    """Returns the changed document, or None where the change cannot be made."""
    if not at:
        return CHANGES.get(change, None) if change in CHANGES else None
    doc = copy.deepcopy(doc)
    inner = doc
    for key in at[:-1]:
        inner = inner[key]
    key = at[-1]
    if change == "-":
        del inner[key]
    elif change == "+":
        if not isinstance(inner[key], list) or not inner[key]:
            return None
        inner[key].append(copy.deepcopy(inner[key][0]))
    else:
        inner[key] = copy.deepcopy(CHANGES[change])
    return doc


def wells_lie_right(doc):
    try:
        plate = doc["ome"]["plate"]
        return all(
            w["path"] == plate["rows"][int(w["rowIndex"])]["name"] + "/" + plate["columns"][int(w["columnIndex"])]["name"] for w in plate["wells"]
        )
    except (KeyError, IndexError):
        return False


def main():
    root = pathlib.Path(sys.argv[1])
    cases = []
    for version in ("0.4", "0.5"):
        schemas = {p.stem: json.loads(p.read_text()) for p in (root / f"ngff-spec-{version}" / "schemas").glob("*.schema")}
        base = f"https://ngff.openmicroscopy.org/{version}/schemas/"
        registry = referencing.Registry().with_resources(
            (base + name + ".schema", referencing.Resource.from_contents(s, referencing.jsonschema.DRAFT202012)) for name, s in schemas.items()
        )
        for kind in PARTS:
            for strict in (False, True):
                schema = schemas.get(("strict_" if strict else "") + kind)
                if schema is None:
                    continue
                validator = jsonschema.Draft202012Validator(schema, registry=registry)
                doc = document(kind, version)
                validator.validate(doc)
                verdicts = {}
                for at in places(doc):
                    good = bad = ""
                    for change in "-n" if strict else ["-", "+", *CHANGES]:  # strict schemas ask for more fields
                        if not at and change in "-+":
                            continue
                        new = changed(doc, at, change)
                        if new is None and at:
                            continue
                        valid = validator.is_valid(new)
                        if valid and version == "0.5" and kind == "plate":
                            valid = wells_lie_right(new)
                        good, bad = (good + change, bad) if valid else (good, bad + change)
                    pointer = "".join("/" + str(key) for key in at)
                    verdicts[pointer] = [good, bad]
                cases.append({"kind": kind, "version": version, "strict": strict, "document": doc, "valid_invalid": verdicts})
    out = {"changes": CHANGES, "cases": cases}
    lines = json.dumps(out, separators=(",", ":")).replace('{"kind"', '\n{"kind"').replace("],\"", "],\n\"")
    print(lines)


main()
