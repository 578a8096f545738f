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

if ! cmp -s "$here/nestjs/package-lock.json" "$dir/nestjs/package-lock.json" || ! [ -f "$dir/nestjs/node.done" ]; then
    mkdir -p "$dir/nestjs"
    rm -f "$dir/nestjs/node.done"
    cp "$here/nestjs/package.json" "$here/nestjs/package-lock.json" "$here/nestjs/.npmrc" "$dir/nestjs/"
    (cd "$dir/nestjs" && npm ci --silent --ignore-scripts)
    touch "$dir/nestjs/node.done"
fi
if ! cmp -s "$here/fastify/package-lock.json" "$dir/fastify/package-lock.json" || ! [ -f "$dir/fastify/node.done" ]; then
    mkdir -p "$dir/fastify"
    rm -f "$dir/fastify/node.done"
    cp "$here/fastify/package.json" "$here/fastify/package-lock.json" "$here/fastify/.npmrc" "$dir/fastify/"
    (cd "$dir/fastify" && npm ci --silent --ignore-scripts)
    touch "$dir/fastify/node.done"
fi
# Next.js builds applications in the folder that it is installed in.
if ! cmp -s "$here/nextjs/package-lock.json" "$dir/nextjs/package-lock.json" || ! [ -f "$dir/nextjs/node.done" ]; then
    mkdir -p "$dir/nextjs"
    rm -f "$dir/nextjs/node.done"
    cp "$here/nextjs/package.json" "$here/nextjs/package-lock.json" "$here/.npmrc" "$dir/nextjs/"
    (cd "$dir/nextjs" && npm ci --silent --ignore-scripts)
    touch "$dir/nextjs/node.done"
fi

# A virtual environment for each line of FastAPI, and one for Flask: python REQUIREMENTS VENV
python() {
    if cmp -s "$here/$1" "$dir/$2/$1"; then
        return
    fi
    [ -x "$dir/$2/bin/python" ] || "${PYTHON:-python3}" -m venv "$dir/$2"
    "$dir/$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/$1"
    cp "$here/$1" "$dir/$2/$1"
}
python requirements.txt venv
python requirements-older.txt venv-older
python requirements-django.txt venv-django
python requirements-flask.txt venv-flask
