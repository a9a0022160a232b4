"""Writes levels.json, readers.json and failures.json: what daisy makes of some tasks, to compare ours with.

    python make.py        (an environment with daisy==2.0.0)

levels.json: tasks with read_write_conflict. Their blocks, level by level, each with the blocks of its own task that
daisy makes it wait for; and which of them a region selects (get_subgraph_blocks).
readers.json: chains of two tasks with blocks of different sizes. Which blocks upstream each block downstream waits for.
failures.json: tasks with read_write_conflict of which some blocks fail. Which blocks are run, and how many never are.
skips.json: chains of two tasks with skip masks, and with conflicts or with blocks that fail. Which blocks are run.

All are drawn from a seed, in 1 to 4 dimensions, with contexts that differ by side, offsets of either sign and all fits.
Boxes are [offset, shape].
"""
import json
import math
import random
from pathlib import Path

from daisy import _daisy as daisy
from funlib.geometry import Coordinate, Roi

FITS = ("valid", "overhang", "shrink")


def box(roi):
    return [list(roi.offset), list(roi.shape)]


def draw(rng, dims, fit, name, region=None):
    """A task: total region, block shape, context before and after."""
    most = [0, 50, 16, 9, 6][dims]
    while True:
        block = [rng.randint(1, 4) for _ in range(dims)]
        low = [rng.choice([0, 1, 2, 5]) for _ in range(dims)]
        high = [rng.choice([0, 1, 2, 5]) for _ in range(dims)]
        if rng.random() < 0.5:
            high = low
        offset, shape = region or ([rng.randint(-20, 20) for _ in range(dims)], [rng.randint(most // 3, most) for _ in range(dims)])
        if fit != "valid" or all(s >= b for s, b in zip(shape, block)):
            return dict(name=name, total=[offset, shape], block=block, context_low=low, context_high=high, fit=fit)


def rois(task):
    write = Roi((0,) * len(task["block"]), task["block"])
    read = write.grow(Coordinate(task["context_low"]), Coordinate(task["context_high"]))
    total = Roi(*task["total"]).grow(Coordinate(task["context_low"]), Coordinate(task["context_high"]))
    return total, read, write


def graph(task, conflict=True):
    total, read, write = rois(task)
    return daisy.BlockwiseDependencyGraph(task["name"], read, write, conflict, task["fit"], total_read_roi=total)


def native(task, conflict, skip=None):
    total, read, write = rois(task)
    return daisy.Task(task["name"], total, read, write, process_function=lambda block: None, read_write_conflict=conflict,
                      fit=task["fit"], max_retries=0, skip_mask=skip)


def levels(rng, dims, fit):
    task = draw(rng, dims, fit, "task")
    g = graph(task)
    found = list(g.enumerate_all_dependencies())
    number = {tuple(b.write_roi.offset): i for i, (b, _) in enumerate(found)}
    task["levels"] = g.num_levels
    task["blocks"] = [
        dict(write=box(b.write_roi), read=box(b.read_roi), after=sorted(number[tuple(u.write_roi.offset)] for u in up))
        for b, up in found
    ]
    offset, shape = task["total"]
    begin = [o + rng.randint(-2, s - 1) for o, s in zip(offset, shape)]
    region = [begin, [rng.randint(1, s + 2) for s in shape]]
    task["region"] = region
    inside = Roi(*region).intersect(Roi(*task["total"]))
    chosen = [] if inside.empty else g.get_subgraph_blocks(Roi(*region), False)
    task["selected"] = sorted(number[tuple(b.write_roi.offset)] for b in chosen)
    return task


def readers(rng, dims, fit):
    up = draw(rng, dims, fit, "up")
    offset, shape = up["total"]
    if rng.random() < 0.5:  # daisy refuses readers of what nobody writes
        offset, shape = [o + rng.randint(-2, 2) for o in offset], [max(1, s + rng.randint(-2, 2)) for s in shape]
    down = draw(rng, dims, rng.choice(("overhang", "shrink")), "down", [offset, shape])
    first, second = native(up, False), native(down, False)
    scheduler = daisy.Scheduler(first + second)
    blocks = []
    for b, _ in graph(down, False).enumerate_all_dependencies():
        above = scheduler.dependency_graph.upstream(b)
        blocks.append(dict(write=box(b.write_roi), after=sorted(box(u.write_roi) for u in above)))
    return dict(up=up, down=down, blocks=blocks)


def failures(rng, dims, fit):
    task = draw(rng, dims, fit, "task")
    scheduler = daisy.Scheduler(native(task, True))
    failed, done = [], []
    while (b := scheduler.acquire_block("task")) is not None:
        fails = rng.random() < 0.15
        (failed if fails else done).append(box(b.write_roi))
        b.status = daisy.BlockStatus.FAILED if fails else daisy.BlockStatus.SUCCESS
        scheduler.release_block(b)
    task.update(failed=failed, done=done, orphaned=scheduler.task_states["task"].orphaned_count)
    return task


def run(rng, tasks, natives, failing):
    """Acquires and releases blocks until there are none; writes what was run into the tasks, and returns how many. Behind
    skipped blocks daisy 2.0.0 runs some blocks several times: each is written once, and always ends the same way."""
    bad = {}
    scheduler = daisy.Scheduler(natives[0] + natives[1])
    for task in tasks:
        task.update(failed=[], done=[])
    idle = False
    while not idle:
        idle = True
        for task in tasks:
            while (b := scheduler.acquire_block(task["name"])) is not None:
                idle = False
                at = task["name"], tuple(b.write_roi.offset)
                if at not in bad:
                    bad[at] = rng.random() < failing
                    task["failed" if bad[at] else "done"].append(box(b.write_roi))
                b.status = daisy.BlockStatus.FAILED if bad[at] else daisy.BlockStatus.SUCCESS
                scheduler.release_block(b)
    return sum(len(task["failed"]) + len(task["done"]) for task in tasks)


def skips(rng, dims, fit):
    up = draw(rng, dims, fit, "up")
    tasks = (up, draw(rng, dims, rng.choice(("overhang", "shrink")), "down", up["total"]))
    for task in tasks:
        task["conflict"] = rng.random() < 0.4
        counts = list(native(task, False).block_grid_shape)
        share = rng.choice((0, 0.1, 0.5, 1))
        cells = [rng.choice((1, 255)) if rng.random() < share else 0 for _ in range(math.prod(counts))]
        task.update(counts=counts, cells=cells)
    # Where nobody writes what a block begins to read, daisy 2.0.0 never runs it, nor some others: none of these.
    if run(rng, tasks, [native(t, t["conflict"]) for t in tasks], 0) < sum(math.prod(t["counts"]) for t in tasks):
        raise ValueError("not all blocks are run without masks")
    # With conflicts a skipped block waits in daisy for its neighbours of lower levels, and is an orphan when one fails.
    failing = 0 if any(t["conflict"] for t in tasks) else 0.1
    run(rng, tasks, [native(t, t["conflict"], (bytes(t["cells"]), tuple(t["counts"]))) for t in tasks], failing)
    return dict(up=up, down=tasks[1])


def write(name, case, count, most):
    rng = random.Random(name)
    cases = []
    for i in range(count):
        while True:
            try:
                c = case(rng, 1 + i % 4, FITS[i // 4 % 3])
            except ValueError:  # daisy refuses readers of what nobody writes
                continue
            text = json.dumps(c, separators=(",", ":"))
            if len(text) < most:
                break
        cases.append(text)
    Path(__file__).with_name(name).write_text("[\n" + ",\n".join(cases) + "\n]\n")


write("levels.json", levels, 72, 12000)
write("readers.json", readers, 72, 12000)
write("failures.json", failures, 72, 6000)
write("skips.json", skips, 72, 8000)
