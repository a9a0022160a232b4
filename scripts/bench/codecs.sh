#!/bin/sh
# Measures encoding and decoding of chunks, one thread, beside numcodecs, in alternation: codecs.sh [OPTION]...
#   --image FILE    .npy or .npz of uint8 to take chunks from instead of synthetic images
#   --labels FILE   .npy or .npy.gz of labels likewise
#   --repeat N      how often each side measures each cell, 3; the best counts
#   --only PATTERN  only cells whose name matches: em64, labels128, zstd, lz4, …
# Figures are MB/s of the array by processor time. The virtual environment is $PEERS, ~/.cache/volara-zarr; it is made when
# it is not there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$HOME/.cache/volara-zarr}
[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
"$peers/bin/python" -c 'import numcodecs, google_crc32c' 2>/dev/null || "$peers/bin/pip" -q install 'zarr==3.1.*' 'numcodecs[crc32c]'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
(cd "$here/../.." && go test -c -o "$work/codec.test" ./zarr/codec)
"$peers/bin/python" "$here/codecs.py" --program "$work/codec.test" --work "$work" "$@"
