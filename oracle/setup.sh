#!/bin/sh
# Installs the pinned frameworks into .oracle/ at the repository root; does nothing when they are there already.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
dir="$root/.oracle"
mkdir -p "$dir"

if ! cmp -s "$here/package-lock.json" "$dir/package-lock.json" || ! [ -f "$dir/node.done" ]; then
    rm -f "$dir/node.done"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$dir/"
    (cd "$dir" && npm ci --silent --ignore-scripts)
    touch "$dir/node.done"
fi

if ! cmp -s "$here/requirements.txt" "$dir/requirements.txt" || ! [ -f "$dir/python.done" ]; then
    rm -f "$dir/python.done"
    [ -x "$dir/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$dir/venv"
    "$dir/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$dir/requirements.txt"
    touch "$dir/python.done"
fi
