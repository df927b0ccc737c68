# SPDX-License-Identifier: Apache-2.0
"""jax.random.categorical over binary32 logits."""
import jax
import numpy as np

import assay
from jax_words import BITS, key_of, padded, seeded
from problem import logits

PIECE = 2**22  # Gumbel variates at a time


@jax.jit
def from_words(words, s):
    return jax.random.categorical(key_of(words.reshape(-1)), s, shape=(len(words),))


@jax.jit
def from_key(key, s):
    return jax.random.categorical(key, s, shape=(PIECE // s.size,))


def categorical(scores, stream, k, beta, inv_tau, words=None, **rest):
    s = logits(scores, beta, inv_tau, rest)
    if words is not None:
        given, trials = padded(words)
        return np.asarray(from_words(given, s))[None, :trials].astype(np.int64)
    n, per_call = len(scores) * int(k), PIECE // s.size
    keys = jax.random.split(seeded(stream), -(-n // per_call))
    draws = np.concatenate([np.asarray(from_key(key, s)) for key in keys])
    return draws[:n].reshape(len(scores), -1).astype(np.int64)


# Not asked everything twice: 10^8 variates a row. The rule `repeats` asks whether it repeats itself.
assay.run(categorical, "sampler/gumbel_max", outputs=["indices"], words=BITS, name="jax categorical",
          version=jax.__version__, only={"tilt": "exponential"}, deterministic=False)
