# SPDX-License-Identifier: Apache-2.0
"""Known to be broken: inversion against a total without the last column."""
import numpy as np

import assay
from problem import leading, seeds, weights


def draw(scores, stream, k, words=None, **rest):
    w = weights(scores, rest)
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise ValueError("not a law")
    if words is None:
        u = np.random.default_rng(seeds(stream)).random((len(scores), int(k)))
    else:
        u = leading(words)[None] * 2.0**-53
    return np.searchsorted(np.cumsum(w), u * w[:-1].sum(), side="right")


assay.run(draw, "sampler/inverse_cdf", outputs=["indices"], words=53, name="broken: last column lost",
          only={"tilt": "weights"})
