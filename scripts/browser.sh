#!/bin/sh
# Sees to it that there is a Chromium for the browser tests: the system's, else the package manager's, else Playwright's.
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

installed() {
    for browser in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
        # Some systems carry a command of this name that only says where to get it.
        command -v "$browser" >/dev/null 2>&1 && "$browser" --version >/dev/null 2>&1 && return
    done
    return 1
}

installed && exit 0
root=false
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    root=true
    say "Installing Chromium with apt-get"
    apt-get update >/dev/null 2>&1 || true
    # The first is without the window that no test looks at: smaller, and a seventh less of the processor in use.
    for package in chromium-headless-shell chromium; do
        apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 || true
        installed && exit 0
    done
fi
say "Installing Playwright's Chromium"
if [ "$root" = true ]; then
    exec .venv/bin/python -m playwright install --only-shell --with-deps chromium
fi
exec .venv/bin/python -m playwright install --only-shell chromium
