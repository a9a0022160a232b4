"""Two chained daisy 2 tasks of N**3 blocks that do nothing, with done marks in DIR: daisy_chain.py N WORKERS DIR
A worker is a process that takes one block after the other, which is daisy's fastest way. Run again, it skips what is done."""
import sys

import daisy
from funlib.geometry import Coordinate, Roi


def worker():
    client = daisy.Client()
    while True:
        with client.acquire_block() as block:
            if block is None:
                return


def main():
    n, workers, tracking = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    block = Roi((0, 0, 0), (1, 1, 1))
    tasks = []
    for name in ("first", "second"):
        tasks.append(daisy.Task(
            name, total_roi=Roi((0, 0, 0), Coordinate(n, n, n)), read_roi=block, write_roi=block, process_function=worker,
            read_write_conflict=False, fit="valid", num_workers=workers, upstream_tasks=tasks[-1:],
            tracking_path=f"{tracking}/{name}"))
    if not daisy.run_blockwise(tasks, progress=False):
        sys.exit("daisy failed")


if __name__ == "__main__":
    main()
