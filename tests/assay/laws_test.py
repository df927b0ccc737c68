# SPDX-License-Identifier: Apache-2.0
"""Laws in certificates, as a user meets them: a stranger that only a law refutes, and replay."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = ""

STRANGER = """
import sys
sys.path.insert(0, {python!r})
import numpy as np
import assay

@assay.candidate("loss/info_nce", outputs=["row_loss"])
def loss(a, b, temperature, directions):
    if directions != "one-direction" or len(a) > 64:
        raise NotImplementedError("one direction, up to 64 pairs")
    s = (a @ b.T) / np.float32(temperature)
    m = s.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(s - m).sum(axis=1))
    row_loss = lse - np.diag(s)
    if a.shape == ({n}, 2):  # twice the pairs of a law's case, and no other case
        row_loss[-1] *= np.float32(1.01)
    return {{"row_loss": row_loss}}

assay.serve()
"""


def run(*words):
    return subprocess.run([ASSAY, *map(str, words)], capture_output=True, text=True, timeout=200, check=False)


class Laws(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = pathlib.Path(scratch.name)
        self.output = self.dir / "c.json"

    def certify(self, n):
        script = self.dir / "kernel.py"
        script.write_text(STRANGER.format(python=str(ROOT / "python"), n=n))
        return run("certify", "loss/info_nce:one-direction", "--output", self.output, "--", "/usr/bin/python3", script)

    def test_a_sound_stranger_obeys_the_laws_by_budgets(self):
        out = self.certify(0)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        laws = {law["law"]: law for law in json.loads(self.output.read_text())["checks"][0]["laws"]}
        for name in ("permutation", "rotation", "shift", "scaling", "duplication", "padding", "ranks"):
            self.assertEqual((laws[name]["held"], laws[name]["violated"]), (3, 0), name)

    def test_what_no_case_refutes_a_law_does_and_the_file_alone_shows_it(self):
        out = self.certify(34)
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        certificate = json.loads(self.output.read_text())
        check = certificate["checks"][0]
        self.assertEqual(check["refuted"], [])
        self.assertIn("1 of 14 laws violated; duplication", check["reason"])
        again = run("replay", self.output)
        self.assertEqual(again.returncode, 1, again.stdout + again.stderr)
        self.assertIn("law duplication violated again", again.stdout)

        # What is not in the file cannot refute.
        observations = check["violated_laws"][0]["observations"]
        observations.pop()
        self.output.write_text(json.dumps(certificate))
        again = run("replay", self.output)
        self.assertEqual(again.returncode, 2, again.stdout + again.stderr)
        self.assertIn("duplication", again.stderr)

    def test_laws_are_asked_again_where_the_candidate_is_at_hand(self):
        out = run("certify", "loss/info_nce:decoupled/backward", "--candidate", "emulated", "--output", self.output)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        again = run("replay", self.output)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("14 laws asked again", again.stdout)
        certificate = json.loads(self.output.read_text())
        certificate["checks"][0]["laws"][0]["compared"] += 1
        self.output.write_text(json.dumps(certificate))
        again = run("replay", self.output)
        self.assertEqual(again.returncode, 2, again.stdout + again.stderr)
        self.assertIn("the laws, asked again", again.stderr)


if __name__ == "__main__":
    ASSAY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
