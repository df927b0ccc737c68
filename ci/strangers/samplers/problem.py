# SPDX-License-Identifier: Apache-2.0
"""What the strangers' scripts share: a row as weights or logits, seeds, and generators that give the
words of a call in place of their own. Nothing here draws, and nothing here checks a row: refusing
rows without a law is the library's business."""
import numpy as np


def excluded(scores, exclusions):
    """Which columns the row may not draw: self, positive and its own class."""
    out = np.zeros(scores.shape[1], dtype=bool)
    for name in ("self", "positive"):
        if name in exclusions:
            out[exclusions[name][0]] = True
    if "row_labels" in exclusions:
        out |= exclusions["column_labels"] == exclusions["row_labels"][0]
    return out


def weights(scores, exclusions, dtype=np.float64):
    """The weights of the tilt `weights`: the scores, exact; 0 for excluded columns."""
    return np.where(excluded(scores, exclusions), 0, scores[0]).astype(dtype)


def probabilities(scores, exclusions):
    """Weights over their sum, in binary64, as one does before calling NumPy or SciPy."""
    w = weights(scores, exclusions)
    with np.errstate(invalid="ignore"):
        return w / w.sum()


def logits(scores, beta, inv_tau, exclusions):
    """The logits of the tilt `exponential` in binary32; -inf for excluded columns."""
    s = np.float32(beta) * np.float32(inv_tau) * scores[0]
    return np.where(excluded(scores, exclusions), np.float32(-np.inf), s)


def seeds(stream):
    """Seed and call as the list of integers that SeedSequence takes."""
    return [int(stream[0]) & 0xFFFFFFFF, int(stream[0]) >> 32, int(stream[1])]


def one_seed(stream, bits=63):
    """Seed and call mixed into one seed of so many bits."""
    state = np.random.SeedSequence(seeds(stream)).generate_state(1, np.uint64)
    return int(state[0]) >> (64 - bits)


def leading(words, bits=53):
    """The leading bits (33 to 64) of each pair of words, in the order of the call."""
    pairs = words.reshape(-1, 2).astype(np.uint64)
    return (pairs[:, 0] << np.uint64(32) | pairs[:, 1]) >> np.uint64(64 - bits)


MERSENNE = 624  # words of a state of MT19937


def _untempered(y):
    """The state whose tempering is y: MT19937 gives the words y next."""
    y = y ^ (y >> np.uint32(18))
    y = y ^ ((y << np.uint32(15)) & np.uint32(0xEFC60000))
    x = y
    for _ in range(4):
        x = y ^ ((x << np.uint32(7)) & np.uint32(0x9D2C5680))
    y = x
    for _ in range(2):
        x = y ^ (x >> np.uint32(11))
    return x


def mersenne_state(first, second):
    """A state that gives first[0], second[0], first[1], ... next; at most 311 pairs."""
    words = np.zeros(MERSENNE, dtype=np.uint32)
    words[: 2 * len(first) : 2] = first
    words[1 : 2 * len(second) : 2] = second
    return _untempered(words)


def numpy_generator(u):
    """A NumPy Generator over MT19937 whose next numbers are u 2^-53: set by its public state."""
    bits = np.random.MT19937()
    state = bits.state
    low = (u & np.uint64(2**26 - 1)) << np.uint64(6)
    state["state"] = {"key": mersenne_state(u >> np.uint64(26) << np.uint64(5), low), "pos": 0}
    bits.state = state
    return np.random.Generator(bits)


def torch_generator(u):
    """The same for a torch.Generator of the CPU: it takes 53 low bits of two words."""
    import torch

    generator = torch.Generator()
    state = generator.get_state().numpy().copy()
    fields = state.view(np.uint64)  # seed, (words left, seeded), next word, 624 words, ...
    fields[1], fields[2] = MERSENNE | 1 << 32, 0
    fields[3 : 3 + MERSENNE] = mersenne_state(u >> np.uint64(32), u & np.uint64(0xFFFFFFFF))
    generator.set_state(torch.from_numpy(state))
    return generator


PIECE = 311  # numbers that one state is sure to give before it turns over


def in_pieces(draw, generator, u, each=1):
    """Columns for the numbers u: draw(generator, trials) with a generator for every few trials, each
    of which takes `each` numbers."""
    step = PIECE // each * each
    pieces = [u[at : at + step] for at in range(0, len(u), step)]
    return np.concatenate([np.asarray(draw(generator(p), len(p) // each)) for p in pieces])


def require_words(generator, numbers):
    """Stops the script unless the generator's numbers are the words': a state of another layout."""
    u = np.arange(1, PIECE + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(11)
    if not np.array_equal(numbers(generator(u), PIECE), u * 2.0**-53):
        raise SystemExit("the state of this generator has another layout: no words can be given")
