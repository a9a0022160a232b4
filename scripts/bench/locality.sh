#!/bin/sh
# Measures the cache of decoded chunks on a segmentation, in one run: locality.sh [LABELS] [N]
# LABELS: see affinities.py; default: the demo's labels. Blocks and chunks are half as large along each axis as usual (32³), so that
# a small volume has many of them; a cache of 32 MiB holds as many chunks as one of 256 MiB does of 64³.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here/setup.sh")/bin/python
n=${2:-384}

(cd "$root" && make -s build)
if [ $# -ge 1 ]; then labels=$1; else
	"$root/bin/volara" demo --size 256 --progress off "$work/demo" >/dev/null
	labels=$work/demo/volume.zarr/labels
fi
"$python" "$here/affinities.py" "$labels" "$work/volume.zarr" "$n" 32
sed 's/64, 64, 64/32, 32, 32/; s/16, 16, 16/8, 8, 8/' "$here/pipeline.yaml" >"$work/pipeline.yaml"
for cache in 32 128; do
	echo "== cache of $cache MiB"
	"$root/bin/volara" up --workers 2 --cache $cache --progress off "$work/pipeline.yaml" 2>&1 | grep 'cache of decoded chunks'
	"$root/bin/volara" drop --yes "$work/pipeline.yaml" >/dev/null
done
