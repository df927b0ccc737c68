#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""paths.py ROOT: the path follows the subject, and nothing in the tree names a place outside it."""
import pathlib
import re
import subprocess
import sys

# A column is complete when each of these exists; {} is the contract's path, for example loss/info_nce.
COLUMN = [
    "reference/{}.hpp",
    "kernels/{}.hpp",
    "kernels/{}.cuh",
    "properties/contract/{}.hpp",
    "properties/contract/{}.cpp",
    "docs/{}.md",
]
COLUMN_FOLDERS = ["tests/reference/{}", "tests/kernels/{}", "tests/properties/contract/{}"]
FILL = re.compile(r"\bFILL:")  # left by ci/scaffold.py where a person has to write
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home)/\w")
TEXT = {".cpp", ".hpp", ".cu", ".cuh", ".h", ".c", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yml", ""}


def columns(root: pathlib.Path):
    """Contracts, read off the registry in column.cpp: info_nce_column() belongs to loss/info_nce."""
    registry = (root / "properties/contract/column.cpp").read_text(encoding="utf-8")
    return re.findall(r'#include "properties/contract/((?:loss|sampler|geometry)/\w+)\.hpp"', registry)


def tracked(root: pathlib.Path):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return [root / line for line in listed.stdout.splitlines()]
    return [p for p in root.rglob("*") if p.is_file() and "build" not in p.parts]


def violations(root: pathlib.Path):
    names = columns(root)
    if not names:
        yield "properties/contract/column.cpp: no column found"
    for name in names:
        for pattern in COLUMN:
            if not (root / pattern.format(name)).is_file():
                yield f"{name}: {pattern.format(name)} is missing"
        for pattern in COLUMN_FOLDERS:
            path = pattern.format(name)
            if not list((root / path).parent.glob(pathlib.Path(path).name + "*")):
                yield f"{name}: {path}* is missing"
        for folder in ["reference", "kernels", "properties/contract", "docs", "tests"]:
            for file in sorted((root / folder).rglob(pathlib.Path(name).name + "*")):
                if file.is_file() and FILL.search(file.read_text(encoding="utf-8", errors="replace")):
                    yield f"{file.relative_to(root)}: something is left to fill in"
    for file in sorted((root / "proofs-numeric").rglob("*.?pp")):
        if FILL.search(file.read_text(encoding="utf-8", errors="replace")):
            yield f"{file.relative_to(root)}: something is left to fill in"
    for file in tracked(root):
        if file.suffix not in TEXT or not file.is_file() or file.name == "LICENSE":
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        for match in MACHINE_PATH.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{file.relative_to(root)}:{line}: names a path of a machine"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "paths follow their subjects")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
