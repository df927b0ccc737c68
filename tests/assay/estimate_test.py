#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""estimate_test.py ASSAY: pipelines of sampler and loss on the command line and through the pipe. Needs numpy."""
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

def pipeline(points, labels, stream, draws, k, beta, inv_tau, law, tilt, **rest):
    draws, k, n = int(draws), int(k), len(labels)
    random = np.random.default_rng([int(stream[0]), int(stream[1])])
    u = points.astype(np.float64) @ points.T.astype(np.float64) * inv_tau
    w = np.exp((beta if tilt == "exponential" else 0.0) * (u - u.max()))
    if law == "hscl":
        w[labels[:, None] == labels[None, :]] = 0
    total = np.cumsum(w, axis=1)
    anchor = random.integers(n, size=draws)
    same = (labels[:, None] == labels[None, :]) & ~np.eye(n, dtype=bool)
    rank = np.cumsum(same, axis=1)
    positive = (rank[anchor] <= random.integers(rank[anchor, -1])[:, None]).sum(axis=1)
    at = random.random((draws, k)) * total[anchor, -1][:, None]
    negative = (total[anchor][:, None, :] <= at[:, :, None]).sum(axis=2)
    t = u[anchor[:, None], negative] - u[anchor, positive][:, None]
    return LOSS

assay.run(pipeline, "estimate/hscl", outputs=["row_loss"])
"""


def run(*words, timeout=250):
    return subprocess.run([ASSAY, *map(str, words)], capture_output=True, text=True, timeout=timeout)


class Estimates(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)

    def stranger(self, loss):
        path = self.dir / "stranger.py"
        path.write_text(STRANGER.replace("LOSS", loss))
        return ["--", "/usr/bin/python3", str(path)]

    def test_a_pipeline_is_certified_replayed_and_described_by_the_schema(self):
        output = self.dir / "c.json"
        out = run("certify", "estimate/hucl:linear-mean/exponential", "--candidate", "cpu", "--output", output)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("false-alarm budget 1e-06", out.stdout)
        document = json.loads(output.read_text())
        check = document["estimates"][0]
        self.assertEqual(len(check["rows"]), 10)
        self.assertLessEqual(sum(row["delta"] for row in check["rows"]), 1e-6)
        for row in check["rows"]:
            self.assertLessEqual(row["radius"], row["resolution"])
            self.assertLess(abs(row["mean"]["lo"] - row["expectation"]["lo"]), row["bias"])
        try:
            import jsonschema
        except ImportError:
            pass
        else:
            jsonschema.validate(document, json.loads((ROOT / "docs/schema/certificate-1.schema.json").read_text()))
        self.assertEqual(run("replay", output).returncode, 0)
        check["rows"][0]["draws"] *= 2
        output.write_text(json.dumps(document))
        again = run("replay", output)
        self.assertEqual(again.returncode, 2)
        self.assertIn("recorded as certified", again.stderr)

    def test_a_wrong_wiring_is_refuted_by_name(self):
        out = run("certify", "estimate/hscl:hinge-sum/exponential", "--candidate", "planted:tilt_twice", "--budget", 1)
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        self.assertIn("a correct pipeline does that with probability", out.stdout)

    def test_a_stranger_is_judged_by_its_losses_alone(self):
        name = "estimate/hscl:info-nce-mean/exponential"
        right = "np.log1p(np.exp(t).mean(axis=1)).astype(np.float32)"
        out = run("certify", name, "--budget", 2, *self.stranger(right))
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("in any order", out.stdout)
        out = run("certify", name, "--budget", 1, *self.stranger(right.replace("mean", "sum")))
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        out = run("certify", name, "--budget", 1, *self.stranger("np.full(draws, 0.4, np.float32)"))
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)

    def test_it_is_listed_and_self_tested(self):
        listed = json.loads(run("list", "--json").stdout)["estimates"]
        self.assertEqual([c["name"] for c in listed], ["estimate/hscl", "estimate/hucl"])
        self.assertIn("planted:tilt_twice", run("list").stdout)
        out = run("self-test", "--contract", "estimate/hscl", "--instance", "hinge-sum/exponential")
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        self.assertIn("survivors: none", out.stdout)
        wrong = run("certify", "estimate/hsc")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("did you mean 'estimate/hscl'", wrong.stderr)


if __name__ == "__main__":
    ASSAY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
