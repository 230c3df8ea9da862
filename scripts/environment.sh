#!/bin/sh
# Makes .venv and installs into it: `environment.sh run` for the app, `environment.sh test` for the tests as well.
# Quick when nothing has changed: a stamp in .venv remembers which requirements are in.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}

say() { printf '==> %s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$python" >/dev/null 2>&1 && new_enough "$python"; then
            echo "$python"
            return
        fi
    done
    return 1
}

make_venv() {
    rm -rf .venv
    "$1" -m venv .venv >/dev/null 2>&1 && return
    # Debian keeps a part of venv in a package of its own.
    rm -rf .venv
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --seed --python "$1" .venv && return
    fi
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "Installing python3-venv (this system's Python comes without it)"
        { apt-get update && apt-get install -y --no-install-recommends python3-venv; } >/dev/null 2>&1 || true
        rm -rf .venv
        "$1" -m venv .venv >/dev/null 2>&1 && return
    fi
    rm -rf .venv
    fail "$1 cannot make an environment. On Debian and Ubuntu: sudo apt-get install python3-venv. Then run make again."
}

files() {
    echo requirements.txt requirements-local.txt requirements-fast.txt pyproject.toml
    [ "$1" = run ] || echo requirements-dev.txt requirements-postgres.txt
}
# The folder belongs to it: an environment that was moved or copied does not work.
# shellcheck disable=SC2046 # several names
state() { { pwd; .venv/bin/python -V; cat $(files "$1"); } | cksum; }
is_in() { [ "$(state "$1")" = "$(cat ".venv/installed-$1" 2>/dev/null)" ]; }

if ! { [ -x .venv/bin/python ] && new_enough .venv/bin/python; }; then
    python=$(find_python) || fail "ByteBot needs Python 3.11 or newer, and none is on the PATH. Install it from
https://www.python.org/downloads/ or your system's packages, or name it: make run PYTHON=/path/to/python3"
    say "Making the environment .venv with $("$python" -V 2>&1)"
    make_venv "$python"
fi

if is_in "$want" || { [ "$want" = run ] && is_in test; }; then
    exit 0
fi

if ! .venv/bin/python -c 'import pip' 2>/dev/null && ! .venv/bin/python -m ensurepip >/dev/null 2>&1; then
    fail "The environment .venv has no pip. Remove it (make clean) and run make again."
fi
pip() { .venv/bin/python -m pip "$@"; }
set -- -r requirements.txt "setuptools>=77"
[ "$want" = run ] || set -- "$@" -r requirements-dev.txt -r requirements-postgres.txt
say "Installing what ByteBot stands on (the first time takes a minute or two)"
pip install -qq --disable-pip-version-check "$@" ||
    fail "The packages could not be installed; pip says why above. Without a network? Run make again when there is one."
say "Installing the runtime of the offline model"
if ! pip install -qq --disable-pip-version-check --only-binary=:all: -r requirements-local.txt 2>/dev/null; then
    say "No package of it fits this system: ByteBot runs without the offline model, with a key or a local server."
fi
# Where no package of it fits, the server's own loop does; nothing is to be said then.
pip install -qq --disable-pip-version-check --only-binary=:all: -r requirements-fast.txt 2>/dev/null || true
# setuptools is in already, so that this needs no network and no second environment.
pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . ||
    fail "The command chatbot could not be installed; pip says why above."
state "$want" >".venv/installed-$want"
