#!/bin/sh
# Makes sure that Go and a C compiler are there (cgo: SQLite); with the argument `test` also what the tests run beside
# the programs: Slurm, and zarr-python and tensorstore in a virtual environment. Installs Debian packages as root; else says
# what to do.
set -eu

missing=
command -v "${GO:-go}" >/dev/null 2>&1 || missing="$missing golang"
command -v "${CC:-cc}" >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
if [ "${1:-}" = test ] && [ "$(id -u)" = 0 ]; then # others test without Slurm where it is missing
	command -v slurmctld >/dev/null 2>&1 || missing="$missing slurm-wlm"
	command -v munged >/dev/null 2>&1 || missing="$missing munge"
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"
fi

peers() { # the libraries that test/interop exchanges arrays with
	[ "${1:-}" = test ] && python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || return 0
	dir=${VOLARA_PEERS:-$HOME/.cache/volara-test}
	set -- zarr==3.1.6 tensorstore==0.1.86
	[ -e "$dir/$*" ] && return 0
	python3 -m venv "$dir" && "$dir/bin/pip" -q install "$@" && touch "$dir/$*" || echo "without zarr-python and tensorstore in $dir" >&2
}
[ -z "$missing" ] && peers "$@" && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$missing"
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing ca-certificates
	peers "$@"
	exit 0
fi
echo "missing:$missing" >&2
echo "On Debian or Ubuntu: sudo apt-get install$missing" >&2
echo "Elsewhere: Go 1.26 or newer (https://go.dev/dl) and a C compiler (gcc or clang)." >&2
exit 1
