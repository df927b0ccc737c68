#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli_test.py ASSAY: the program from outside. Needs numpy."""
import decimal
import json
import math
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


class ValueBound(Case):
    """assay value with the name of a bound."""

    def lines(self, *words):
        out = run("value", *words, "--json")
        self.assertEqual(out.returncode, 0, out.stderr)
        result = json.loads(out.stdout)
        self.assertTrue(result["digits_reached"])
        return result, {line["label"]: line for line in result["values"]}

    def ends(self, line):
        numbers = [decimal.Decimal(x) for x in line["value"].strip("[]").split(",")]
        return numbers[0], numbers[-1]

    def test_theorem_2_is_its_formula_to_the_digits_asked_for(self):
        result, lines = self.lines("hard-negatives/theorem-2", "--classes", 100, "--negatives", 256, "--digits", 30)
        lo, hi = self.ends(lines["bound"])
        with decimal.localcontext() as context:
            context.prec = 60
            exact = (1 + (decimal.Decimal(-100) / 99).exp()).ln()
            self.assertLessEqual(lo, exact)
            self.assertGreaterEqual(hi, exact)
        self.assertEqual(f"{lo:.29f}", f"{hi:.29f}")
        self.assertEqual(result["convention"], "info-nce alpha=1 weight=1/k temperature=1")

    def test_the_convention_is_an_option_and_is_printed(self):
        words = ["hard-negatives/theorem-2", "--classes", 3, "--negatives", 4]
        result, lines = self.lines(*words, "--normalise", "sum", "--alpha", "1/2", "--temperature", "0.5")
        self.assertEqual(result["convention"], "info-nce alpha=1/2 weight=1 temperature=1/2")
        lo, hi = self.ends(lines["bound"])
        self.assertAlmostEqual(float(lo), math.log(0.5 + 4 * math.exp(-3)), delta=2.0**-40)
        same, again = self.lines(*words, "--psi", "info-nce weight=1 alpha=0.5 temperature=1/2")
        self.assertEqual(same["convention"], result["convention"])
        self.assertEqual(again["bound"]["exact_ends"], lines["bound"]["exact_ends"])
        self.assertIn("convention  hinge margin=1 over=mean", run("value", *words, "--psi", "hinge over=mean margin=1").stdout)

    def test_theorem_3_is_a_binomial_sum(self):
        _, lines = self.lines("hard-negatives/theorem-3", "--classes", 3, "--negatives", 6)
        total = sum(math.comb(6, m) * 2**m * math.log1p(((6 - m) + m * math.exp(-1.5)) / 6) for m in range(7)) / 3**6
        self.assertAlmostEqual(float(self.ends(lines["bound"])[0]), total, delta=2.0**-40)
        result, _ = self.lines("hard-negatives/theorem-3", "--classes", 3, "--negatives", 256, "--digits", 100)
        self.assertIs(result["engines_agree"], len(result["engines"]) > 1)

    def test_clop_prints_the_printed_and_the_corrected_bound(self):
        _, lines = self.lines("clop/theorem-1", "--classes", 30, "--epsilon", 0)
        self.assertEqual(lines["closed form as printed (epsilon = 0)"]["exact"], "856/421")
        self.assertEqual(lines["critical eta of (2) as printed"]["exact"], "12412/6097")
        self.assertEqual(lines["critical eta of (2) corrected"]["exact"], "29/14")
        _, lines = self.lines("clop/theorem-1", "--classes", 10, "--epsilon", 2)
        self.assertIn("every eta", lines["critical eta of (2) corrected"]["sentence"])
        _, lines = self.lines("clop/theorem-1", "--classes", 5, "--eta", 1)
        self.assertEqual(lines["E||x||^2, first line after (7)"]["exact"], "5/4")

    def test_every_listed_bound_runs_with_what_it_requires(self):
        for bound in json.loads(run("list", "--json").stdout)["bounds"]:
            words = [word for name in bound["required"] for word in (f"--{name}", 8)]
            out = run("value", bound["name"], *words)
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertIn(bound["name"], run("list").stdout)
            if words:
                self.refused(run("value", bound["name"], *words[2:]), bound["name"], bound["required"][0])

    def test_bad_input_is_refused(self):
        good = ["hard-negatives/theorem-2", "--classes", 3, "--negatives", 2]
        self.refused(run("value", "hard-negatives/theorem-7"), "hard-negatives/theorem-7", "clop/lemma-2", "loss/info_nce")
        for words, part in [(["--classes", 1, "--negatives", 2], "classes"), (["--classes", 3, "--negatives", 0], "negatives"),
                            (["--classes", "2.5", "--negatives", 2], "--classes"), (["--classes", 3], "negatives"),
                            (["--classes", "x", "--negatives", 2], "--classes"), (["--classes", 3, "--negatives", 2**70], "--negatives")]:
            self.refused(run("value", "hard-negatives/theorem-2", *words), part)
        for words, part in [(["--alpha", "-1"], "alpha"), (["--alpha", "nan"], "alpha"), (["--alpha", ""], "alpha"),
                            (["--temperature", 0], "temperature"), (["--temperature", "nan"], "temperature"),
                            (["--temperature", "-1/2"], "temperature"), (["--normalise", "max"], "normalise"),
                            (["--beta", 1], "--beta"), (["--psi", "cosine"], "--psi"), (["--psi", "concave"], "concave"), (["--psi", "hinge"], "--psi"), (["--psi", "max", "--alpha", 1], "--alpha"),
                            (["--input", PAIRS], "--input"), (["--digits", 0], "digits")]:
            self.refused(run("value", *good, *words), part)
        self.refused(run("value", "clop/theorem-1", "--classes", 5, "--epsilon", "-1/10"), "epsilon")
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--classes", 3), "--classes")
        self.refused(run("value", "loss/info_nce"), "--input")

    def test_digits_that_are_not_reached_are_undecided(self):
        # A collision probability so close to 1 that its decimals are all nines.
        out = run("value", "hard-negatives/theorem-1", "--classes", 3, "--negatives", 2, "--beta", 100000, "--digits", 5)
        self.assertEqual(out.returncode, 3, out.stderr)
        self.assertIn("fewer than 5 digits are known", out.stdout)


class ValueLike(Case):
    """assay value --like: what libraries compute."""

    def value(self, *words):
        out = run("value", "loss/info_nce", "--json", "--input", *words)
        self.assertEqual(out.returncode, 0, out.stderr)
        return json.loads(out.stdout)

    def labelled(self, labels, name="labelled.safetensors"):
        """The shared pairs with a tensor `labels`, written by hand."""
        data = PAIRS.read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + size])
        body = data[8 + size:] + np.asarray(labels, np.int64).tobytes()
        header["labels"] = {"dtype": "I64", "shape": [len(labels)], "data_offsets": [len(body) - 8 * len(labels), len(body)]}
        text = json.dumps(header).encode()
        (self.dir / name).write_bytes(struct.pack("<Q", len(text)) + text + body)
        return self.dir / name

    def test_libraries_are_reproduced(self):
        vectors = json.loads((ROOT / "tests/data/contract_vectors.json").read_text())
        rows = {r["name"]: r["lib_fp32"] for r in vectors["rows"]}
        multi = self.labelled(vectors["labels_multi"][:8])
        for like, row, file in [("open_clip", "open_clip", PAIRS), ("lightly_dclw", "DCLW lightly", PAIRS),
                                ("simclr_official", "SimCLR official coef=2", PAIRS), ("pml_supcon", "PML SupCon", PAIRS),
                                ("pml_ntxent", "PML NTXent multi", multi), ("pml_supcon", "PML SupCon multi", multi),
                                ("solo_learn_simclr", "solo L_in multi", multi)]:
            out = self.value(file, "--like", like, "--temperature", 0.2)
            lo, hi = (float(x) for x in out["loss"].strip("[]").split(","))
            # Two binary32 roundings of numbers up to 5, twice that for a sum of two means.
            self.assertAlmostEqual((lo + hi) / 2, rows[row], delta=20 * 2.0**-24, msg=like)
            self.assertIn("positives=", out["setting"])
            self.assertEqual(out["T"], 0.2)

    def test_a_scale_and_the_librarys_own_default_are_parameters(self):
        by_scale = self.value(PAIRS, "--like", "open_clip", "--scale", 4)
        by_temperature = self.value(PAIRS, "--like", "open_clip", "--temperature", 0.25)
        self.assertEqual(by_scale["loss"], by_temperature["loss"])
        self.assertEqual(by_scale["scale"], 4)
        self.assertEqual(self.value(PAIRS, "--like", "lightly_ntxent")["T"], 0.5)

    def test_a_field_changes_the_setting_and_the_value(self):
        mean = self.value(PAIRS, "--like", "lightly_ntxent", "--rows")
        total = self.value(PAIRS, "--like", "lightly_ntxent", "--field", "over=sum", "--digits", 17)
        self.assertIn("over=sum", total["setting"])
        lo, hi = (float(x) for x in total["loss"].strip("[]").split(","))
        self.assertEqual(mean["row_fate"], ["counts"] * 16)
        self.assertAlmostEqual(sum(r[0] for r in mean["row_loss"]), lo, delta=2.0**-45)

    def test_a_declared_nan_is_an_answer(self):
        zero = np.zeros((2, 3, 4))
        zero[:, 1:] = 1
        file = self.save("zero.npy", zero)
        out = self.value(file, "--like", "lightly_ntxent", "--field", "eps=0", "--rows")
        self.assertEqual(out["loss"], "nan")
        self.assertEqual(out["row_loss"], ["nan"] * 6)
        self.assertNotEqual(self.value(file, "--like", "lightly_ntxent")["loss"], "nan")

    def test_labels_and_masks_come_from_files_of_any_integers(self):
        multi = json.loads((ROOT / "tests/data/contract_vectors.json").read_text())["labels_multi"]
        like = (PAIRS, "--like", "pml_supcon", "--temperature", 0.2)
        truth = self.value(self.labelled(multi[:8]), *like[1:])
        self.assertAlmostEqual(float(truth["loss"].strip("[]").split(",")[0]), 3.930823, delta=2.0**-20)
        labels = np.asarray(multi)
        for dtype in ("i8", "i4", "u1", "u4", "u8"):
            for count in (8, 16):
                out = self.value(*like, "--labels", self.save("labels.npy", labels[:count].astype(dtype)))
                self.assertEqual(out["loss"], truth["loss"], dtype)
                self.assertEqual(out["labels"], "from --labels")
        mask = labels[:, None] == labels[None, :]
        for dtype in ("?", "i8", "i4", "u1"):
            out = self.value(*like, "--field", "positives=mask", "--mask", self.save("mask.npy", mask.astype(dtype)))
            self.assertEqual(out["loss"], truth["loss"], dtype)
        # Labels of the second view differ from those of the first: another loss.
        other = self.save("other.npy", np.concatenate([labels[:8], labels[8:][::-1]]))
        self.assertNotEqual(self.value(*like, "--labels", other)["loss"], truth["loss"])

    def test_labels_and_masks_that_do_not_fit_are_one_line(self):
        value = ("value", "loss/info_nce", "--input", PAIRS, "--like", "pml_supcon")
        labels, mask = self.save("labels.npy", np.arange(8)), self.save("mask.npy", np.ones((8, 8), bool))
        self.refused(run(*value, "--labels", self.save("short.npy", np.arange(7))), "short.npy", "(8,) or (16,)", "(7,)")
        self.refused(run(*value, "--labels", self.save("float.npy", np.ones(8))), "float.npy", "f64")
        self.refused(run(*value, "--labels", self.dir / "none.npy"), "none.npy")
        self.refused(run(*value, "--field", "positives=mask", "--mask", mask), "mask.npy", "(16, 16)", "(8, 8)")
        self.refused(run(*value, "--mask", mask), "--mask", "positives=mask")
        self.refused(run(*value, "--field", "positives=mask", "--mask", mask, "--labels", labels), "--labels", "same-label")
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--like", "open_clip", "--labels", labels), "same-label")
        twice = self.labelled(range(8))
        self.refused(run("value", "loss/info_nce", "--input", twice, "--like", "pml_supcon", "--labels", labels), "labels too")
        self.refused(run("value", "loss/info_nce", "--input", PAIRS, "--labels", labels), "--like")

    def test_a_clamped_scale_is_the_bound(self):
        clamped = self.value(PAIRS, "--like", "groupvit", "--scale", 250)
        self.assertEqual(clamped["loss"], self.value(PAIRS, "--like", "groupvit", "--scale", 100)["loss"])
        free = self.value(PAIRS, "--like", "groupvit", "--scale", 250, "--field", "clamp=none")
        self.assertNotEqual(clamped["loss"], free["loss"])
        self.assertIn("clamp=scale clamp-gradient=stops", clamped["setting"])

    def test_bad_names_and_bad_labels_are_one_line(self):
        value = ["value", "loss/info_nce", "--input", PAIRS]
        self.refused(run(*value, "--like", "openclip"), "openclip", "did you mean 'open_clip'", "gradcache")
        self.refused(run(*value, "--like", "open_clip", "--field", "over"), "over", "name=value")
        self.refused(run(*value, "--like", "open_clip", "--field", "over=median"), "median", "mean-of-positive-losses")
        self.refused(run(*value, "--like", "open_clip", "--field", "positives=mask"), "--mask FILE.npy")
        self.refused(run(*value, "--like", "open_clip", "--field", "within=pairs", "--field",
                         "over=mean-of-positive-losses"), "pairs")
        self.refused(run(*value, "--like", "open_clip", "--scale", -1), "--scale")
        self.refused(run(*value, "--scale", 5), "--like")
        self.refused(run(*value, "--like", "open_clip", "--directions", "one-direction"), "directions")
        self.refused(run(*value, "--like", "open_clip", "--scale", 5, "--temperature", 0.2), "temperature")
        short = self.labelled([1, 2, 3])
        self.refused(run("value", "loss/info_nce", "--input", short, "--like", "pml_supcon"), short, "3 labels for 8")
        # A command that has no use for labels does not pass over them in silence.
        self.refused(run("value", "loss/info_nce", "--input", self.labelled(range(8))), "labels")

    def test_presets_are_listed(self):
        presets = json.loads(run("list", "--json").stdout)["info_nce_presets"]
        self.assertIn("open_clip", [p["name"] for p in presets])
        self.assertIn("open_clip", run("list").stdout)


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


class SelfTest(Case):
    def test_wrong_words_are_refused_in_one_line(self):
        self.refused(run("self-test", "--contract", "loss/info_nc"), "loss/info_nce")
        self.refused(run("self-test", "--contract", "loss/info_nce", "--instance", "joint"), "joint-block")
        self.refused(run("self-test"), "--contract")
        self.refused(run("self-test", "--contract", "loss/info_nce", "--output", self.dir / "no/such/c.json"), "c.json")


# Of both kinds, forward and backward: all of them would take a minute for every planted fault.
INSTANCES = [word for name in ("joint-block", "one-direction/backward/bf16", "supervised-out", "masked/backward")
             for word in ("--instance", name)]


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
                *INSTANCES, "--budget", 16, "--threads", threads, "--output", files[-1])
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_a_planted_fault_is_refuted_small_and_replayable(self):
        output = self.dir / "c.json"
        out = run("certify", "loss/info_nce", "--candidate", "planted:temperature_off", *INSTANCES, "--output", output)
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


class CompareRules(Case):
    def test_it_knows_one_contract_and_has_instances_of_its_own(self):
        self.refused(run("self-test", "--contract", "loss/other", "--compare-rules"), "--compare-rules", "loss/other")
        self.refused(run("self-test", "--contract", "loss/info_nce", "--compare-rules", "--instance", "joint-block"),
                     "--compare-rules", "--instance")


if __name__ == "__main__":
    ASSAY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
