"""Tests of the comparison with other people's repositories."""

import unittest

from strangers import compare, of_openapi, share


def entry(identity, authentication, file="routes.js"):
    method, path = identity.split(" ")
    return {
        "id": identity,
        "method": method,
        "path": path,
        "transport": "websocket" if method == "WS" else "http",
        "controls": {"authentication": authentication},
        "handler": {"file": file},
        "registered": {"file": file},
    }


class Comparing(unittest.TestCase):
    def result(self, entries, listed, **known):
        return compare({"entry_points": entries}, known, listed)

    def test_what_agrees(self):
        result = self.result([entry("GET /a/{id}", "enforced")], {"GET /a/{key}/": "enforced"})
        self.assertEqual((result.found, result.real, result.right, result.lines), (1, 1, 1, []))

    def test_what_is_missing(self):
        result = self.result([], {"GET /a": "enforced"})
        self.assertEqual((result.listed, result.found, result.judged), (1, 0, 0))

    def test_what_is_invented(self):
        result = self.result([entry("GET /a", "absent"), entry("GET /b", "absent")], {"GET /a": "absent"})
        self.assertEqual((result.mapped, result.real), (2, 1))

    def test_files_that_the_list_does_not_cover(self):
        other = entry("GET /b", "absent", "else/where.js")
        result = self.result([entry("GET /a", "absent"), other], {"GET /a": "absent"}, files=["routes.js"])
        self.assertEqual((result.mapped, result.real), (1, 1))
        result = self.result([other], {}, files=["else/"])
        self.assertEqual((result.mapped, result.real), (1, 0))

    def test_unknown_is_not_wrong(self):
        result = self.result([entry("GET /a", "unknown")], {"GET /a": "enforced"})
        self.assertEqual((result.unknown, result.wrong), (1, 0))

    def test_wrong_and_sure(self):
        result = self.result([entry("GET /a", "absent")], {"GET /a": "enforced"})
        self.assertEqual((result.unknown, result.wrong), (0, 1))

    def test_one_of_two_is_wrong(self):
        both = [entry("GET /a", "enforced"), entry("GET /a", "absent")]
        self.assertEqual(self.result(both, {"GET /a": "enforced"}).wrong, 1)

    def test_a_choice_of_verdicts(self):
        result = self.result([entry("GET /a", "observed")], {"GET /a": ["observed", "absent"]})
        self.assertEqual(result.right, 1)

    def test_nobody_judged(self):
        result = self.result([entry("GET /a", "observed")], {"GET /a": None})
        self.assertEqual((result.found, result.judged), (1, 0))

    def test_every_method(self):
        result = self.result([entry("ANY /a", "enforced")], {"GET /a": "enforced", "POST /a": "enforced"})
        self.assertEqual((result.found, result.real), (2, 1))

    def test_sockets_count_where_the_list_has_them(self):
        sockets = [entry("WS /a", "absent")]
        self.assertEqual(self.result(sockets, {}).mapped, 0)
        self.assertEqual(self.result(sockets, {}, transports=["http", "websocket"]).mapped, 1)


class OpenApi(unittest.TestCase):
    def test_security_of_operations(self):
        document = {
            "paths": {
                "/open": {"get": {}, "parameters": []},
                "/closed": {"post": {"security": [{"bearer": []}]}},
                "/either": {"get": {"security": [{"bearer": []}, {}]}},
            }
        }
        listed = of_openapi(document, "/api")
        self.assertEqual(listed["POST /api/closed"], ["enforced"])
        self.assertIn("absent", listed["GET /api/open"])
        self.assertIn("observed", listed["GET /api/either"])
        self.assertEqual(len(listed), 3)

    def test_security_of_all(self):
        document = {"security": [{"key": []}], "paths": {"/a": {"get": {}, "post": {"security": []}}}}
        listed = of_openapi(document)
        self.assertEqual(listed["GET /a"], ["enforced"])
        self.assertIn("absent", listed["POST /a"])


class Table(unittest.TestCase):
    def test_nothing_is_no_share(self):
        self.assertEqual(share(0, 0), "-")
        self.assertEqual(share(1, 2), "1/2 = 50 %")


if __name__ == "__main__":
    unittest.main()
