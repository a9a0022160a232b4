#!/bin/sh
# Measures writing and reading zarr arrays beside zarr-python and tensorstore, in alternation: zarr.sh [OPTION]...
#   --size N        edge of the cube, 512 (the data is N³ uint8 and N³ uint64)
#   --repeat N      how often each program runs each cell, 3; the median counts
#   --only TEXT     only cells whose name holds TEXT: uint8, uint64, zstd, blosc, none, shard, 64, 128
#   --cpu           by processor time instead of the clock, for a machine that others use as well
#   --ours          leave the others out
#   --image FILE    .npy or .npz to tile instead of synthetic images; --labels FILE likewise, also .npy.gz
#   --dir DIR       where the arrays are written, a new folder below the system's one for temporary files
# The virtual environment is $PEERS, ~/.cache/volara-zarr; it is made when it is not there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$HOME/.cache/volara-zarr}
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/python" -c 'import zarr, tensorstore, numpy' 2>/dev/null || "$peers/bin/pip" -q install 'zarr==3.1.*' tensorstore numpy
ours=$(mktemp -d)
trap 'rm -rf "$ours"' EXIT INT TERM
(cd "$here/../.." && go build -o "$ours/zarr" ./scripts/bench/zarr)
"$peers/bin/python" "$here/zarr/cells.py" --program "$ours/zarr" "$@"
