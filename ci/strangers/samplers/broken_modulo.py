# SPDX-License-Identifier: Apache-2.0
"""Known to be broken: the remainder of a 15-bit random number, as rand() % n once was."""
import numpy as np

import assay
from problem import excluded, seeds


def draw(scores, stream, k, words=None, **rest):
    allowed = np.flatnonzero(~excluded(scores, rest))
    if words is None:
        rand = np.random.default_rng(seeds(stream)).integers(2**15, size=(len(scores), int(k)))
    else:
        rand = words.reshape(1, -1) >> 17
    return allowed[rand % len(allowed)]


assay.run(draw, "sampler/uniform", outputs=["indices"], words=24, name="broken: remainder of 15 bits")
