#!/bin/sh
# Re-makes every committed recording; with --check it only compares, which is what CI does.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
newer="$here/../.oracle/venv/bin/python"
older="$here/../.oracle/venv-older/bin/python"
django="$here/../.oracle/venv-django/bin/python"
flask="$here/../.oracle/venv-flask/bin/python"
"$here/setup.sh"
cd "$here"
if [ "${1:-}" = "--check" ]; then
    mode=--check
else
    # An application that needs one version is recorded with it, all others with Express 4 and the newer FastAPI;
    # every version is then asked whether it does the same.
    mode=--batch
    node express/run.js --batch express/apps --express 5
    "$older" fastapi/run.py --batch fastapi/apps
fi
status=0
node express/run.js $mode express/apps --express 4 || status=1
node express/run.js --check express/apps --express 5 || status=1
"$newer" fastapi/run.py $mode fastapi/apps || status=1
"$older" fastapi/run.py --check fastapi/apps || status=1
"$django" django/run.py $mode django/apps || status=1
"$flask" flask/run.py $mode flask/apps || status=1
node nestjs/run.js $mode nestjs/apps || status=1
node fastify/run.js $mode fastify/apps --fastify 5 || status=1
node fastify/run.js --check fastify/apps --fastify 4 || status=1
# Each application is built, which takes about half a minute, so that Next.js is left out of the checks.
if [ $mode = --batch ]; then node nextjs/run.js $mode nextjs/apps || status=1; fi
exit $status
