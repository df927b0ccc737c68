#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sampler_test.py ASSAY: samplers on the command line and through the pipe. Needs numpy."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = None

STRANGER = f"""
import sys
sys.path.insert(0, {str(ROOT / "python")!r})
import numpy as np, assay

def draw(scores, stream, k, words=None, **rest):
    w = scores[0].astype(np.float64)
    if not np.all(np.isfinite(w)) or np.any(w < 0) or w.sum() <= 0:
        raise ValueError("not a law")
    for name in ("self", "positive"):
        if name in rest:
            w[int(rest[name][0])] = 0
    if "row_labels" in rest:
        w[rest["column_labels"] == rest["row_labels"][0]] = 0
    if w.sum() <= 0:
        raise ValueError("nothing is left")
    rows, k = scores.shape[0], int(k)
    if words is not None:
        u = (words[..., 0] >> 16).astype(np.float64) / 2.0**16
    else:
        key = [int(stream[0]) & 0xffffffff, int(stream[0]) >> 32, int(stream[1])]
        u = np.random.default_rng(SEED).random((rows, k))
    return np.searchsorted(np.cumsum(w), u * TOTAL, side="right").astype(np.int64)

assay.run(draw, "sampler/inverse_cdf", outputs=["indices"], words=16, only={{"tilt": "weights"}})
"""


def run(*words, timeout=250):
    return subprocess.run([ASSAY, *map(str, words)], capture_output=True, text=True, timeout=timeout)


class Samplers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)

    def stranger(self, seed="key", total="w.sum()"):
        path = self.dir / "stranger.py"
        path.write_text(STRANGER.replace("SEED", seed).replace("TOTAL", total))
        return ["--", "/usr/bin/python3", str(path)]

    def test_a_kernel_is_certified_replayed_and_described_by_the_schema(self):
        output = self.dir / "c.json"
        out = run("certify", "sampler/uniform:uniform/16-bit", "--candidate", "emulated", "--budget", 3, "--output", output)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("enumeration of 2^16 words", out.stdout)
        self.assertIn("false-alarm budget 1e-06", out.stdout)
        document = json.loads(output.read_text())
        rows = document["samplers"][0]["rows"]
        self.assertEqual([row["grade"] for row in rows], ["a"] * 3)
        self.assertTrue(all(row["delta"] == 0 for row in rows))
        self.assertLessEqual(sum(rule["alpha"] for rule in document["samplers"][0]["rules"]), 1e-6)
        try:
            import jsonschema
        except ImportError:
            pass
        else:
            jsonschema.validate(document, json.loads((ROOT / "docs/schema/certificate-1.schema.json").read_text()))
        self.assertEqual(run("replay", output).returncode, 0)
        rows[0]["total_variation"]["hi"] *= 2
        output.write_text(json.dumps(document))
        again = run("replay", output)
        self.assertEqual(again.returncode, 2)
        self.assertIn("recorded as certified", again.stderr)

    def test_a_stranger_that_is_right_is_certified_word_by_word(self):
        out = run("certify", "sampler/inverse_cdf:weights", *self.words(), *self.stranger())
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("enumeration of 2^16 words", out.stdout)

    def words(self):
        return ["--budget", "2", "--time-limit", "60"]

    def test_a_lost_last_bin_is_refuted_by_the_law(self):
        out = run("certify", "sampler/inverse_cdf:weights", *self.words(), *self.stranger(total="w[:-1].sum()"))
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        self.assertIn("by (a) enumeration", out.stdout)

    def test_a_seed_that_forgets_the_call_is_refuted_by_the_joint_law(self):
        out = run("certify", "sampler/inverse_cdf:weights", *self.words(), *self.stranger(seed="key[:2]"))
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        self.assertRegex(out.stdout, r"two calls\s+refuted")
        self.assertRegex(out.stdout, r"two trials\s+certified")

    def test_wrong_words_are_refused_in_one_line(self):
        for words, part in [(["certify", "sampler/inverse_cfd"], "sampler/inverse_cdf"),
                            (["certify", "sampler/alias:wieghts"], "weights"),
                            (["certify", "sampler/alias", "--epsilon", "0"], "epsilon"),
                            (["certify", "sampler/alias", "--candidate", "emulatd"], "emulated")]:
            out = run(*words)
            self.assertEqual(out.returncode, 2, out.stdout + out.stderr)
            self.assertEqual(len(out.stderr.strip().splitlines()), 1, out.stderr)
            self.assertIn(part, out.stderr)

    def test_the_list_names_the_laws(self):
        listed = json.loads(run("list", "--json").stdout)["samplers"]
        self.assertIn("sampler/rejection", [c["name"] for c in listed])
        self.assertTrue(all(c["law"] and c["instances"] and c["families"] for c in listed))


if __name__ == "__main__":
    ASSAY = sys.argv.pop(1)
    unittest.main()
