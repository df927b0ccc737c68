# SPDX-License-Identifier: Apache-2.0
"""hostile.py LIBRARY... (numpy, scipy, torch, jax): what samplers do with rows at the edge of what
has a law, and past it, as Markdown rows. Ends with status 1 if one does not do what is written here
beside it: `right`, `refused` (an exception), `wrong` (an answer that is none)."""
import sys

import numpy as np

from problem import PIECE, numpy_generator, torch_generator

N = 100000
# The words of the smallest and of the largest uniform number, in every place.
EXTREMES = {"smallest": np.zeros(PIECE, np.uint64), "largest": np.full(PIECE, 2**53 - 1, np.uint64)}
ENDS = [0.0, 0.5, 0.5, 0.0]  # the first and the last column have no weight
LAWLESS = {"NaN": [1, np.nan], "+inf": [1, np.inf], "3/2, -1/2": [1.5, -0.5], "0, 0": [0.0, 0.0]}


def inside(law):
    """A judge: every column has weight. It returns what is wrong, or nothing."""
    def judge(columns):
        bad = [int(c) for c in np.ravel(columns) if not law[int(c)] > 0]
        return f"column {bad[0]} of weight 0 in {len(bad)} of {np.size(columns)} places" if bad else ""
    return judge


def share(p, column=0, of=N):
    """A judge: the column has a share p of the draws, up to six standard deviations."""
    def judge(columns):
        count = int(np.count_nonzero(np.ravel(columns) == column))
        far = abs(count - p * of) > 6 * np.sqrt(of * p * (1 - p)) + 1
        return f"column {column} in {count} of {of} draws, {p * of:.0f} expected" if far else ""
    return judge


def no_answer(columns):
    """A judge of rows without a law: any answer is wrong."""
    return f"returned {np.ravel(columns)[:6].tolist()}"


class Trials:
    """The trials of one library; prints each and remembers what was not expected."""

    def __init__(self, library, version):
        self.library, self.version, self.surprises = library, version, []

    def __call__(self, expected, sampler, row, draw, judge=no_answer):
        try:
            text = judge(draw())
            kind = "**wrong**" if text else "right"
        except Exception as error:  # whatever a library raises
            kind, text = "refused", f"{type(error).__name__}: {' '.join(str(error).split())[:70]}"
        cells = [f"{self.library} {sampler}", self.version, row, kind, text.replace("|", "\\|")]
        print("| " + " | ".join(cells) + " |", flush=True)
        if kind.strip("*") != expected:
            self.surprises.append(f"{self.library} {sampler}, {row}: {kind}, expected was {expected}")


def try_numpy(trial):
    rng = np.random.default_rng(1)

    def choice(w, k=N, g=rng, **options):
        return g.choice(len(w), k, p=np.array(w), **options)

    def multinomial(w):
        return np.repeat(np.arange(len(w)), rng.multinomial(N, np.array(w)))

    for name, u in EXTREMES.items():
        row = f"0, 1/2, 1/2, 0 at the {name} number"
        trial("right", "choice", row, lambda: choice(ENDS, 9, numpy_generator(u)), inside(ENDS))
    trial("right", "choice", "2^-1074, 1", lambda: choice([2.0**-1074, 1]), share(0))
    last = numpy_generator(EXTREMES["largest"])
    trial("right", "choice", "1 - 2^-40, 2^-40 at the largest number",
          lambda: choice([1 - 2.0**-40, 2.0**-40], 9, last), share(0, of=9))
    for name, w in LAWLESS.items():
        trial("refused", "choice", name, lambda: choice(w))
    trial("refused", "choice", "1/2, 1/4: sum not 1", lambda: choice([0.5, 0.25]))
    trial("refused", "choice, no replacement", "3 of 0, 1/2, 1/2, 0", lambda: choice(ENDS, 3, replace=False))
    for name in ("NaN", "3/2, -1/2"):
        trial("refused", "multinomial", name, lambda: multinomial(LAWLESS[name][::-1]))
    for name, w in (("1/2, 1/4, 0", [0.5, 0.25, 0]), ("0, 0", [0.0, 0.0])):
        trial("wrong", "multinomial", f"{name}: the last takes the rest (documented)",
              lambda: multinomial(w), inside(w))


def try_scipy(trial):
    from scipy.stats import rv_discrete
    from scipy.stats.sampling import DiscreteAliasUrn, DiscreteGuideTable

    rng = np.random.default_rng(1)

    def discrete(w, k=N, g=rng):
        return rv_discrete(values=(np.arange(len(w)), np.array(w))).rvs(size=k, random_state=g)

    def guide(w, k=N, g=rng):
        return DiscreteGuideTable(np.array(w), random_state=g).rvs(k)

    def urn(w, k=N, g=rng):
        return DiscreteAliasUrn(np.array(w), random_state=g).rvs(k)

    for name, draw in (("rv_discrete", discrete), ("DiscreteGuideTable", guide), ("DiscreteAliasUrn", urn)):
        for extreme, expected in (("smallest", "wrong"), ("largest", "right")):
            u = EXTREMES[extreme]
            trial(expected, name, f"0, 1/2, 1/2, 0 at the {extreme} number",
                  lambda: draw(ENDS, 9, numpy_generator(u)), inside(ENDS))
        for row, w in LAWLESS.items():
            trial("refused", name, row, lambda: draw(w))
    short = [0, 1 - 2.0**-20]  # numbers above the sum give column 0: one of 2^20
    last = numpy_generator(EXTREMES["largest"])
    trial("wrong", "rv_discrete", "0, 1 - 2^-20 at the largest number: accepted as a law",
          lambda: discrete(short, 9, last), inside(short))
    huge = [2.0**1023] * 2
    trial("wrong", "DiscreteGuideTable", "2^1023, 2^1023: the sum overflows", lambda: guide(huge), share(0.5))
    trial("refused", "DiscreteAliasUrn", "2^1023, 2^1023: the sum overflows", lambda: urn(huge), share(0.5))


def try_torch(trial):
    import torch

    torch.manual_seed(1)
    distinct, one = "multinomial, no replacement", "multinomial, one draw"

    def draw(w, k=N, replacement=True, g=None):
        return torch.multinomial(torch.tensor(w, dtype=torch.float32), k, replacement, generator=g).numpy()

    for name, expected in (("smallest", "wrong"), ("largest", "right")):
        u = EXTREMES[name]
        trial(expected, "multinomial", f"0, 1/2, 1/2, 0 at the {name} number",
              lambda: draw(ENDS, 9, True, torch_generator(u)), inside(ENDS))
        trial(expected, distinct, f"2 of 0, 1/2, 1/2, 0 at the {name} number (50034, 48841)",
              lambda: draw(ENDS, 2, False, torch_generator(u)), inside(ENDS))
    for name, k, replacement in (("multinomial", N, True), (one, 1, True), (distinct, 2, False)):
        for row, w in LAWLESS.items():
            trial("refused", name, row, lambda: draw(w, k, replacement))
    trial("wrong", distinct, "3 of 0, 1/2, 1/2, 0 (12260, 125388)", lambda: draw(ENDS, 3, False), inside(ENDS))
    trial("right", "multinomial", "2^-149, 2^-149", lambda: draw([2.0**-149] * 2), share(0.5))
    last = torch_generator(EXTREMES["largest"])
    trial("wrong", "multinomial", "1, 2^-40 at the largest number, float32: 1 + 2^-40 is 1",
          lambda: draw([1, 2.0**-40], 9, True, last), share(0, of=9))
    huge = [2.0**127] * 2
    trial("wrong", "multinomial", "2^127, 2^127: the sum overflows", lambda: draw(huge), share(0.5))
    trial("wrong", one, "2^127, 2^127: a weight over its exponential overflows",
          lambda: torch.multinomial(torch.tensor(huge).expand(N, 2), 1).numpy(), share(0.5))
    trial("refused", "multinomial", "2^24 + 1 categories",
          lambda: torch.multinomial(torch.ones(2**24 + 1), N, True))
    try_torch_issues(trial, torch, draw)


def try_torch_issues(trial, torch, draw):
    """Reported defects that a processor can show; 22086, 37403 and 46702 need a GPU."""

    def in_upper_half(categories):
        w = torch.ones(categories)
        w[: categories // 2] = 2
        return torch.multinomial(w, N, True).numpy() >= categories // 2

    def differ():
        w, g = torch.rand(2**17) ** 8, torch.Generator()
        first, second = (torch.multinomial(w, N, True, generator=g.manual_seed(42)) for _ in range(2))
        return (first != second).numpy()

    for e in (8, 22, 23, 24):
        trial("wrong" if e == 24 else "right", "multinomial", f"2^{e} categories, upper half 1/3 (43115)",
              lambda: in_upper_half(2**e), share(1 / 3, column=1))
    heavy = np.append(2.0**24, np.ones(2**20))  # 2^24 + 1 is 2^24 in binary32: the sum never grows again
    trial("wrong", "multinomial", "2^24, then 2^20 times 1: the rest has 1/17",
          lambda: draw(heavy) > 0, share(1 / 17, column=1))
    tiny = [0.129, 0.625, 0.036, 0.152, 0.003, 0.005, 0.046, 0.003, 0.0005, 2.0**-56]
    trial("right", "multinomial, no replacement", "all of ten, one of weight 2^-56 (25030)",
          lambda: draw(tiny, 10, False), lambda c: "" if len(set(c.tolist())) == 10 else f"repeats: {c.tolist()}")
    trial("right", "multinomial", "2^17 categories twice from one seed (152854)", differ, share(0, column=1))


def try_jax(trial):
    import jax
    import jax.numpy as jnp

    from jax_words import key_of

    key = jax.random.key(1)

    def choice(w, k=N, key=key, **options):
        return np.asarray(jax.random.choice(key, len(w), (k,), p=jnp.asarray(w, dtype=jnp.float32), **options))

    def categorical(s, k=N, key=key):
        return np.asarray(jax.random.categorical(key, jnp.asarray(s, dtype=jnp.float32), shape=(k,)))

    def words(word, n):
        return key_of(jnp.full(n, word, dtype=jnp.uint32))

    minus = -np.inf
    for name, word in (("smallest", 0), ("largest", 2**32 - 1)):
        trial("right", "choice", f"0, 1/2, 1/2, 0 at the {name} number",
              lambda: choice(ENDS, 9, words(word, 9)), inside(ENDS))
        trial("right", "categorical", f"-inf, 0, 0, -inf at the {name} number",
              lambda: categorical([minus, 0, 0, minus], 9, words(word, 36)), inside(ENDS))
    for name, w in LAWLESS.items():
        trial("wrong", "choice", name, lambda: choice(w))
    for name, s in (("0, NaN", [0, np.nan]), ("0, +inf", [0, np.inf]), ("-inf, -inf", [minus, minus])):
        trial("wrong", "categorical", f"logits {name}", lambda: categorical(s))
    trial("wrong", "choice, no replacement", "3 of 0, 1/2, 1/2, 0",
          lambda: choice(ENDS, 3, replace=False), inside(ENDS))
    trial("wrong", "choice", "2^-149, 2^-149: flushed to 0", lambda: choice([2.0**-149] * 2), share(0.5))
    trial("wrong", "choice", "2^127, 2^127: the sum overflows", lambda: choice([2.0**127] * 2), share(0.5))
    trial("right", "choice", "2^24 columns of weight 1, upper half",
          lambda: choice(np.ones(2**24)) >= 2**23, share(0.5, column=1))
    heavy = np.append(2.0**24, np.ones(2**20))
    trial("right", "choice", "2^24, then 2^20 times 1: the rest has 1/17",
          lambda: choice(heavy) > 0, share(1 / 17, column=1))
    for e in (4, 16, 24):
        trial("wrong" if e == 24 else "right", "categorical", f"two equal logits 2^{e}",
              lambda: categorical([2.0**e] * 2), share(0.5))


def main(libraries):
    surprises = []
    for library in libraries:
        trial = Trials(library, __import__(library).__version__)
        globals()[f"try_{library}"](trial)
        surprises += trial.surprises
    for line in surprises:
        print(line, file=sys.stderr)
    return 1 if surprises else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__.splitlines()[0])
    sys.exit(main(sys.argv[1:]))
