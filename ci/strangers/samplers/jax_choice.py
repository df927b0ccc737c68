# SPDX-License-Identifier: Apache-2.0
"""jax.random.choice with weights and with replacement, in binary32."""
import functools

import jax
import numpy as np

import assay
from jax_words import BITS, key_of, padded, seeded
from problem import weights


@jax.jit
def from_words(words, w):
    return jax.random.choice(key_of(words.reshape(-1)), w.size, (len(words),), p=w)


@functools.partial(jax.jit, static_argnums=2)
def from_key(key, w, shape):
    return jax.random.choice(key, w.size, shape, p=w)


def choice(scores, stream, k, words=None, **rest):
    w = weights(scores, rest, np.float32)
    if words is not None:
        given, trials = padded(words)
        return np.asarray(from_words(given, w))[None, :trials].astype(np.int64)
    return np.asarray(from_key(seeded(stream), w, (len(scores), int(k)))).astype(np.int64)


assay.run(choice, "sampler/inverse_cdf", outputs=["indices"], words=BITS, name="jax choice",
          version=jax.__version__, only={"tilt": "weights"})
