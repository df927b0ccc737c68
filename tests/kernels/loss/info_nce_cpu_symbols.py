#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""info_nce_cpu_symbols.py NM OBJECT...: an object compiled for one instruction set defines one symbol, its table.

A second one, the copy of an inline function above all, could be the copy that the linker keeps for the whole
program, and a machine without the instruction set would run it.
"""
import subprocess
import sys


def defined(nm, path):
    """Names and letters of the symbols that `path` shows to the linker."""
    listed = subprocess.run([nm, "--extern-only", "--defined-only", path], capture_output=True, text=True, check=True)
    return [line.split()[-2:] for line in listed.stdout.splitlines() if line.strip()]


def main(nm, *objects):
    if not objects:
        sys.exit("no objects given")
    wrong = 0
    for path in objects:
        symbols = defined(nm, path)
        names = [name for letter, name in symbols]
        good = len(symbols) == 1 and "_code" in names[0] and symbols[0][0] in "DR"
        print(f"{'ok' if good else 'WRONG'}: {path}: {' '.join(names)}")
        wrong += not good
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
