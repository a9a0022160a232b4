#!/bin/sh
# Measures the engine beside daisy 2, in one run: engine.sh [N]; two chained tasks of N³ (40³) blocks that do nothing, done marks
# kept, 2 workers, start-up included; then the same again with everything done; then 10⁷ done blocks. Takes about a minute.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=$HOME/.cache/volara-bench-daisy
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" -q install 'daisy==2.0.0' funlib.geometry
n=${1:-40}
(cd "$root" && make -s build)

pipeline() { # NAME SIDE: two chained noops
	mkdir "$work/$1"
	cat > "$work/$1/pipeline.yaml" <<-EOF
		tasks:
		  - {task_type: noop, name: first, roi: [[0, 0, 0], [$2, $2, $2]], block_size: [1, 1, 1]}
		  - {task_type: noop, name: second, roi: [[0, 0, 0], [$2, $2, $2]], block_size: [1, 1, 1], after: [first]}
	EOF
}
up() { "$root/bin/volara" up --workers 2 --progress off "$work/$1/pipeline.yaml"; }

pipeline small "$n"
pipeline large 171
up large >/dev/null 2>&1 # not measured: to have something to skip
blocks=$((2 * n * n * n)) many=$((2 * 171 * 171 * 171))
"$venv/bin/python" - "$blocks" "$many" "$here/daisy_chain.py" "$n" "$work" "$root/bin/volara" <<'EOF'
import statistics, subprocess, sys, time

blocks, many, chain, n, work, volara = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]


def seconds(*command):
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def up(name):
    return seconds(volara, "up", "--workers", "2", "--progress", "off", f"{work}/{name}/pipeline.yaml")


def daisy():
    return seconds(sys.executable, chain, n, "2", f"{work}/daisy")


def row(what, ours, theirs, blocks):
    print(f"{what:34} {ours:8.3f} s {blocks / ours:12,.0f}/s {theirs:8.2f} s {blocks / theirs:12,.0f}/s {theirs / ours:7.0f}×")


print(f"{'':34} {'this project':>24} {'daisy 2':>24} {'ratio':>8}")
row(f"{blocks:,} blocks", up("small"), daisy(), blocks)
again = statistics.median(up("small") for _ in range(5))
row("again, all done", again, daisy(), blocks)
more = statistics.median(up("large") for _ in range(5))
print(f"{many:,} done blocks: {more:.3f} s, that is {(many - blocks) / max(more - again, 1e-3):,.0f} blocks/s beyond start-up")
EOF
