#!/bin/sh
# Measures making levels beside tensorstore's downsample driver, in alternation: pyramid.sh [SIZE] [REPEAT]
# The data is SIZE³ (512) noisy uint8, of which means are made, and SIZE³ uint64 labels, of which modes are made, in chunks
# of 64³ with zstd; both programs copy the array and make 3 levels. The least seconds of REPEAT (3) runs count.
# The virtual environment is $PEERS, ~/.cache/volara-zarr; it is made when it is not there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$HOME/.cache/volara-zarr}
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/python" -c 'import tensorstore, numpy' 2>/dev/null || "$peers/bin/pip" -q install tensorstore numpy
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM
(cd "$here/../.." && go build -o "$dir/volara" ./cmd/volara)
"$peers/bin/python" "$here/pyramid.py" "$dir" "${1:-512}" "${2:-3}"
