# SPDX-License-Identifier: Apache-2.0
"""jax.random.choice with weights and without replacement, in binary32: Gumbel keys, the k largest."""
import functools

import jax
import numpy as np

import assay
from jax_words import BITS, key_of, padded, seeded
from problem import weights


@functools.partial(jax.jit, static_argnums=2)
def from_words(words, w, k):
    return jax.vmap(lambda x: jax.random.choice(key_of(x), w.size, (k,), False, w))(words)


@functools.partial(jax.jit, static_argnums=2)
def from_keys(keys, w, k):
    return jax.vmap(lambda key: jax.random.choice(key, w.size, (k,), False, w))(keys)


def choice(scores, stream, k, words=None, **rest):
    w = weights(scores, rest, np.float32)
    if words is not None:
        given, trials = padded(words)
        return np.asarray(from_words(given, w, int(k)))[:trials].astype(np.int64)
    keys = jax.random.split(seeded(stream), 1 << (len(scores) - 1).bit_length())
    return np.asarray(from_keys(keys, w, int(k)))[: len(scores)].astype(np.int64)


assay.run(choice, "sampler/gumbel_top_k", outputs=["indices"], words=BITS,
          name="jax choice, no replacement", version=jax.__version__, only={"tilt": "weights"})
