#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house rules notice a violation: each is planted in a scratch tree and must be reported."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import paths
import rooms


class Rooms(unittest.TestCase):
    def report(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            file = root / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return list(rooms.violations(root))

    def test_including_downward_is_allowed(self):
        self.assertEqual(self.report("reference/x.hpp", '#include "core/ends.hpp"\n'), [])

    def test_including_upward_is_reported(self):
        self.assertEqual(len(self.report("core/x.hpp", '#include "reference/x.hpp"\n')), 1)

    def test_including_sideways_is_reported(self):
        self.assertEqual(len(self.report("kernels/x.cuh", '#include "reference/x.hpp"\n')), 1)

    def test_a_test_library_in_a_room_is_reported(self):
        self.assertEqual(len(self.report("properties/engine/x.cpp", "#include <rapidcheck.h>\n")), 1)

    def test_a_host_library_in_kernels_is_reported(self):
        self.assertEqual(len(self.report("kernels/x.cu", "#include <Eigen/Core>\n")), 1)

    def test_an_unknown_quoted_path_is_reported(self):
        self.assertEqual(len(self.report("assay/x.cpp", '#include "elsewhere/x.hpp"\n')), 1)


class Paths(unittest.TestCase):
    def test_a_machine_path_is_reported(self):
        text = "see /" + "home/someone/file"
        self.assertTrue(paths.MACHINE_PATH.search(text))

    def test_an_incomplete_column_is_reported(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "properties/contract").mkdir(parents=True)
            (root / "properties/contract/column.cpp").write_text(
                '#include "properties/contract/loss/new_loss.hpp"\n')
            self.assertGreaterEqual(len(list(paths.violations(root))), len(paths.COLUMN))


class Scaffold(unittest.TestCase):
    ROOT = pathlib.Path(__file__).resolve().parents[2]

    def test_a_scaffolded_column_compiles_and_fails_until_it_is_filled(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder) / "tree"
            shutil.copytree(self.ROOT, tree, ignore=shutil.ignore_patterns("build*", ".git", ".venv*"))
            command = [sys.executable, str(self.ROOT / "ci/scaffold.py"), "loss/sample_loss", str(tree)]
            written = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            found = list(paths.violations(tree))
            marked = [line for line in found if "left to fill in" in line and "sample_loss" in line]
            self.assertEqual([line for line in found if "missing" in line and "sample_loss" in line], [])
            self.assertGreaterEqual(len(marked), 8)
            self.assertEqual(list(rooms.violations(tree)), [])
            for unit in [w for w in written if w.endswith(".cpp") and not w.startswith("tests/")]:
                subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-I", str(tree), str(tree / unit)], check=True)
            again = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(again.returncode, 2)
            self.assertIn("nothing was written", again.stderr)

    def test_a_scaffolded_claim_compiles_and_fails_until_it_is_filled(self):
        for name, folder in [("clop/sample-section", "clop"), ("new-paper/first-section", "new_paper")]:
            with self.subTest(name), tempfile.TemporaryDirectory() as place:
                tree = pathlib.Path(place) / "tree"
                shutil.copytree(self.ROOT, tree, ignore=shutil.ignore_patterns("build*", ".git", ".venv*"))
                command = [sys.executable, str(self.ROOT / "ci/scaffold_claim.py"), name, str(tree)]
                subprocess.run(command, capture_output=True, text=True, check=True)
                marked = [line for line in paths.violations(tree) if "left to fill in" in line]
                self.assertTrue(marked)
                self.assertEqual(list(rooms.violations(tree)), [])
                units = [*(tree / "proofs-numeric" / folder).glob("*section.cpp"),
                         tree / f"proofs-numeric/{folder}/{folder}.cpp", tree / "proofs-numeric/claims.cpp"]
                self.assertEqual(len(units), 3)
                for unit in units:
                    subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-I", str(tree), str(unit)], check=True)
                registered = (tree / f"proofs-numeric/{folder}/{folder}.cpp").read_text(encoding="utf-8")
                self.assertIn("section(registry);", registered)
                again = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(again.returncode, 2)
                self.assertIn("nothing was written", again.stderr)


if __name__ == "__main__":
    unittest.main()
