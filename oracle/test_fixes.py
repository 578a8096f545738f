"""What counts as telling a hole."""

import unittest

from fixes import is_alike, is_at, judge

CASE = {"class": "idor", "routes": ["GET|PUT /api/boats/:boatId"], "files": ["src/boats.ts"]}


def finding(entry_point=None, file="src/other.ts", kind="idor", fingerprint="a"):
    return {"class": kind, "entry_point": entry_point, "location": {"file": file}, "evidence": [], "fingerprint": fingerprint}


class Fixes(unittest.TestCase):
    def test_a_route_is_the_same_however_its_parameters_are_written(self):
        self.assertTrue(is_at(finding("PUT /api/boats/{id}"), CASE))
        self.assertTrue(is_at(finding("GET /boats/{id}"), CASE))
        self.assertFalse(is_at(finding("DELETE /api/boats/{id}"), CASE))
        self.assertFalse(is_at(finding("GET /api/boats"), CASE))
        self.assertFalse(is_at(finding(), CASE))

    def test_a_file_is_a_place_too(self):
        self.assertTrue(is_at(finding(file="src/boats.ts"), CASE))
        self.assertTrue(is_at({**finding(), "evidence": [{"file": "src/boats.ts"}]}, CASE))

    def test_classes_may_tell_the_same_hole(self):
        self.assertTrue(is_alike("idor", "broken-access-control"))
        self.assertFalse(is_alike("idor", "cookie"))

    def test_a_hole_is_told_where_a_finding_goes_with_the_fix(self):
        one, other = finding("GET /api/boats/{id}"), finding("PUT /api/boats/{id}", fingerprint="b")
        reports = [{"findings": [one, other]}, {"findings": [other]}, {"findings": []}]
        self.assertEqual(judge(reports[0], reports[1], CASE), {"found": True, "told": True, "alone": False})
        self.assertEqual(judge(reports[0], reports[2], CASE), {"found": True, "told": True, "alone": True})
        self.assertEqual(judge(reports[1], reports[1], CASE), {"found": True, "told": False, "alone": False})
        self.assertEqual(judge(reports[2], reports[2], CASE), {"found": False, "told": False, "alone": False})


if __name__ == "__main__":
    unittest.main()
