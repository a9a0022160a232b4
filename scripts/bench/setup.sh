#!/bin/sh
# Installs what this project is measured against into a virtual environment: setup.sh [DIR]
set -eu
dir=${1:-$HOME/.cache/volara-bench}
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/pip" -q install 'volara==1.0.5' 'mwatershed==0.5.4' 'zarr==3.1.6'
echo "$dir"
