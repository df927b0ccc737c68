# SPDX-License-Identifier: Apache-2.0
"""Known to be broken: a running sum of binary32 probabilities, not divided by its last entry; what
lies above it goes to the last column."""
import numpy as np

import assay
from problem import leading, seeds, weights


def draw(scores, stream, k, words=None, **rest):
    w = weights(scores, rest)
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise ValueError("not a law")
    cdf = np.cumsum((w / w.sum()).astype(np.float32), dtype=np.float32)
    if words is None:
        u = np.random.default_rng(seeds(stream)).random((len(scores), int(k)))
    else:
        u = leading(words)[None] * 2.0**-53
    return np.minimum(np.searchsorted(cdf, u, side="right"), len(w) - 1)


assay.run(draw, "sampler/inverse_cdf", outputs=["indices"], words=53,
          name="broken: binary32 sum, not normalised", only={"tilt": "weights"})
