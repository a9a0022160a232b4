"""Runs a command and prints its wall time and the peak resident memory of its whole process tree: timed.py NAME COMMAND…"""
import os, subprocess, sys, threading, time


def tree_memory(root):
    """Bytes resident in root and all processes below it; pages that processes share count once (PSS)."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    total = 0
    for pid in parents:
        at = pid
        while at not in (root, 0, 1) and at in parents:
            at = parents[at]
        if at == root:
            try:
                total += sum(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")) * 1024
            except OSError:
                pass
    return total


def main():
    name, command = sys.argv[1], sys.argv[2:]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, done = 0, threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, tree_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    print(f"{name:14} {seconds:8.2f} s  peak {peak / 1e6:7.0f} MB  exit status {status}", flush=True)


main()
