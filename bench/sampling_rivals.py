#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hardened negatives per second on one core: this sampler against NumPy and PyTorch.

    sampling_rivals.py [--bench build-bench/bench/sampling_bench] [--n 16384] [--k 256] [--d 0]
                       [--rows 64] [--beta 5] [--pairs 15]

One row at a time, as the kernel does: scores in binary32 (--d 0: given; else inner products of dimension d), weights
exp(beta s), k draws with replacement. NumPy: exp, normalise, Generator.choice; and, without choice's checks, cumsum and
searchsorted. PyTorch: softmax and multinomial. Wall-clock times by alternating runs; medians.
"""
import argparse
import statistics
import subprocess
import sys
import time


def numpy_runs(np, options):
    """Two functions that draw for all rows: with choice, and with cumsum and searchsorted."""
    generator = np.random.Generator(np.random.Philox(1))
    scores, x, y = inputs(np, options)

    def weights(row):
        s = scores[row] if options.d == 0 else y @ x[row]
        s = np.float32(options.beta) * s
        return np.exp(s - s.max())

    def choice():
        for row in range(options.rows):
            w = weights(row).astype(np.float64)
            generator.choice(options.n, options.k, p=w / w.sum())

    def search():
        for row in range(options.rows):
            c = np.cumsum(weights(row), dtype=np.float64)
            np.searchsorted(c, generator.random(options.k) * c[-1], side="right")

    return choice, search


def inputs(np, options):
    generator = np.random.default_rng(2)
    scores = (2 * generator.random((options.rows, options.n), dtype=np.float32) - 1)
    d = max(options.d, 1)
    x = generator.standard_normal((options.rows, d), dtype=np.float32) / np.float32(d**0.5)
    y = generator.standard_normal((options.n, d), dtype=np.float32) / np.float32(d**0.5)
    return scores, x, y


def torch_run(torch, np, options):
    scores, x, y = (torch.from_numpy(a) for a in inputs(np, options))

    def run():
        for row in range(options.rows):
            s = scores[row] if options.d == 0 else torch.mv(y, x[row])
            torch.multinomial(torch.softmax(options.beta * s, 0), options.k, replacement=True)

    return run


class Served:
    """The benchmark program, which draws for all rows once per line it reads."""

    def __init__(self, options):
        command = [options.bench, "--serve", "1"]
        for name in ("n", "k", "d", "rows", "beta"):
            command += [f"--{name}", str(getattr(options, name))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def wall(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build-bench/bench/sampling_bench")
    for name, default in (("n", 16384), ("k", 256), ("d", 0), ("rows", 64), ("pairs", 15)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--beta", type=float, default=5)
    options = parser.parse_args()
    import os
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    try:
        import numpy as np
    except ImportError:
        sys.exit("sampling_rivals: this Python has no NumPy (Debian: python3-numpy)")
    choice, search = numpy_runs(np, options)
    rivals = {"NumPy choice": choice, "NumPy cumsum, searchsorted": search}
    try:
        import torch
        torch.set_num_threads(1)
        torch.manual_seed(1)
        rivals["PyTorch multinomial"] = torch_run(torch, np, options)
    except ImportError:
        print("without PyTorch (Debian: python3-torch)", file=sys.stderr)
    served = Served(options)
    served.seconds()
    times = {name: [] for name in rivals}
    ours = []
    for run in rivals.values():
        run()
    for _ in range(options.pairs):
        ours.append(served.seconds())
        for name, run in rivals.items():
            times[name].append(wall(run))
    served.close()
    per_row = 1e6 / options.rows
    mine = statistics.median(ours)
    print(f"N {options.n}, k {options.k}, d {options.d}, beta {options.beta}: here {per_row * mine:.1f} us a row")
    for name, seconds in times.items():
        theirs = statistics.median(seconds)
        ratio = statistics.median(t / o for t, o in zip(seconds, ours))
        print(f"  {name}: {per_row * theirs:.1f} us, ratio median {ratio:.2f}")


if __name__ == "__main__":
    main()
