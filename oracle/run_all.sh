#!/bin/sh
# Holds a firedoor binary against the real frameworks: the committed corpus and COUNT generated applications of each.
#
#   run_all.sh [BIN] [COUNT] [SEED]        the environment may say FIREDOOR, COUNT and SEED instead
set -eu
given=${1:-${FIREDOOR:-}}
if [ -z "$given" ]; then
    echo "usage: run_all.sh BIN [COUNT] [SEED]" >&2
    exit 2
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
binary=$(CDPATH= cd -- "$(dirname -- "$given")" && pwd)/$(basename -- "$given")
count=${2:-${COUNT:-1000}}
seed=${3:-${SEED:-1}}
python="$here/../.oracle/venv/bin/python"
flask="$here/../.oracle/venv-flask/bin/python"
django="$here/../.oracle/venv-django/bin/python"
made="$here/../.oracle/generated"

"$here/record.sh" --check || { echo "the recordings are not what the frameworks do" >&2; exit 1; }
rm -rf "$made"
mkdir -p "$made/express" "$made/fastapi" "$made/flask" "$made/django" "$made/nestjs" "$made/fastify"
(
    node "$here/express/generate.js" "$seed" "$count" "$made/express"
    node "$here/express/run.js" --batch "$made/express"
    node "$here/fastify/generate.js" "$seed" "$count" "$made/fastify"
    node "$here/fastify/run.js" --together "$made/fastify"
    node "$here/nestjs/generate.js" "$seed" "$count" "$made/nestjs"
    node "$here/nestjs/run.js" --together "$made/nestjs"
) &
express=$!
"$python" "$here/fastapi/generate.py" "$seed" "$count" "$made/fastapi"
"$python" "$here/fastapi/run.py" --batch "$made/fastapi"
"$flask" "$here/flask/generate.py" "$seed" "$count" "$made/flask"
"$flask" "$here/flask/run.py" --batch "$made/flask"
"$django" "$here/django/generate.py" "$seed" "$count" "$made/django"
"$django" "$here/django/run.py" --batch "$made/django"
wait "$express"

# Who gets whose records: COUNT applications of each framework, with eight handlers each.
rm -rf "$made/ownership"
"$python" "$here/ownership/generate.py" "$seed" "$count" "$made/ownership"
node "$here/ownership/run.js" "$made/ownership/express" &
express=$!
"$python" "$here/ownership/run.py" "$made/ownership/fastapi"
wait "$express"
"$python" "$here/ownership/compare.py" --check "$binary"
"$python" "$here/ownership/compare.py" "$binary" "$made/ownership/express" "$made/ownership/fastapi"

exec "$python" "$here/compare.py" --batch "$binary" "$here/express/apps" "$here/fastapi/apps" "$here/django/apps" "$here/flask/apps" "$here/nestjs/apps" "$here/nextjs/apps" "$here/fastify/apps" "$made/express" "$made/fastapi" "$made/flask" "$made/django" "$made/nestjs" "$made/fastify"
