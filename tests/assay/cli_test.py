#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli_test.py ASSAY: the program from outside. Needs numpy."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAIRS = ROOT / "tests/data/pairs.safetensors"
ASSAY = None


def run(*words, cwd=None, env=None, timeout=120):
    return subprocess.run([ASSAY, *map(str, words)], capture_output=True, text=True, cwd=cwd, env=env, timeout=timeout)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)

    def refused(self, result, *parts):
        """Exit status 2, exactly one line on stderr, naming these parts."""
        self.assertEqual(result.returncode, 2, result.stderr + result.stdout)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for part in parts:
            self.assertIn(str(part), result.stderr)
        self.assertEqual(result.stdout, "")

    def save(self, name, array):
        np.save(self.dir / name, array)
        return self.dir / name


class Value(Case):
    def test_a_known_loss_is_enclosed_in_both_instances(self):
        rows = {r["name"]: r["contract_fp64"] for r in json.loads((ROOT / "tests/data/contract_vectors.json").read_text())["rows"]}
        for directions, name in [("joint-block", "lightly NTXent"), ("one-direction", "MNRL/GradCache/Inf-CL one dir")]:
            out = run("value", "loss/info_nce", "--input", PAIRS, "--temperature", 0.2, "--directions", directions,
                      "--digits", 30, "--json")
            self.assertEqual(out.returncode, 0, out.stderr)
            lo, hi = (float(x) for x in json.loads(out.stdout)["loss"].strip("[]").split(","))
            # The recorded value carries the roundings of a float64 evaluation: a few hundred units of 2^-53.
            slack = 512 * 2.0**-53
            self.assertLessEqual(lo, rows[name] + slack)
            self.assertGreaterEqual(hi, rows[name] - slack)

    def test_rows_average_to_the_loss(self):
        out = json.loads(run("value", "loss/info_nce", "--input", PAIRS, "--rows", "--json").stdout)
        lo, hi = (float(x) for x in out["loss"].strip("[]").split(","))
        self.assertEqual(len(out["row_loss"]), 16)
        self.assertLessEqual(np.mean([r[0] for r in out["row_loss"]]), hi)
        self.assertGreaterEqual(np.mean([r[1] for r in out["row_loss"]]), lo)

    def test_float64_embeddings_are_taken_at_their_exact_value(self):
        rng = np.random.default_rng(1)
        path = self.save("x.npy", rng.standard_normal((2, 5, 3)))
        out = run("value", "loss/info_nce", "--input", path, "--digits", 25)
        self.assertEqual(out.returncode, 0, out.stderr)

    def test_bad_input_is_one_line_naming_thing_and_place(self):
        good = np.zeros((2, 4, 3), np.float32)
        value = ["value", "loss/info_nce", "--input"]
        self.refused(run(*value, self.save("rank.npy", np.zeros(3, np.float32))), "rank.npy")
        self.refused(run(*value, self.save("empty.npy", np.zeros((2, 0, 3), np.float32))), "empty.npy")
        self.refused(run(*value, self.save("flat.npy", np.zeros((2, 4, 0), np.float32))), "flat.npy")
        self.refused(run(*value, self.save("int.npy", np.zeros((2, 4, 3), np.int64))), "int.npy")
        self.refused(run(*value, self.save("a.npy", good[0]), "--second", self.save("b.npy", good[1].astype(np.float64))))
        self.refused(run(*value, self.save("c.npy", good[0]), "--second", self.save("d.npy", good[1][:3])))
        self.refused(run(*value, self.dir / "missing.npy"), "missing.npy")
        self.refused(run(*value, self.dir), self.dir)
        nan = good.copy()
        nan[1, 2, 0] = np.nan
        self.refused(run(*value, self.save("nan.npy", nan)), "nan.npy", "b[2, 0]")

    def test_truncated_and_lying_files_are_refused(self):
        whole = self.save("x.npy", np.ones((2, 4, 3), np.float32)).read_bytes()
        for cut in (0, 5, 9, 60, len(whole) - 1):
            (self.dir / "cut.npy").write_bytes(whole[:cut])
            self.refused(run("value", "loss/info_nce", "--input", self.dir / "cut.npy"), "cut.npy")
        (self.dir / "lie.npy").write_bytes(whole.replace(b"(2, 4, 3)", b"(2, 9, 3)"))
        self.refused(run("value", "loss/info_nce", "--input", self.dir / "lie.npy"), "lie.npy")
        pairs = PAIRS.read_bytes()
        for name, data in {"short": pairs[:-1], "long": pairs + b"x", "huge": struct.pack("<Q", 2**60) + pairs[8:],
                           "shape": pairs.replace(b"[8,16]", b"[9,16]"), "json": pairs.replace(b'{"a"', b'{"a}')}.items():
            (self.dir / f"{name}.safetensors").write_bytes(data)
            self.refused(run("value", "loss/info_nce", "--input", self.dir / f"{name}.safetensors"), name)

    def test_bad_options_are_refused(self):
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--temperature", 0), "temperature")
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--temperature", "nan"), "temperature")
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--directions", "sideways"), "directions")


class Names(Case):
    def test_an_unknown_name_suggests_the_nearest(self):
        self.refused(run("certify", "loss/infonce"), "loss/infonce", "loss/info_nce")
        self.refused(run("certify", "loss/info_nce:joint"), "joint-block")
        self.refused(run("certfy"), "certify")
        self.refused(run("certify", "loss/info_nce", "--candidate", "emulatd"), "emulated")
        self.refused(run("value", "loss/info_nc", "--input", PAIRS), "loss/info_nce")

    def test_no_command_and_nothing_to_certify_are_usage_errors(self):
        self.refused(run())
        self.refused(run("certify"), "--all")
        self.refused(run("certify", "--"), "no command")
        self.refused(run("list", "--", "x"))

    def test_help_and_version_succeed(self):
        for words in (["--help"], ["certify", "--help"], ["--version"], ["version"], ["list"]):
            self.assertEqual(run(*words).returncode, 0)
        self.assertIn("loss/info_nce", json.loads(run("list", "--json").stdout)["contracts"][0]["name"])
        self.assertIn("engines", json.loads(run("version", "--json").stdout))


class Certify(Case):
    def test_the_built_in_kernel_is_certified_and_the_certificate_replays(self):
        output = self.dir / "c.json"
        out = run("certify", "loss/info_nce", "--budget", 25, "--output", output)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        certificate = json.loads(output.read_text())
        self.assertEqual(certificate["verdict"], "certified")
        again = run("replay", output)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_the_same_seed_gives_the_same_certificate_on_any_number_of_threads(self):
        files = []
        for threads in (1, 3):
            files.append(self.dir / f"{threads}.json")
            run("certify", "loss/info_nce", "--candidate", "emulated", "--candidate", "planted:last_column_twice",
                "--budget", 16, "--threads", threads, "--output", files[-1])
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_a_planted_fault_is_refuted_small_and_replayable(self):
        output = self.dir / "c.json"
        out = run("certify", "loss/info_nce", "--candidate", "planted:temperature_off", "--output", output)
        self.assertEqual(out.returncode, 1, out.stdout + out.stderr)
        again = run("replay", output)
        self.assertEqual(again.returncode, 1, again.stdout + again.stderr)
        self.assertIn("refuted again", again.stdout)

    def test_a_tampered_certificate_does_not_replay(self):
        output = self.dir / "c.json"
        run("certify", "loss/info_nce:joint-block", "--candidate", "planted:last_column_twice", "--budget", 8, "--output", output)
        honest = output.read_text()
        certificate = json.loads(honest)
        certificate["checks"][0]["contract_sha256"] = "0" * 64
        output.write_text(json.dumps(certificate))
        self.assertEqual(run("replay", output).returncode, 2)
        output.write_text(honest[: len(honest) // 2])
        self.refused(run("replay", output), output)

    def test_an_unavailable_device_counts_only_when_named(self):
        if "unavailable" not in json.loads(run("version", "--json").stdout)["cuda"]:
            self.skipTest("a CUDA device is present")
        self.assertEqual(run("certify", "loss/info_nce", "--candidate", "cuda", "--budget", 1).returncode, 3)

    def test_an_unwritable_path_is_refused_before_any_work(self):
        started = time.monotonic()
        self.refused(run("certify", "--all", "--output", self.dir / "no/such/folder/c.json"), "c.json")
        self.refused(run("certify", "--all", "--output", self.dir), self.dir)
        self.assertLess(time.monotonic() - started, 20)

    def test_an_interrupt_leaves_nothing_behind(self):
        output = self.dir / "c.json"
        process = subprocess.Popen([ASSAY, "certify", "--all", "--output", str(output)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            self.skipTest("the campaign was over before the interrupt")
        self.assertEqual(process.returncode, 2, errors)
        self.assertEqual(len(errors.strip().splitlines()), 1, errors)
        self.assertIn("interrupted", errors)
        self.assertEqual(os.listdir(self.dir), [])

    def test_a_command_that_does_not_start_or_speak_is_refused(self):
        self.refused(run("certify", "--", self.dir / "nothing-here"), "nothing-here")
        self.refused(run("certify", "--", "/bin/true"), "/bin/true")


class Pipe(Case):
    SCRIPT = """
import sys
sys.path.insert(0, {python!r})
import numpy as np
import assay

@assay.candidate("loss/info_nce", outputs=["row_loss"])
def loss(a, b, temperature, directions):
    if directions != "one-direction":
        raise NotImplementedError("one direction only")
    s = (a @ b.T) / np.float32(temperature)
    m = s.max(axis=1, keepdims=True)
    lse = m[:, 0] + np.log(np.exp(s - m).sum(axis=1))
    return {{"row_loss": (lse - np.diag(s)) * np.float32({factor})}}

assay.serve()
"""

    def certify(self, factor):
        script = self.dir / "kernel.py"
        script.write_text(self.SCRIPT.format(python=str(ROOT / "python"), factor=factor))
        return run("certify", "loss/info_nce:one-direction", "--budget", 40, "--", "/usr/bin/python3", script)

    def test_a_numpy_loss_is_certified_and_a_scaled_one_refuted(self):
        good = self.certify(1)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        bad = self.certify(1.01)
        self.assertEqual(bad.returncode, 1, bad.stdout + bad.stderr)


if __name__ == "__main__":
    ASSAY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
