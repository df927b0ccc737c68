#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""strangers_test.py ASSAY: scripts of ci/strangers/samplers through the pipe, and what their table
expects. Needs numpy."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "ci/strangers/samplers"
ASSAY = None


def run(*words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=250, env=environment)


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    def certify(self, script, instance, rows=1):
        output = pathlib.Path(self.folder.name) / f"{script}.json"
        out = run(ASSAY, "certify", instance, "--budget", rows, "--time-limit", 120, "--output", output,
                  "--", "/usr/bin/python3", SCRIPTS / f"{script}.py")
        self.assertTrue(output.exists(), out.stdout + out.stderr)
        return out, output

    def expect(self, names, certificate):
        return run("/usr/bin/python3", SCRIPTS / "table.py", "--expect", names, certificate)

    def test_numpy_choice_has_the_law_of_its_weights_to_the_last_bits(self):
        out, certificate = self.certify("numpy_choice", "sampler/inverse_cdf:weights", rows=2)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        for row in json.loads(certificate.read_text())["samplers"][0]["rows"]:
            self.assertEqual((row["grade"], row["delta"]), ("a", 0))
            self.assertLess(row["total_variation"]["hi"], 2.0**-46)  # of 1000 columns at 53 bits
        self.assertEqual(self.expect("none", certificate).returncode, 0)
        unmet = self.expect("edges", certificate)
        self.assertEqual(unmet.returncode, 1)
        self.assertIn("not: edges", unmet.stdout)
        table = run("/usr/bin/python3", SCRIPTS / "table.py", certificate).stdout.splitlines()
        self.assertEqual(len(table), 3)
        self.assertIn("**certified**", table[2])

    def test_a_forgotten_last_column_is_refuted(self):
        out, certificate = self.certify("broken_last_column", "sampler/inverse_cdf:weights")
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        self.assertEqual(self.expect("+random", certificate).returncode, 0)
        self.assertRegex(self.expect("none", certificate).stdout, "not expected to be: .*random")

    def test_what_a_binary32_sum_leaves_over_is_refuted_at_the_edge(self):
        out, certificate = self.certify("broken_float32_sum", "sampler/inverse_cdf:weights")
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        self.assertEqual(self.expect("+edges", certificate).returncode, 0)

    def test_numpy_refuses_or_answers_rows_at_the_edge_as_it_is_written(self):
        out = run("/usr/bin/python3", SCRIPTS / "hostile.py", "numpy")
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("| numpy choice |", out.stdout)


if __name__ == "__main__":
    ASSAY = sys.argv.pop(1)
    unittest.main()
