# SPDX-License-Identifier: Apache-2.0
"""hostile.py LIBRARY... (numpy, scipy, torch, jax): what samplers do with rows at the edge of what
has a law, and past it, as Markdown rows. Ends with status 1 if one does not do what is written here
beside it: `right`, `refused` (an exception), `wrong` (an answer that is none)."""
import sys

import numpy as np

from problem import PIECE, numpy_generator, torch_generator

N = 100000
lowest, highest = np.zeros(PIECE, np.uint64), np.full(PIECE, 2**53 - 1, np.uint64)
ends = [0.0, 0.5, 0.5, 0.0]  # the first and the last column have no weight
NAN, INF = [1, np.nan], [1, np.inf]


def inside(law):
    """Every column has weight."""
    def judge(columns):
        bad = [int(c) for c in np.ravel(columns) if not law[int(c)] > 0]
        return f"column {bad[0]} of weight 0 in {len(bad)} of {np.size(columns)} places" if bad else ""
    return judge


def share(p, column=0, of=N):
    """Column 0 in p of the draws, up to six standard deviations."""
    def judge(columns):
        count = int(np.count_nonzero(np.ravel(columns) == column))
        far = abs(count - p * of) > 6 * np.sqrt(of * p * (1 - p)) + 1
        return f"column {column} in {count} of {of} draws, {p * of:.0f} expected" if far else ""
    return judge


def nothing(columns):
    return f"returned {np.ravel(columns)[:6].tolist()}"


def numpy_probes():
    rng = np.random.default_rng(1)
    choice = lambda w, k=N, g=rng, **o: g.choice(len(w), k, p=np.array(w), **o)
    yield "choice", "0, 1/2, 1/2, 0 at the smallest number", lambda: choice(ends, 9, numpy_generator(lowest)), inside(ends), "right"
    yield "choice", "0, 1/2, 1/2, 0 at the largest number", lambda: choice(ends, 9, numpy_generator(highest)), inside(ends), "right"
    yield "choice", "2^-1074, 1", lambda: choice([2.0**-1074, 1]), share(0), "right"
    yield "choice", "1 - 2^-40, 2^-40 at the largest number", lambda: choice([1 - 2.0**-40, 2.0**-40], 9, numpy_generator(highest)), share(0, of=9), "right"
    for name, w in (("NaN", NAN), ("+inf", INF), ("3/2, -1/2", [1.5, -0.5]), ("0, 0", [0.0, 0.0])):
        yield "choice", name, lambda w=w: choice(w), nothing, "refused"
    yield "choice", "1/2, 1/4: sum not 1", lambda: choice([0.5, 0.25]), nothing, "refused"
    yield "choice, no replacement", "3 of 0, 1/2, 1/2, 0", lambda: choice(ends, 3, replace=False), nothing, "refused"
    multinomial = lambda p, n=N: np.repeat(np.arange(len(p)), rng.multinomial(n, np.array(p)))
    yield "multinomial", "1/2, 1/4, 0: the last takes the rest (documented)", lambda: multinomial([0.5, 0.25, 0]), inside([0.5, 0.25, 0]), "wrong"
    yield "multinomial", "0, 0: the last takes the rest (documented)", lambda: multinomial([0.0, 0.0]), inside([0, 0]), "wrong"
    for name, w in (("NaN", [np.nan, 1]), ("3/2, -1/2", [1.5, -0.5])):
        yield "multinomial", name, lambda w=w: multinomial(w), nothing, "refused"


def scipy_probes():
    from scipy.stats import rv_discrete
    from scipy.stats.sampling import DiscreteAliasUrn, DiscreteGuideTable
    rng = np.random.default_rng(1)
    discrete = lambda w, k=N, g=rng: rv_discrete(values=(np.arange(len(w)), np.array(w))).rvs(size=k, random_state=g)
    guide = lambda w, k=N, g=rng: DiscreteGuideTable(np.array(w), random_state=g).rvs(k)
    urn = lambda w, k=N, g=rng: DiscreteAliasUrn(np.array(w), random_state=g).rvs(k)
    for name, draw in (("rv_discrete", discrete), ("DiscreteGuideTable", guide), ("DiscreteAliasUrn", urn)):
        yield name, "0, 1/2, 1/2, 0 at the smallest number", lambda d=draw: d(ends, 9, numpy_generator(lowest)), inside(ends), "wrong"
        yield name, "0, 1/2, 1/2, 0 at the largest number", lambda d=draw: d(ends, 9, numpy_generator(highest)), inside(ends), "right"
        for bad, w in (("NaN", NAN), ("+inf", INF), ("3/2, -1/2", [1.5, -0.5]), ("0, 0", [0.0, 0.0])):
            yield name, bad, lambda d=draw, w=w: d(w), nothing, "refused"
    short = [0, 1 - 2.0**-20]  # numbers above the sum give column 0: one of 2^20
    yield "rv_discrete", "0, 1 - 2^-20 at the largest number: accepted as a law", lambda: discrete(short, 9, numpy_generator(highest)), inside(short), "wrong"
    yield "DiscreteGuideTable", "2^1023, 2^1023: the sum overflows", lambda: guide([2.0**1023] * 2), share(0.5), "wrong"
    yield "DiscreteAliasUrn", "2^1023, 2^1023: the sum overflows", lambda: urn([2.0**1023] * 2), share(0.5), "refused"


def torch_probes():
    import torch
    torch.manual_seed(1)
    draw = lambda w, k=N, r=True, g=None, d=torch.float32: torch.multinomial(torch.tensor(w, dtype=d), k, r, generator=g).numpy()
    for name, u, first in (("smallest", lowest, "wrong"), ("largest", highest, "right")):
        yield "multinomial", f"0, 1/2, 1/2, 0 at the {name} number", lambda u=u: draw(ends, 9, True, torch_generator(u)), inside(ends), first
        yield "multinomial, no replacement", f"2 of 0, 1/2, 1/2, 0 at the {name} number (50034, 48841)", lambda u=u: draw(ends, 2, False, torch_generator(u)), inside(ends), first
    for k, r, name in ((N, True, "multinomial"), (1, True, "multinomial, one draw"), (2, False, "multinomial, no replacement")):
        for bad, w in (("NaN", NAN), ("+inf", INF), ("3/2, -1/2", [1.5, -0.5]), ("0, 0", [0.0, 0.0])):
            yield name, bad, lambda w=w, k=k, r=r: draw(w, k, r), nothing, "refused"
    yield "multinomial, no replacement", "3 of 0, 1/2, 1/2, 0 (12260, 125388)", lambda: draw(ends, 3, False), inside(ends), "wrong"
    yield "multinomial", "2^-149, 2^-149", lambda: draw([2.0**-149] * 2), share(0.5), "right"
    yield "multinomial", "1, 2^-40 at the largest number, float32: 1 + 2^-40 is 1", lambda: draw([1, 2.0**-40], 9, True, torch_generator(highest)), share(0, of=9), "wrong"
    yield "multinomial", "2^127, 2^127: the sum overflows", lambda: draw([2.0**127] * 2), share(0.5), "wrong"
    yield "multinomial, one draw", "2^127, 2^127: a weight over its exponential overflows", lambda: torch.multinomial(torch.full((N, 2), 2.0**127), 1).numpy(), share(0.5), "wrong"
    yield "multinomial", "2^24 + 1 categories", lambda: torch.multinomial(torch.ones(2**24 + 1), N, True), nothing, "refused"
    def halves(categories):  # 43115: the lower half has twice the weight
        w = torch.ones(categories)
        w[: categories // 2] = 2
        return torch.multinomial(w, N, True).numpy() >= categories // 2
    for e in (8, 22, 23, 24):
        yield "multinomial", f"2^{e} categories, upper half 1/3 (43115)", lambda e=e: halves(2**e), share(1 / 3, column=1), "wrong" if e == 24 else "right"
    tiny = [0.129, 0.625, 0.036, 0.152, 0.003, 0.005, 0.046, 0.003, 0.0005, 2.0**-56]
    def repeats(columns):
        return "" if len(set(columns.tolist())) == len(tiny) else f"repeats a column: {columns.tolist()}"
    yield "multinomial, no replacement", "all of ten, one of weight 2^-56 (25030)", lambda: draw(tiny, 10, False), repeats, "right"
    def again():
        w, g = torch.rand(2**17) ** 8, torch.Generator()
        a, b = (torch.multinomial(w, N, True, generator=g.manual_seed(42)) for _ in range(2))
        return (a != b).numpy()
    yield "multinomial", "2^17 categories twice from one seed (152854)", again, share(0, column=1), "right"


def jax_probes():
    import jax
    import jax.numpy as jnp
    from jax_words import key_of
    key, f32 = jax.random.key(1), lambda w: jnp.asarray(w, dtype=jnp.float32)
    choice = lambda w, k=N, key=key, **o: np.asarray(jax.random.choice(key, len(w), (k,), p=f32(w), **o))
    categorical = lambda w, k=N, key=key: np.asarray(jax.random.categorical(key, f32(w), shape=(k,)))
    words = lambda word, n: key_of(jnp.full(n, word, dtype=jnp.uint32))
    logs = [-np.inf, 0, 0, -np.inf]
    for name, word in (("smallest", 0), ("largest", 2**32 - 1)):
        yield "choice", f"0, 1/2, 1/2, 0 at the {name} number", lambda w=word: choice(ends, 9, words(w, 9)), inside(ends), "right"
        yield "categorical", f"-inf, 0, 0, -inf at the {name} number", lambda w=word: categorical(logs, 9, words(w, 36)), inside(ends), "right"
    for bad, w in (("NaN", NAN), ("+inf", INF), ("3/2, -1/2", [1.5, -0.5]), ("0, 0", [0, 0])):
        yield "choice", bad, lambda w=w: choice(w), nothing, "wrong"
    for bad, w in (("logit NaN", NAN), ("logit +inf", INF), ("all logits -inf", [-np.inf, -np.inf])):
        yield "categorical", bad, lambda w=w: categorical(w), nothing, "wrong"
    yield "choice, no replacement", "3 of 0, 1/2, 1/2, 0", lambda: choice(ends, 3, replace=False), inside(ends), "wrong"
    yield "choice", "2^-149, 2^-149: flushed to 0", lambda: choice([2.0**-149] * 2), share(0.5), "wrong"
    yield "choice", "2^127, 2^127: the sum overflows", lambda: choice([2.0**127] * 2), share(0.5), "wrong"
    yield "choice", "2^24 columns of weight 1, upper half", lambda: np.asarray(jax.random.choice(key, 2**24, (N,), p=jnp.ones(2**24))) >= 2**23, share(0.5, column=1), "right"
    for e in (4, 16, 24):
        yield "categorical", f"two equal logits 2^{e}", lambda e=e: categorical([2.0**e] * 2), share(0.5), "wrong" if e == 24 else "right"


def outcome(call, judge):
    try:
        text = judge(call())
    except Exception as error:  # whatever a library raises
        return "refused", f"{type(error).__name__}: {str(error).splitlines()[0][:70] if str(error) else ''}"
    return ("wrong", text) if text else ("right", "")


def main(libraries):
    surprises = []
    for library in libraries:
        version = __import__(library).__version__
        for sampler, row, call, judge, expected in globals()[f"{library}_probes"]():
            kind, text = outcome(call, judge)
            cells = [f"{library} {sampler}", version, row, f"**{kind}**" if kind == "wrong" else kind, text]
            print("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |", flush=True)
            if kind != expected:
                surprises.append(f"{library} {sampler}, {row}: {kind}, expected was {expected}")
    for line in surprises:
        print(line, file=sys.stderr)
    return 1 if surprises else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.splitlines()[0])
    sys.exit(main(sys.argv[1:]))
