#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CPU implementation of InfoNCE against PyTorch, by alternating runs of forward and backward.

    info_nce_cpu_rivals.py [--bench build-bench/bench/info_nce_cpu_bench] [--n 2048] [--d 128]
                           [--joint] [--threads 1] [--pairs 15]

PyTorch computes cross_entropy of the whole matrix of logits, as its users do, on as many threads.
One thread: processor time, since waiting for the processor is not work; more: wall-clock time.
Medians, and the median of the ratios of neighbouring runs.
"""
import argparse
import statistics
import subprocess
import sys
import time


def torch_run(torch, n, d, joint):
    """A function that runs forward and backward once."""
    torch.manual_seed(1)
    a, b = (torch.randn(n, d).div_(d**0.5).requires_grad_() for _ in range(2))
    temperature = torch.tensor(0.07, requires_grad=True)
    target = torch.arange(n)
    if joint:
        target = torch.cat([target + n, target])

    def run():
        a.grad = b.grad = temperature.grad = None
        rows, keys = (torch.cat([a, b]),) * 2 if joint else (a, b)
        logits = rows @ keys.T / temperature
        if joint:
            logits.fill_diagonal_(float("-inf"))
        torch.nn.functional.cross_entropy(logits, target).backward()

    return run


class Served:
    """The benchmark program, which does one repetition per line it reads."""

    def __init__(self, options):
        command = [options.bench, "--serve", "--n", str(options.n), "--d", str(options.d)]
        command += ["--threads", str(options.threads)] + (["--joint"] if options.joint else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def seconds(work, clock):
    start = clock()
    work()
    return clock() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build-bench/bench/info_nce_cpu_bench")
    parser.add_argument("--n", type=int, default=2048)
    parser.add_argument("--d", type=int, default=128)
    parser.add_argument("--joint", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=15)
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("info_nce_cpu_rivals: this Python has no PyTorch (Debian: python3-torch)")
    torch.set_num_threads(options.threads)
    rival = torch_run(torch, options.n, options.d, options.joint)
    served = Served(options)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    rival(), served.seconds()
    theirs, ours = [], []
    for pair in range(options.pairs):
        if pair % 2 == 0:
            theirs.append(seconds(rival, clock)), ours.append(served.seconds())
        else:
            ours.append(served.seconds()), theirs.append(seconds(rival, clock))
    served.close()
    ratios = sorted(t / o for t, o in zip(theirs, ours))
    print(f"{'joint block' if options.joint else 'one direction'}, N {options.n}, d {options.d}, "
          f"{options.threads} thread(s), PyTorch {torch.__version__}, "
          f"{'processor' if options.threads == 1 else 'wall-clock'} time: "
          f"PyTorch {1e3 * statistics.median(theirs):.1f} ms, here {1e3 * statistics.median(ours):.1f} ms, "
          f"ratio median {statistics.median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}], {options.pairs} pairs")


if __name__ == "__main__":
    main()
