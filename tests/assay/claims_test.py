#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""claims_test.py ASSAY: check, search, replay of witnesses and the gate, from outside. Needs jsonschema."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = None
FALSE = "clop/theorem-1/proof/after-7/second-line"


def run(*words, timeout=120):
    return subprocess.run([ASSAY, *map(str, words)], capture_output=True, text=True, timeout=timeout)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)

    def refused(self, result, *parts):
        self.assertEqual(result.returncode, 2, result.stderr + result.stdout)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for part in parts:
            self.assertIn(str(part), result.stderr)

    def witness(self):
        run("check", FALSE, "--witnesses", self.dir)
        return self.dir / (FALSE.replace("/", ".") + ".json")


class Check(Case):
    def test_each_claim_in_json_has_what_a_reader_needs(self):
        out = run("check", FALSE, "--json")
        self.assertEqual(out.returncode, 1, out.stderr)
        claims = {c["id"]: c for c in json.loads(out.stdout)["claims"]}
        claim = claims[FALSE]
        self.assertEqual((claim["verdict"], claim["kind"], claim["paper"]), ("refuted", "step", "CL"))
        self.assertTrue(claim["place"] and claim["margin"] and claim["witness"])
        self.assertEqual(claims[FALSE + "/strengthened"]["verdict"], "refuted")

    def test_threads_do_not_change_the_result(self):
        def verdicts(threads):
            claims = json.loads(run("check", "hard-negatives/theorem-1", "--json", "--threads", threads,
                                    "--evaluations", 200).stdout)["claims"]
            return [(c["id"], c["verdict"], (c["witness"] or {}).get("digest")) for c in claims]

        self.assertEqual(verdicts(1), verdicts(3))

    def test_unknown_claims_are_named_with_the_nearest(self):
        self.refused(run("check", "clop/theorm-1"), "clop/theorm-1", "did you mean")
        self.refused(run("search", "nothing/here"), "nothing/here")
        self.refused(run("search", "clop"), "a search is for one")

    def test_every_id_is_listed_once(self):
        claims = json.loads(run("list", "--claims", "--json").stdout)["claims"]
        ids = [c["id"] for c in claims]
        self.assertEqual(len(ids), len(set(ids)))
        for claim in claims:
            self.assertTrue(claim["statement"] and claim["place"], claim)
            if claim["parent"]:
                self.assertIn(claim["parent"], ids)


class Pages(Case):
    def test_the_list_of_claims_is_current(self):
        out = run("list", "--claims", "--markdown")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertEqual(out.stdout, (ROOT / "docs/claims.md").read_text(encoding="utf-8"),
                         "write it again: assay list --claims --markdown > docs/claims.md")

    def test_the_findings_are_those_that_the_baseline_expects(self):
        verdicts = json.loads((ROOT / "ci/expected-verdicts.json").read_text())["verdicts"]
        kinds = {c["id"]: c["kind"] for c in json.loads(run("list", "--claims", "--json").stdout)["claims"]}
        self.assertEqual(set(kinds[i] for i in verdicts) & {"strengthening"}, set(), "a planted claim survives")
        expected = {i for i, v in verdicts.items() if v == "refuted" and kinds[i] != "control"}
        page = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"^### `([^`]+)`", page, re.M)), expected)
        unknown = [i for i, k in kinds.items() if k not in ("control", "strengthening") and i not in verdicts]
        self.assertEqual(unknown, [], "claims without an expected verdict")


class Gate(Case):
    def baseline(self, text):
        path = self.dir / "expected.json"
        path.write_text(text)
        return path

    def test_an_unexpected_verdict_fails_and_is_named(self):
        expected = {"schema": "assay/expected-verdicts/1", "verdicts": {FALSE: "refuted"}}
        good = run("check", FALSE, "--baseline", self.baseline(json.dumps(expected)))
        self.assertEqual(good.returncode, 0, good.stderr)
        expected["verdicts"][FALSE] = "unrefuted"
        bad = run("check", FALSE, "--baseline", self.baseline(json.dumps(expected)))
        self.assertEqual(bad.returncode, 1)
        self.assertIn(FALSE + ": refuted, expected unrefuted", bad.stderr)
        new = run("check", FALSE, "--baseline",
                  self.baseline('{"schema": "assay/expected-verdicts/1", "verdicts": {}}'))
        self.assertEqual(new.returncode, 1)
        self.assertIn("does not know this claim", new.stderr)

    def test_a_malformed_baseline_is_refused(self):
        for text in ["", "[]", '{"schema": "x", "verdicts": {}}',
                     '{"schema": "assay/expected-verdicts/1", "verdicts": {"a": "perhaps"}}']:
            self.refused(run("check", FALSE, "--baseline", self.baseline(text)), "expected.json")
        self.refused(run("check", FALSE, "--baseline", self.dir / "b.json", "--update"), "all claims")


class Witnesses(Case):
    def test_a_witness_is_proved_again_and_follows_its_schema(self):
        path = self.witness()
        schema = json.loads((ROOT / "docs/schema/witness-1.schema.json").read_text())
        jsonschema.validate(json.loads(path.read_text()), schema)
        out = run("replay", path)
        self.assertEqual(out.returncode, 1, out.stderr)
        self.assertIn("refuted again", out.stdout)

    def test_every_witness_of_a_paper_is_proved_again(self):
        run("check", "clop", "--witnesses", self.dir)
        files = sorted(self.dir.glob("*.json"))
        self.assertGreater(len(files), 150)
        for path in files:
            shows = json.loads(path.read_text())["shows"]
            out = run("replay", path)
            self.assertEqual(out.returncode, 1 if shows == "a violation" else 0, path.name + out.stdout + out.stderr)

    def test_changed_by_hand(self):
        path = self.witness()
        text = path.read_text()
        path.write_text(text.replace('"values": ["1"]', '"values": ["2"]'))
        self.refused(run("replay", path), "the file was changed")
        path.write_text(text.replace('"values": ["1"]', '"values": ["1.x"]'))
        self.refused(run("replay", path), "/instance/blocks/0/values/0")
        path.write_text(text[: len(text) // 2])
        self.refused(run("replay", path), path)

    def test_outside_the_hypotheses(self):
        path = self.witness()
        witness = json.loads(path.read_text())
        witness["instance"]["blocks"][0]["values"] = ["9"]
        canonical = json.dumps(witness["instance"], sort_keys=True, separators=(",", ":"))
        witness["digest"] = hashlib.sha256((witness["claim"] + "\n" + canonical).encode()).hexdigest()
        path.write_text(json.dumps(witness))
        self.refused(run("replay", path), "eta", "is not in [0, 4]")


class Forged(Case):
    """Witnesses that somebody else wrote, with a digest that fits."""

    def forge(self, claim, instance):
        canonical = json.dumps(instance, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256((claim + "\n" + canonical).encode()).hexdigest()
        path = self.dir / "forged.json"
        path.write_text(json.dumps({"schema": "assay/witness/1", "claim": claim, "statement": "",
                                    "instance": instance, "digest": digest}))
        return run("replay", path)

    def scalar(self, **changes):
        return {"name": "eta", "kind": "scalar", "dimensions": [], "values": ["1"], **changes}

    def at(self, k=3, choices=None, **changes):
        return self.forge(FALSE, {"integers": {"k": k}, "choices": choices or {}, "blocks": [self.scalar(**changes)]})

    def test_the_control_is_accepted(self):
        self.assertEqual(self.at().returncode, 1)

    def test_a_shape_of_another_claim(self):
        self.refused(self.at(k=2), "k=2")
        self.refused(self.at(k=4096), "k=4096")
        self.refused(self.at(k=-1), "k=-1")
        self.refused(self.at(choices={"psi": "decreasing"}), "psi=decreasing")
        self.refused(self.forge(FALSE, {"integers": {}, "choices": {}, "blocks": []}), "shape")

    def test_a_block_that_is_another(self):
        self.refused(self.at(squared_scale="1/100"), "1/100")
        self.refused(self.at(kind="integer"), "eta")
        self.refused(self.at(dimensions=[-1]), "/dimensions/0")
        self.refused(self.at(dimensions=[4096, 4096]), "too large")
        self.refused(self.at(values=["1", "1"]), "/values")
        self.refused(self.at(values=[1]), "/values/0")
        self.refused(self.at(values=["nan"]), "/values/0")
        self.refused(self.at(values=["2^-1000000"]), "bits")
        self.refused(self.forge(FALSE, {"integers": {"k": 3}, "choices": {}, "blocks": []}), "0 blocks")

    def test_what_cannot_be_tried(self):
        claims = json.loads(run("list", "--claims", "--json").stdout)["claims"]
        needs = [c["id"] for c in claims if c["unavailable"]]
        if needs:
            out = self.forge(needs[0], {"integers": {}, "choices": {}, "blocks": []})
            self.refused(out, "cannot be tried")
        self.refused(self.forge("clop/nothing", {"integers": {}, "choices": {}, "blocks": []}), "clop/nothing")

    def test_text_that_is_no_witness(self):
        path = self.dir / "w.json"
        for text in ["[" * 100000, '{"schema": ' * 5000, '{"claim": "a", "claim": "b"}', "null", "7", "\0", "{}"]:
            path.write_text(text)
            self.refused(run("replay", path), path)


class Search(Case):
    def test_two_searches_of_one_corpus_lose_nothing(self):
        words = ["search", FALSE, "--evaluations", 300, "--corpus", self.dir, "--threads", 1]
        run(*words, "--rounds", 1)
        corpus = next(self.dir.glob("*.json"))
        child = subprocess.Popen([ASSAY, *map(str, words), "--minutes", "5"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        before, deadline = corpus.read_text(), time.time() + 60
        while corpus.read_text() == before and time.time() < deadline:
            time.sleep(0.01)
        changed = json.loads(corpus.read_text())
        changed["rounds"] += 10**9  # what another search would have written
        other = self.dir / "other"
        for _ in range(1000):  # the child may write in between: it stops as soon as it sees this one
            other.write_text(json.dumps(changed))
            other.replace(corpus)
            if child.poll() is not None:
                break
            time.sleep(0.01)
        err = child.communicate(timeout=60)[1]
        self.assertEqual(child.returncode, 2, err)
        self.assertIn("another search", err)
        self.assertGreater(json.loads(corpus.read_text())["rounds"], 10**9)

    def test_a_search_continues_from_its_corpus(self):
        words = ["search", FALSE, "--rounds", 2, "--evaluations", 300, "--corpus", self.dir, "--threads", 2]
        first = run(*words)
        self.assertEqual(first.returncode, 1, first.stderr)
        second = run(*words)
        self.assertIn("4 rounds", second.stdout)
        corpus = next(self.dir.glob("*.json"))
        corpus.write_text(corpus.read_text()[:-20])
        self.refused(run(*words), corpus)

    def test_rounds_give_the_same_result_on_any_number_of_threads(self):
        def front(threads):
            out = run("search", FALSE, "--rounds", 4, "--evaluations", 200, "--threads", threads, "--json")
            return [f["digest"] for f in json.loads(out.stdout)["front"]]

        self.assertEqual(front(1), front(4))

    def test_an_interrupted_search_keeps_its_corpus(self):
        child = subprocess.Popen([ASSAY, "search", "hard-negatives/theorem-1/hscl", "--minutes", "5", "--evaluations",
                                  "2000", "--corpus", str(self.dir)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        corpus = self.dir / "hard-negatives.theorem-1.hscl.json"
        deadline = time.time() + 60
        while not corpus.exists() and time.time() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        self.assertGreater(json.loads(corpus.read_text())["rounds"], 0)
        self.assertEqual([p.name for p in self.dir.iterdir()], [corpus.name])


class KernelWorstCase(Case):
    def test_a_correct_kernel_stays_within_its_budget_and_a_broken_one_does_not(self):
        good = run("search", "loss/info_nce", "--rounds", 1, "--evaluations", 100, "--json")
        self.assertEqual(good.returncode, 0, good.stderr)
        found = json.loads(good.stdout)
        self.assertGreater(found["largest_share"], 0.05)
        self.assertLessEqual(found["largest_share"], 1)
        self.assertGreaterEqual(found["evaluations"], 100)
        bad = run("search", "loss/info_nce:one-direction", "--candidate", "planted:last_column_twice", "--rounds", 1)
        self.assertEqual(bad.returncode, 1, bad.stderr)
        self.assertIn("times the budget", bad.stdout)

    def test_bad_words(self):
        self.refused(run("search", "loss/info_nce:nowhere"), "nowhere")
        self.refused(run("search", "loss/info_nce", "--candidate", "emulatd"), "emulatd")
        self.refused(run("search", FALSE, "--candidate", "emulated"), "--candidate")
        self.refused(run("search", "loss/info_nce", "--corpus", self.dir), "--corpus")


if __name__ == "__main__":
    ASSAY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
