#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rooms.py ROOT: a room includes only what lies under it, and test libraries stay in tests/.

Reads every #include of the sources and the CMake link lines' include graph is implied by it: a header
that is not included cannot be used.
"""
import pathlib
import re
import sys

# room -> rooms it may include (itself always)
ALLOWED = {
    "core": [],
    "reference": ["core"],
    "kernels": ["core"],
    "properties/engine": ["core", "reference", "kernels"],
    "properties/contract": ["core", "reference", "kernels", "properties/engine"],
    "proofs-numeric": ["core", "reference", "kernels", "properties/engine"],
    "assay": ["core", "reference", "kernels", "properties/engine", "properties/contract", "proofs-numeric"],
}
# libraries that a room must not include: pattern -> rooms where it is forbidden
FORBIDDEN = {
    r"gtest/|gmock/|rapidcheck": list(ALLOWED),
    r"boost/|Eigen/|fmt/|nlohmann/|CLI/|mpfi|mpfr\.h|gmp\.h|arb\.h|flint/": ["core", "kernels"],
    r"CLI/": [r for r in ALLOWED if r != "assay"],
    r"cuda": [r for r in ALLOWED if r != "kernels"],
}
SOURCES = {".cpp", ".hpp", ".cu", ".cuh", ".h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def room_of(path: str):
    """The room a repository-relative path belongs to, or None."""
    return next((r for r in sorted(ALLOWED, key=len, reverse=True) if path.startswith(r + "/")), None)


def violations(root: pathlib.Path):
    for room, below in ALLOWED.items():
        for file in sorted((root / room).rglob("*")):
            relative = file.relative_to(root).as_posix()
            if file.suffix not in SOURCES or room_of(relative) != room:
                continue
            for bracket, target in INCLUDE.findall(file.read_text(encoding="utf-8")):
                other = room_of(target)
                if bracket == '"' and other is None and not (file.parent / target).is_file():
                    yield f'{relative}: "{target}" is no path of a room'
                if other and other != room and other not in below:
                    yield f"{relative}: room {room} must not include {target}"
                for pattern, rooms in FORBIDDEN.items():
                    if bracket == "<" and room in rooms and re.match(pattern, target):
                        yield f"{relative}: room {room} must not include <{target}>"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every room includes only what lies under it")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
