#!/bin/sh
# Measures this project beside Volara and mwatershed, in one run: run.sh [LABELS] [N]
# LABELS: see affinities.py; default: the demo's labels. Needs about 5 minutes and 3 GB of memory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/setup.sh")/bin/python
n=${2:-256}

(cd "$root" && make -s build)
if [ $# -ge 1 ]; then labels=$1; else
	"$root/bin/volara" demo --size "$n" --progress off "$work/demo" >/dev/null
	labels=$work/demo/volume.zarr/labels
fi
mkdir "$work/ours" "$work/theirs" "$work/raw"
"$python" "$here/affinities.py" "$labels" "$work/ours/volume.zarr" "$n"
cp -r "$work/ours/volume.zarr" "$work/theirs/volume.zarr"
cp "$here/pipeline.yaml" "$work/ours/"

timed() { # NAME COMMAND…: wall seconds and the peak memory of the whole process tree
	name=$1; shift
	"$python" "$here/timed.py" "$name" "$@"
}
echo "== the whole pipeline, $n³ × 9 offsets, blocks 64³, context 16, 2 workers"
timed ours "$root/bin/volara" up --workers 2 --progress off "$work/ours/pipeline.yaml"
timed ours-again "$root/bin/volara" up --workers 2 --progress off "$work/ours/pipeline.yaml"
(cd "$work/theirs" && timed volara "$python" "$here/volara_pipeline.py" volume.zarr 2)
(cd "$work/theirs" && timed volara-again "$python" "$here/volara_pipeline.py" volume.zarr 2)
"$root/bin/volara" eval "$work/ours/volume.zarr/segments" "$work/theirs/volume.zarr/segments"

echo "== mutex watershed alone, one core"
for size in 96 160; do
	taskset -c 0 "$python" "$here/mutex_watershed.py" "$work/ours/volume.zarr" $size "$work/raw"
done
(cd "$root" && AFFINITIES=$work/raw taskset -c 0 go test ./kernels -run XXX -bench MutexWatershedRaw -benchtime 5x | grep Benchmark)
