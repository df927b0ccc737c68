# SPDX-License-Identifier: Apache-2.0
"""A generator for JAX whose key is its words: a key type of its own, defined by the public
jax.extend.random.define_prng_impl, so that nothing of JAX is patched. JAX makes binary32 uniform
numbers of the 23 leading bits of a word."""
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import define_prng_impl

BITS = 23


def _refuse(*_):
    raise NotImplementedError("a key of given words is used once")


@functools.lru_cache(maxsize=None)
def _kind(size):
    def bits(key, width, shape):
        if width != 32 or int(np.prod(shape)) != size:
            raise NotImplementedError(f"{shape} words of {width} bits, where {size} of 32 were given")
        return key.reshape(shape)

    return define_prng_impl(key_shape=(size,), seed=_refuse, split=_refuse, random_bits=bits,
                            fold_in=_refuse, name="given words", tag=f"given{size}")


def key_of(words):
    """A key that gives these words (an array of JAX, also a traced one)."""
    return jax.random.wrap_key_data(words, impl=_kind(words.size))


def seeded(stream):
    """A key of JAX's own generator from seed and call."""
    low, high = int(stream[0]) & 0xFFFFFFFF, int(stream[0]) >> 32
    key = jax.random.fold_in(jax.random.key(0), np.uint32(low))
    return jax.random.fold_in(jax.random.fold_in(key, np.uint32(high)), np.uint32(stream[1]))


def padded(words):
    """Words per trial, (trials, words), with the trials filled up to a power of two, so that JAX
    compiles for few shapes; and how many there are."""
    flat = words.reshape(-1, words.shape[-1])
    full = np.zeros((1 << (len(flat) - 1).bit_length(), flat.shape[1]), dtype=np.uint32)
    full[: len(flat)] = flat
    return jnp.asarray(full), len(flat)
