# SPDX-License-Identifier: Apache-2.0
"""scipy.stats.rv_discrete of given values: inversion of its cumulative sum."""
import numpy as np
import scipy
from scipy.stats import rv_discrete

import assay
from problem import in_pieces, leading, numpy_generator, probabilities, seeds


def rvs(scores, stream, k, words=None, **rest):
    p = probabilities(scores, rest)
    if len(p) > 4096:
        raise assay.Unsupported("it compares every number with every column: minutes for 32000")
    law = rv_discrete(values=(np.arange(len(p)), p))
    if words is not None:
        return in_pieces(lambda g, n: law.rvs(size=n, random_state=g), numpy_generator, leading(words))[None]
    # In pieces, so that the comparisons fit into memory.
    rng, n, step = np.random.default_rng(seeds(stream)), len(scores) * int(k), max(1, 2**24 // len(p))
    parts = [law.rvs(size=min(step, n - at), random_state=rng) for at in range(0, n, step)]
    return np.concatenate(parts).reshape(len(scores), -1)


assay.run(rvs, "sampler/inverse_cdf", outputs=["indices"], words=53, name="scipy rv_discrete",
          version=scipy.__version__, only={"tilt": "weights"})
