#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_rivals.py: what a fused InfoNCE kernel has to beat, in PyTorch: time and peak memory of forward and backward.

    gpu_rivals.py [--n 32768] [--d 512 1024] [--dtype bf16] [--repeats 20] [--slab 2048] [--json FILE]
                  [--device cuda|cpu]

  slabs    one product per slab of rows over torch.mm (the vendor's library), gradients by hand; the matrix of logits
           is never stored. The baseline that counts.
  eager    cross_entropy of the whole matrix, autograd
  compile  the same through torch.compile

Two forms: one direction (rows against keys: three products, 6 N^2 d), and the symmetric loss of CLIP (the mean of
both directions; slabs recompute the logits once: four products). Rates count 6 N^2 d in both. Before anything is
timed, the slabs' loss and gradients are compared with those of autograd in binary32 at a small size. Ends with 3
where there is no device.
"""
import argparse
import json
import statistics
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("gpu_rivals: this Python has no PyTorch")

TEMPERATURE = 0.07


def whole(q, k, symmetric):
    """The loss from the whole matrix of logits, in binary32 after the product."""
    logits = (q @ k.T).float() / TEMPERATURE
    target = torch.arange(len(q), device=q.device)
    loss = torch.nn.functional.cross_entropy(logits, target)
    if symmetric:
        loss = (loss + torch.nn.functional.cross_entropy(logits.T, target)) / 2
    return loss


def whole_exact(q, k, symmetric):
    logits = q @ k.T / TEMPERATURE
    target = torch.arange(len(q), device=q.device)
    loss = torch.nn.functional.cross_entropy(logits, target)
    return (loss + torch.nn.functional.cross_entropy(logits.T, target)) / 2 if symmetric else loss


def by_autograd(loss_of):
    def run(q, k, symmetric):
        q, k = q.detach().requires_grad_(), k.detach().requires_grad_()
        loss = loss_of(q, k, symmetric)
        loss.backward()
        return loss.detach(), q.grad, k.grad
    return run


def column_sums(q, k, slab):
    """log sum_i exp s_ij for every key j, by an online maximum over the slabs."""
    top = torch.full((len(k),), -float("inf"), device=q.device)
    total = torch.zeros(len(k), device=q.device)
    for first in range(0, len(q), slab):
        logits = torch.mm(q[first:first + slab], k.T).float().div_(TEMPERATURE)
        higher = torch.maximum(top, logits.amax(0))
        total = total * torch.exp(top - higher) + logits.sub_(higher).exp_().sum(0)
        top = higher
    return top + total.log()


def by_slabs(slab):
    def run(q, k, symmetric):
        n = len(q)
        grad_q, grad_k = torch.empty_like(q), torch.zeros_like(k, dtype=torch.float32)
        columns = column_sums(q, k, slab) if symmetric else None
        loss = torch.zeros((), device=q.device)
        scale = 1 / (TEMPERATURE * n * (2 if symmetric else 1))
        for first in range(0, n, slab):
            rows = q[first:first + slab]
            logits = torch.mm(rows, k.T).float().div_(TEMPERATURE)
            here = torch.arange(len(rows), device=q.device)
            positive = logits[here, first + here]
            lse = torch.logsumexp(logits, 1)
            loss += (lse - positive).sum()
            weights = torch.exp(logits - lse[:, None])
            if symmetric:
                loss += (columns[first:first + len(rows)] - positive).sum()
                weights += logits.sub_(columns).exp_()
            weights[here, first + here] -= 2 if symmetric else 1
            weights = weights.mul_(scale).to(q.dtype)
            grad_q[first:first + slab] = torch.mm(weights, k)
            grad_k += torch.mm(weights.T, rows)
        return loss / (n * (2 if symmetric else 1)), grad_q, grad_k.to(k.dtype)
    return run


def inputs(n, d, dtype, device):
    torch.manual_seed(1)
    q = torch.nn.functional.normalize(torch.randn(n, d, device=device), dim=1)
    k = torch.nn.functional.normalize(q + 0.5 * torch.randn(n, d, device=device), dim=1)
    return q.to(dtype), k.to(dtype)


def check_slabs(device):
    """The baseline computes what it claims to: against autograd in binary64, ragged slabs included."""
    q, k = inputs(300, 48, torch.float64, device)
    for symmetric in (False, True):
        want = by_autograd(whole_exact)(q, k, symmetric)
        got = by_slabs(128)(q.float(), k.float(), symmetric)
        for x, y in zip(got, want):
            error = (x.double() - y).abs().max() / y.abs().max()
            if not error < len(q) * 2**-24:  # a rounding of binary32 per term of a sum
                sys.exit(f"gpu_rivals: the slabs are wrong: relative error {error:.1e}")


def measure(run, q, k, symmetric, repeats):
    """Median and best milliseconds, and the peak of memory beyond the inputs in MiB (None on a CPU)."""
    cuda = q.is_cuda
    for _ in range(3):
        run(q, k, symmetric)
    if not cuda:
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            run(q, k, symmetric)
            times.append(1e3 * (time.perf_counter() - start))
        return statistics.median(times), min(times), None
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    events = []
    for _ in range(repeats):
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run(q, k, symmetric)
        stop.record()
        events.append((start, stop))
    torch.cuda.synchronize()
    times = [start.elapsed_time(stop) for start, stop in events]
    return statistics.median(times), min(times), (torch.cuda.max_memory_allocated() - before) / 2**20


def rivals(slab):
    found = {"slabs": by_slabs(slab), "eager": by_autograd(whole)}
    if hasattr(torch, "compile"):
        found["compile"] = by_autograd(torch.compile(whole, dynamic=False))
    else:
        print(f"missing: torch.compile (PyTorch {torch.__version__})")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=32768)
    parser.add_argument("--d", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--dtype", choices=["bf16", "f16", "f32"], default="bf16")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--slab", type=int, default=2048)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--json", help="also write the results to this file")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print(f"missing: a CUDA device for PyTorch {torch.__version__}; nothing was timed")
        sys.exit(3)
    dtype = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}[options.dtype]
    check_slabs(options.device)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__}, {name}, N {options.n}, {options.dtype}, forward and backward, "
          f"median of {options.repeats}")
    results, runs = [], rivals(options.slab)
    for d in options.d:
        q, k = inputs(options.n, d, dtype, options.device)
        for symmetric in (False, True):
            for rival, run in runs.items():
                form = "symmetric" if symmetric else "one direction"
                try:
                    ms, best, peak = measure(run, q, k, symmetric, options.repeats)
                except Exception as error:  # out of memory, no compiler for torch.compile: the others go on
                    print(f"{form:14} d {d:5} {rival:8} failed: {type(error).__name__}: {str(error).splitlines()[0][:120]}")
                    results.append({"form": form, "d": d, "rival": rival, "failed": type(error).__name__})
                    continue
                rate = 6 * options.n**2 * d / (ms * 1e-3) / 1e12
                memory = "" if peak is None else f"  peak {peak:9.0f} MiB"
                print(f"{form:14} d {d:5} {rival:8} {ms:9.2f} ms (best {best:.2f})  {rate:7.1f} TFLOP/s{memory}")
                results.append({"form": form, "d": d, "rival": rival, "ms": ms, "best_ms": best, "peak_mib": peak,
                                "tflops": rate})
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"torch": torch.__version__, "device": name, "n": options.n, "dtype": options.dtype,
                       "results": results}, file, indent=1)


if __name__ == "__main__":
    main()
