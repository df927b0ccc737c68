#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs_test.py ASSAY: the examples of README.md and docs/ are run, and print what the pages say.

    <!-- example: status N -->     the indented block below is run line by line; each line ends with status N
    <!-- output -->                the lines of the indented block below appear in the output, in order
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = None
BLOCK = re.compile(r"<!-- (example: status (\d)|output) -->\n+((?:(?:    .*)?\n)+)")


def pages():
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Examples(unittest.TestCase):
    def test_every_example_runs_and_prints_what_the_page_says(self):
        count = 0
        for page in pages():
            output = ""
            with tempfile.TemporaryDirectory() as folder:
                for link in ("tests", "python", "docs", "ci"):
                    os.symlink(ROOT / link, pathlib.Path(folder) / link)
                os.mkdir(pathlib.Path(folder) / "build")
                os.symlink(ASSAY, pathlib.Path(folder) / "build/assay")
                for kind, status, block in BLOCK.findall(page.read_text(encoding="utf-8")):
                    lines = [line[4:] for line in block.splitlines() if line.startswith("    ")]
                    if kind == "output":
                        at = 0
                        for line in lines:
                            found = output.find(line.rstrip(), at)
                            self.assertGreaterEqual(found, 0, f"{page.name}: not printed: {line}\n--- printed:\n{output}")
                            at = found + len(line.rstrip())
                        continue
                    output = ""
                    for line in lines:
                        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=200)
                        output += done.stdout
                        self.assertEqual(done.returncode, int(status), f"{page.name}: {line}\n{done.stdout}{done.stderr}")
                        count += 1
        self.assertGreater(count, 2, "no examples were found: the marker is gone?")


if __name__ == "__main__":
    ASSAY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
