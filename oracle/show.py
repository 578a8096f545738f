"""Prints records for people: one line an entry point."""

import json
import sys

for name in sys.argv[1:]:
    record = json.load(open(name))
    print("==", name, record["version"], *record["environments"])
    for entry in record["entry_points"]:
        layers = " > ".join((layer["name"] or "?") + ("@" + layer["package"] if "package" in layer else "") for layer in entry["layers"])
        marks = [key for key in ("pass_through", "presence_only", "regex") if entry.get(key)]
        reached = "" if entry["reached"] else f"not reached ({entry.get('reason')})"
        status = "/".join(str(value) for value in entry.get("status", {}).values())
        print("  ", entry["id"], "|", entry["authentication"], "|", layers, "|", entry.get("handler"), "|", status, *marks, reached, *entry.get("reads", []))
