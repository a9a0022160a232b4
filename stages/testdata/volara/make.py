"""Runs Volara 1.0.5 on tiny volumes without ties and keeps its task files and its results, one JSON file a case.

    cd stages/testdata/volara && python make.py        (an environment with volara==1.0.5)

Inputs are written to volumes/. No two scores |affinity + bias| of a volume are equal, so that mutex watershed has one
answer; where mask or sigma change the affinities, `checked` makes sure that it still has.
"""
import multiprocessing as mp; mp.set_start_method("fork", force=True)
import dask; dask.config.set(scheduler="single-threaded")
import json, os, shutil, tempfile
from pathlib import Path

import numpy as np
from funlib.geometry import Coordinate, Roi
from funlib.persistence import open_ds, prepare_ds
import mwatershed
from scipy import ndimage
from volara.blockwise import extract_frags
from volara.blockwise import AffAgglom, ExtractFrags, GraphMWS, Relabel
from volara.datasets import Affs, Labels, Raw
from volara.dbs import SQLite
from volara.logging import set_log_basedir
from volara.lut import LUT

HERE = Path(__file__).parent.resolve()
NAMES = ["t", "z", "y", "x"]
BIAS, LONG_BIAS = -0.5, -0.625  # exact in every float type, and so are the sums


def labels(rng, shape, count):
    """Every voxel's nearest of some random points."""
    points = rng.uniform(0, shape, (count, len(shape)))
    voxels = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    return np.argmin(((voxels[..., None, :] - points) ** 2).sum(-1), -1)


def scores(rng, shape, offsets, count, noise):
    """Signed scores: positive where an offset stays within one label, mostly."""
    ids = labels(rng, shape, count)
    out = []
    for offset in offsets:
        moved = np.full(shape, -1)
        src = tuple(slice(max(0, o), n + min(0, o)) for o, n in zip(offset, shape))
        dst = tuple(slice(max(0, -o), n - max(0, o)) for o, n in zip(offset, shape))
        moved[dst] = ids[src]
        out.append(np.where(moved == ids, 1.0, -1.0) + noise * rng.standard_normal(shape))
    return np.stack(out)


def distinct(score, biases, step):
    """Affinities whose |affinity + bias| are the multiples of step, in the order of |score|."""
    rank = np.empty(score.size)
    rank[np.argsort(np.abs(score), axis=None)] = np.arange(1, score.size + 1)
    exact = np.sign(score) * rank.reshape(score.shape) * step
    affs = exact - np.array(biases).reshape((-1,) + (1,) * (score.ndim - 1))
    assert affs.min() > 0 and affs.max() < 1, (affs.min(), affs.max())
    return affs


def bytes_without_ties(score, bias):
    """uint8 affinities, every value once; bias is no multiple of half a step."""
    order = np.argsort(-np.abs(score), axis=None)
    values = np.empty(score.size, np.uint8)
    top, bottom = 255, 0
    for i in order:
        if score.flat[i] > 0:
            values[i], top = top, top - 1
        else:
            values[i], bottom = bottom, bottom + 1
    assert bottom / 255 + bias < 0 < top / 255 + bias, (bottom, top)
    return values.reshape(score.shape)


def write(name, data, voxel_size, offset, **attrs):
    dims, channels = len(voxel_size), data.ndim - len(voxel_size)
    array = prepare_ds(
        HERE / "volumes" / name,
        shape=data.shape,
        offset=Coordinate(offset),
        voxel_size=Coordinate(voxel_size),
        units=["nm"] * dims,
        axis_names=["c^"] * channels + NAMES[-dims:],
        types=["channel"] * channels + (["time"] if dims == 4 else []) + ["space"] * min(dims, 3),
        chunk_shape=data.shape,
        dtype=data.dtype,
        mode="w",
    )
    array[array.roi] = data
    array._source_data.attrs.update(attrs)


OFFSETS = {
    2: [(1, 0), (0, 1), (3, 0), (0, 3)],
    3: [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, -3, 1), (0, 1, 3)],
    4: [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 2, 0), (0, 0, 0, 2)],
}
VOXEL = {2: (4, 3), 3: (40, 4, 6), 4: (1, 30, 4, 4)}
ORIGIN = {2: (-8, 30), 3: (400, -20, 12), 4: (5, -60, 8, 16)}
SHAPE = {2: (11, 14), 3: (7, 11, 13), 4: (3, 3, 6, 7)}


def biases(n):
    return [BIAS] * n + [LONG_BIAS] * (len(OFFSETS[n]) - n)


def make_volumes():
    shutil.rmtree(HERE / "volumes", ignore_errors=True)
    for dims, count, dtype in [(2, 5, "float16"), (3, 11, "float32"), (4, 6, "float64")]:
        rng = np.random.default_rng(dims)
        score = scores(rng, SHAPE[dims], OFFSETS[dims], count, 0.6)
        step = {"float16": 2.0**-11, "float32": 2.0**-15, "float64": 2.0**-14}[dtype]
        affs = distinct(score, biases(dims), step).astype(dtype)
        write(f"affs{dims}d", affs, VOXEL[dims], ORIGIN[dims], neighborhood=OFFSETS[dims])
        if dims == 3:
            hollow = affs.copy()
            hollow[:, :5, :8, :9] *= 1e-3  # the first block sees nothing that reaches 0.001
            write("hollow3d", hollow, VOXEL[3], ORIGIN[3], neighborhood=OFFSETS[3])
    rng = np.random.default_rng(8)
    small = scores(rng, (8, 7), OFFSETS[2], 3, 0.5)
    write("bytes2d", bytes_without_ties(small, BYTE_BIAS), (4, 3), (-8, 30), neighborhood=OFFSETS[2])
    write("mask2d", (labels(np.random.default_rng(9), (8, 7), 4) > 0).astype(np.uint8) * 255, (4, 3), (-8, 30))
    inside = labels(np.random.default_rng(5), SHAPE[3], 6) > 1
    write("mask01", inside.astype(np.uint8), VOXEL[3], ORIGIN[3])
    write("mask255", inside.astype(np.uint8) * 255, VOXEL[3], ORIGIN[3])
    channels = np.stack([inside, ~inside | (labels(np.random.default_rng(6), SHAPE[3], 5) > 1)]) * 7
    write("channels", channels.astype(np.uint16), VOXEL[3], ORIGIN[3])
    write("fractions", np.where(inside, 1, 0.75).astype(np.float32), VOXEL[3], ORIGIN[3])
    # starts two voxels inside the affinities: outside of it the mask is 0
    write("shifted", np.ones((7, 8, 8), np.uint8), VOXEL[3], tuple(o + 2 * v for o, v in zip(ORIGIN[3], VOXEL[3])))


BYTE_BIAS = -100.25 / 255


def partition(ids):
    """Labels renumbered by first appearance, 0 kept."""
    names, out = {0: 0}, np.empty(ids.size, int)
    for i, v in enumerate(ids.flat):
        out[i] = names.setdefault(int(v), len(names))
    return out, names


def checked(affs, **kwargs):
    """Mutex watershed, whose result must not hang on the last digits of its input."""
    result = agglom(affs, **kwargs)
    for seed in range(4):
        noise = np.random.default_rng(seed).standard_normal(affs.shape)
        again = agglom(affs + 1e-6 * noise, **kwargs)
        assert (partition(again)[0] == partition(result)[0]).all(), "the result depends on ties"
    return result


agglom, mwatershed.agglom = mwatershed.agglom, checked
components = extract_frags.relabel


def any_components(labels, return_num):
    """scikit-image's components, which Volara uses, know up to three dimensions."""
    if labels.ndim < 4:
        return components(labels, return_num=return_num)
    out, count = np.zeros_like(labels), 0
    for i in np.unique(labels[labels > 0]):
        part, n = ndimage.label(labels == i, np.ones((3,) * labels.ndim))
        out[part > 0] = part[part > 0].astype(out.dtype) + out.dtype.type(count)
        count += n
    return out, count


extract_frags.relabel = any_components
BLOCK = {2: (5, 6), 3: (3, 5, 6), 4: (2, 2, 4, 4)}
CONTEXT = {2: (3, 3), 3: (2, 3, 3), 4: (1, 1, 2, 2)}
WEIGHTS = {"adj": (1.0, BIAS), "lr": (1.0, LONG_BIAS)}


def case(name, volume="affs3d", frags=None, agglom=None, mws=None, starting=False, tasks=4, keep=None):
    """Runs the first tasks of the chain and keeps their results, or only those named."""
    print(name, flush=True)
    affs = Affs(store=Path("volumes") / volume)
    array = affs.array("r")
    dims = array.voxel_size.dims
    affs = Affs(store=affs.store, neighborhood=[Coordinate(o) for o in affs.neighborhood])
    out = Path(tempfile.mkdtemp(dir=".")).name
    os.rename(out, "out")
    db = SQLite(path=Path("out/db.sqlite"), edge_attrs={"adj": "float", "lr": "float"}, ndim=dims)
    labels, segments = Labels(store=Path("out/fragments")), Labels(store=Path("out/segments"))
    lut, block, context = LUT(path=Path("out/lut.npz")), Coordinate(BLOCK[dims]), Coordinate(CONTEXT[dims])
    common = dict(db=db, affs_data=affs, frags_data=labels, block_size=block, context=context)
    frags, agglom, mws = dict(frags or {}), dict(agglom or {}), dict(mws or {})
    first = ExtractFrags(**{**common, "bias": biases(dims), **frags})
    chain = {"extract-frags": first}
    if tasks > 1:
        scores = {"adj": affs.neighborhood[:dims], "lr": affs.neighborhood[dims:]}
        chain["aff-agglom"] = AffAgglom(**{**common, "scores": scores, "roi": frags.get("roi"), **agglom})
    if tasks > 2:
        roi = array.roi if first.roi is None else first.roi.intersect(array.roi)
        start = LUT(path=Path("out/start.npz")) if starting else None
        chain["graph-mws"] = GraphMWS(**{**dict(db=db, lut=lut, weights=WEIGHTS, roi=roi, starting_lut=start), **mws})
        chain["relabel"] = Relabel(frags_data=labels, seg_data=segments, lut=lut, block_size=block, roi=frags.get("roi"))
    result = {}
    for kind, task in chain.items():
        if kind == "graph-mws" and starting:
            result["starting"] = starting_lut(db, start, names)
        task.run_blockwise(multiprocessing=False)
        if kind == "extract-frags":
            ids, names = partition(open_ds("out/fragments")[:])
            result["fragments"] = ids.tolist()
            assert len(names) > 2, "no fragments"
    result |= graph(db, names, dims)
    if tasks > 2:
        result |= table(lut, names)
        result["segments"] = partition(open_ds("out/segments")[:])[0].tolist()
    serialised = {kind: json.loads(task.model_dump_json()) for kind, task in chain.items()}
    kept = {k: v for k, v in result.items() if keep is None or k in keep}
    text = json.dumps({"tasks": serialised, **kept}, separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace(',"', ',\n"') + "\n")
    shutil.rmtree("out")
    shutil.rmtree("logs", ignore_errors=True)


def starting_lut(db, start, names):
    """Joins every third fragment to the next, and writes the table for Volara."""
    ids = sorted(v for v in names if v)
    segments = [ids[k - k % 3] if k % 3 < 2 else ids[k] for k in range(len(ids))]
    start.save(np.array([ids, segments]))
    return [[names[i] for i in ids], [names[i] for i in segments]]


def graph(db, names, dims):
    g = db.open("r").read_graph()
    nodes = [[names[n], *map(int, a["position"]), a["size"]] for n, a in g.nodes(data=True) if a.get("position") is not None]
    mean = lambda v: None if v is None else round(v, 9)
    edges = [[names[u], names[v], mean(a.get("adj")), mean(a.get("lr"))] for u, v, a in g.edges(data=True)]
    return {"nodes": sorted(nodes), "edges": sorted(edges, key=lambda e: e[:2])}


def table(lut, names):
    with np.load(lut.file) as data:
        pairs, edges = data["fragment_segment_lut"], data["edges"]
    return {
        "lut": [[names[int(i)] for i in row] for row in pairs],
        "decisions": [[int(m), names[int(u)], names[int(v)]] for m, u, v in edges],
    }


def main():
    make_volumes()
    work = Path(tempfile.mkdtemp())
    os.chdir(work)
    os.symlink(HERE / "volumes", "volumes")
    set_log_basedir(work / "logs")
    for old in HERE.glob("*.json"):
        old.unlink()
    near, far = OFFSETS[3][:3], OFFSETS[3][3:]
    lower = lambda *shape: Roi(ORIGIN[3], Coordinate(shape) * Coordinate(VOXEL[3]))
    case("plain")
    case("filter_fragments", frags=dict(filter_fragments=0.52), tasks=1)
    case("remove_debris", frags=dict(remove_debris=60), tasks=1)
    case("min_extent", frags=dict(min_extent=Coordinate(5, 6, 7)), tasks=1)
    case("filters", frags=dict(filter_fragments=0.5, remove_debris=5, min_extent=Coordinate(1, 2, 2)))
    for mask in ("mask01", "mask255", "channels", "fractions", "shifted"):
        case(mask, frags=dict(mask_data=Raw(store=Path("volumes") / mask), filter_fragments=0.3), tasks=1)
    strides = [Coordinate(1, 1, 1)] * 3 + [Coordinate(2, 2, 2), Coordinate(1, 2, 3), Coordinate(2, 1, 2)]
    case("strides", frags=dict(strides=strides), tasks=1)
    case("sigma", frags=dict(sigma=Coordinate(1, 2, 1)), tasks=1)
    unaligned = Roi(Coordinate(ORIGIN[3]) + Coordinate(VOXEL[3]) * Coordinate(1, 2, 3), Coordinate(5, 8, 8) * Coordinate(VOXEL[3]))
    case("roi", frags=dict(roi=unaligned))
    case("float16_2d", "affs2d")
    case("float64_4d", "affs4d")
    case("uint8_2d", "bytes2d", frags=dict(bias=[BYTE_BIAS] * 4), mws=dict(weights={"adj": (1.0, BYTE_BIAS), "lr": (1.0, BYTE_BIAS)}))
    filters = dict(bias=[BYTE_BIAS] * 4, filter_fragments=0.45, mask_data=Raw(store=Path("volumes/mask2d")))
    case("uint8_filters_2d", "bytes2d", frags=filters, tasks=1)
    case("uint8_sigma_2d", "bytes2d", frags=dict(bias=[BYTE_BIAS] * 4, sigma=Coordinate(1, 1)), tasks=1)
    case("hollow", "hollow3d", tasks=1)
    clusters = ("fragments", "starting", "lut", "decisions")
    case("summed_attrs", mws=dict(edge_per_attr=False), keep=clusters)
    case("starting_lut", starting=True, keep=clusters)
    case("unbounded", mws=dict(bounded_read=False, roi=lower(3, 6, 13)), keep=clusters)
    case("bounded", mws=dict(roi=lower(3, 6, 13)), keep=clusters)
    case("shared_offsets", agglom=dict(scores={"adj": near + far[:1], "lr": far + near[1:]}), tasks=2)
    case("small_context", agglom=dict(context=Coordinate(0, 1, 1)), tasks=2)
    case("smaller_blocks", agglom=dict(block_size=Coordinate(2, 3, 4)), tasks=2)


main()
