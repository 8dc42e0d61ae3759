#!/bin/sh
# Makes the environments: `install.sh product lab [dev]`. Does nothing where nothing has changed.
# Reads PYTHON (default python3) and TORCH_INDEX (an index with CPU builds of PyTorch, or empty).
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
TORCH=torch==2.13.0
wants_dev=no
case " $* " in *" dev "*) wants_dev=yes ;; esac

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# system PACKAGE... : install what is missing when root, otherwise name the exact command.
system() {
    command -v apt-get >/dev/null 2>&1 ||
        fail "Missing: $*. Install it with your system's package manager, then try again."
    [ "$(id -u)" = 0 ] || fail "Missing: $*. Run: sudo apt-get install -y $*"
    say "Installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq "$@" >/dev/null 2>&1 || {
        apt-get update -qq && apt-get install -y -qq "$@" >/dev/null
    } || fail "apt-get could not install: $*"
}

[ "$(uname -s)" = Linux ] || fail "AutoRecLab runs on Linux (its sandbox needs Linux namespaces).
On macOS or Windows use a Linux virtual machine, WSL 2, or the container image; see README.md."
command -v "$PYTHON" >/dev/null 2>&1 || system python3 python3-venv
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; $PYTHON is $("$PYTHON" -V). Set PYTHON=/path/to/python3.11."
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || system python3-venv
command -v bwrap >/dev/null 2>&1 || system bubblewrap
command -v setpriv >/dev/null 2>&1 || system util-linux
if [ "$wants_dev" = yes ] && ! command -v chromium >/dev/null 2>&1; then
    system chromium fonts-dejavu-core fonts-noto-color-emoji
fi

# up_to_date STAMP : whether STAMP was made from these very requirements.
wanted=$(cat pyproject.toml constraints.txt constraints-lab.txt | cksum | tr -d ' ')
up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$wanted" ]; }

product() {
    stamp=.venv/.installed
    extra=
    if [ "$wants_dev" = yes ]; then stamp=.venv/.installed-dev extra='[dev]'; fi
    up_to_date "$stamp" && return
    say "Product environment (.venv): fetching about 150 MB of packages."
    [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
    .venv/bin/python -m pip install --progress-bar "$bar" $quiet -c constraints.txt -e ".$extra"
    printf '%s' "$wanted" >.venv/.installed
    printf '%s' "$wanted" >"$stamp"
}

# answers URL : whether an index answers within seconds.
answers() {
    "$PYTHON" - "$1" 2>/dev/null <<'PY'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1].rstrip("/") + "/torch/", timeout=5).read(1)
PY
}

torch() {
    pip=".venv-lab/bin/python -m pip"
    found=$($pip install --dry-run --quiet --no-deps --report - $TORCH 2>/dev/null |
        .venv-lab/bin/python -c 'import json, sys
for item in json.load(sys.stdin)["install"]: print(item["metadata"]["version"])' 2>/dev/null || true)
    case "$found" in
    *+cpu*)
        say "PyTorch: CPU build $found, about 190 MB." ;;
    *)
        if [ -n "${TORCH_INDEX:-}" ] && answers "$TORCH_INDEX"; then
            say "PyTorch: CPU build from $TORCH_INDEX, about 190 MB."
            $pip install --progress-bar "$bar" $quiet --index-url "$TORCH_INDEX" $TORCH
            return
        fi
        say "PyTorch: no CPU build could be found; the ordinary one brings several GB of CUDA"
        say "libraries. Set TORCH_INDEX to an index with CPU builds to avoid that." ;;
    esac
    $pip install --progress-bar "$bar" $quiet $TORCH
}

lab() {
    up_to_date .venv-lab/.installed && return
    say "Experiment environment (.venv-lab): fetching about 250 MB of packages and PyTorch."
    [ -x .venv-lab/bin/python ] || "$PYTHON" -m venv .venv-lab
    .venv-lab/bin/python -c 'import torch' 2>/dev/null || torch
    packages=$("$PYTHON" -c 'import tomllib
print(" ".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["lab"]))')
    .venv-lab/bin/python -m pip install --progress-bar "$bar" $quiet -c constraints-lab.txt $packages
    printf '%s' "$wanted" >.venv-lab/.installed
}

bar=on quiet=
if [ ! -t 1 ]; then bar=off quiet=--quiet; fi
export PIP_DISABLE_PIP_VERSION_CHECK=1
for part in "$@"; do
    case "$part" in
    product) product ;;
    lab) lab ;;
    dev) ;;
    *) fail "install.sh knows product, lab and dev, not $part." ;;
    esac
done
