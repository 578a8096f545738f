#!/bin/sh
# Re-makes every committed recording; with --check it only compares, which is what CI does.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
python="$here/../.oracle/venv/bin/python"
"$here/setup.sh"
cd "$here"
if [ "${1:-}" = "--check" ]; then
    mode=--check
else
    # The applications that only run with Express 5 are recorded with it, all others with Express 4.
    mode=--batch
    node express/run.js --batch express/apps --express 5
fi
status=0
node express/run.js $mode express/apps --express 4 || status=1
node express/run.js --check express/apps --express 5 || status=1
"$python" fastapi/run.py $mode fastapi/apps || status=1
exit $status
