"""Tests of the ownership oracle: what is generated is the same everywhere, and disagreements are told."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
import unittest
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "ownership"
sys.path.append(str(FOLDER))

from generate import FRAMEWORKS, HANDLERS, application  # noqa: E402


def load_compare() -> ModuleType:
    """Another module of this folder has the same name."""
    spec = importlib.util.spec_from_file_location("ownership_compare", FOLDER / "compare.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["ownership_compare"] = module
    spec.loader.exec_module(module)
    return module


compare = load_compare()


class Generator(unittest.TestCase):
    def test_the_same_seed_gives_the_same_application(self) -> None:
        for framework in FRAMEWORKS:
            self.assertEqual(application(framework, 3, 1), application(framework, 3, 1))
            self.assertNotEqual(application(framework, 3, 1), application(framework, 3, 2))

    def test_the_fixed_set_is_what_is_generated(self) -> None:
        fixed = json.loads(compare.FIXED.read_text())
        for framework in FRAMEWORKS:
            digests = [compare.digest(application(framework, fixed["seed"], index)) for index in range(fixed["count"])]
            self.assertEqual(digests, [row[0] for row in fixed[framework]])

    def test_there_are_enough_handlers(self) -> None:
        fixed = json.loads(compare.FIXED.read_text())
        for framework in FRAMEWORKS:
            self.assertGreaterEqual(sum(len(row[1]) for row in fixed[framework]), 250)

    def test_python_can_be_read_and_paths_say_nothing(self) -> None:
        for index in range(20):
            files = application("fastapi", 4, index)
            ast.parse(files["main.py"])
            requests = json.loads(files["ownership.json"])["requests"]
            self.assertGreaterEqual(len(requests), HANDLERS)
            for one in requests:
                self.assertNotIn("admin", one["id"])
                self.assertNotIn("{", one["stranger"]["path"])


class Comparison(unittest.TestCase):
    def verdict(self, got: bool, rules: list[str], hints: list[str]) -> object:
        return compare.Verdict("express/0000", "GET /notes/{id}", "read:record:no_check", got, rules, hints)

    def test_kinds(self) -> None:
        kinds = {(True, "f"): "found", (True, "h"): "hinted", (True, ""): "missed", (False, "f"): "false", (False, "h"): "silent", (False, ""): "silent"}
        for (got, said), kind in kinds.items():
            one = self.verdict(got, ["a-rule"] if said == "f" else [], ["a-rule"] if said == "h" else [])
            self.assertEqual(one.kind, kind)

    def test_what_is_said_otherwise_than_recorded_is_told(self) -> None:
        row = ["0123", "gxr", "fx."]
        found = self.verdict(True, ["a-rule"], [])
        silent = self.verdict(False, [], [])
        self.assertEqual(compare.differences(row, [found, silent]), [])
        lost = self.verdict(True, [], [])
        self.assertEqual(len(compare.differences(row, [lost, silent])), 1)
        self.assertEqual(len(compare.differences(row, [found, self.verdict(False, ["a-rule"], [])])), 1)


if __name__ == "__main__":
    unittest.main()
