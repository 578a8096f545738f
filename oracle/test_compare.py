"""Tests of compare.py with hand-made maps and records: `python3 -m unittest` in this folder."""

from __future__ import annotations

import copy
import json
import unittest
from pathlib import Path
from typing import Any

from compare import compare

GUARD = {"name": "requireUser", "file": "app.js", "line": 7}
PARSER = {"name": "jsonParser", "package": "body-parser"}
RECORD: dict[str, Any] = {
    "entry_points": [
        {"id": "GET /notes", "handler": "list", "reached": True, "layers": [PARSER, GUARD], "authentication": "enforced"},
        {"id": "GET /files/{rest*}", "handler": "file", "reached": True, "layers": [], "authentication": "absent"},
        {"id": "ANY /guarded", "handler": "requireUser", "reached": True, "layers": [], "authentication": "enforced", "pass_through": True},
    ],
    "known_layers": [GUARD, PARSER, {"name": "late", "file": "app.js", "line": 40}],
}


def entry(identity: str, authentication: str, layers: list[Any]) -> dict[str, Any]:
    return {"id": identity, "layers": layers, "controls": {"authentication": authentication}}


def right_map() -> dict[str, Any]:
    parser = {"name": "express.json", "file": None, "line": None}
    return {"entry_points": [entry("GET /notes/", "enforced", [parser, dict(GUARD)]), entry("GET /files/{path*}", "absent", [])]}


class Compare(unittest.TestCase):
    def test_the_right_map_agrees(self) -> None:
        self.assertEqual(compare(right_map(), RECORD), [])

    def test_a_missing_and_an_invented_entry_point_are_told(self) -> None:
        wrong = right_map()
        wrong["entry_points"][1]["id"] = "GET /file"
        self.assertEqual(compare(wrong, RECORD), ["missing: GET /files/{rest*}", "not real: GET /file"])

    def test_a_wrong_verdict_is_told(self) -> None:
        wrong = right_map()
        wrong["entry_points"][0]["controls"]["authentication"] = "absent"
        self.assertEqual(compare(wrong, RECORD), ["verdict: GET /notes: authentication is enforced, the map says absent"])

    def test_an_unknown_verdict_is_told_apart(self) -> None:
        wrong = right_map()
        wrong["entry_points"][0]["controls"]["authentication"] = "unknown"
        self.assertTrue(compare(wrong, RECORD)[0].startswith("unknown: "))

    def test_layers_in_another_order_are_told(self) -> None:
        wrong = right_map()
        wrong["entry_points"][0]["layers"].reverse()
        self.assertTrue(compare(wrong, RECORD)[0].startswith("layers: GET /notes"))

    def test_a_layer_that_does_not_run_is_told(self) -> None:
        wrong = right_map()
        wrong["entry_points"][1]["layers"] = [{"name": "late", "file": "app.js", "line": 40}]
        self.assertEqual(compare(wrong, RECORD), ["extra: GET /files/{rest*}: late does not run"])

    def test_a_check_inside_the_handler_is_a_layer_that_no_record_has(self) -> None:
        right = right_map()
        right["entry_points"][1]["layers"] = [{"name": "file", "file": "app.js", "line": 60}]
        self.assertEqual(compare(right, RECORD), [])

    def test_a_nameless_function_agrees_by_its_place(self) -> None:
        record = copy.deepcopy(RECORD)
        record["entry_points"][0]["layers"][1]["name"] = None
        self.assertEqual(compare(right_map(), record), [])

    def test_what_a_record_accepts_is_accepted(self) -> None:
        record = copy.deepcopy(RECORD)
        record["entry_points"][1] |= {"authentication": "observed", "accept": ["observed", "absent"]}
        self.assertEqual(compare(right_map(), record), [])

    def test_a_path_that_is_an_expression_agrees_by_its_method(self) -> None:
        record = copy.deepcopy(RECORD)
        record["entry_points"][1] |= {"id": "GET /^\\/files/", "regex": True}
        self.assertEqual(compare(right_map(), record), [])

    def test_a_connection_speaks_for_messages_that_nothing_tells_apart(self) -> None:
        record = copy.deepcopy(RECORD)
        sent = {"reached": True, "layers": [], "authentication": "enforced"}
        record["entry_points"] += [{"id": "WS /chat", **sent}, {"id": "WS /chat#text", **sent}]
        right = right_map()
        right["entry_points"].append(entry("WS /chat", "enforced", []))
        self.assertEqual(compare(right, record), [])
        right["entry_points"][-1]["controls"]["authentication"] = "absent"
        self.assertEqual(len(compare(right, record)), 2)
        right["entry_points"].append(entry("WS /chat#other", "enforced", []))
        self.assertIn("missing: WS /chat#text", compare(right, record))

    def test_every_committed_record_agrees_with_the_map_made_of_it(self) -> None:
        for file in sorted(Path(__file__).parent.glob("*/apps/*/recorded.json")):
            record = json.loads(file.read_text())
            made = [entry(one["id"], one["authentication"] or "unknown", one["layers"]) for one in record["entry_points"]]
            with self.subTest(file=file.parent.name):
                self.assertEqual(compare({"entry_points": made}, record), [])


if __name__ == "__main__":
    unittest.main()
