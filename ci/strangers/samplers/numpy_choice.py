# SPDX-License-Identifier: Apache-2.0
"""numpy.random.Generator.choice with weights and with replacement."""
import numpy as np

import assay
from problem import in_pieces, leading, numpy_generator, probabilities, require_words, seeds


def choice(scores, stream, k, words=None, request=None, **rest):
    p = probabilities(scores, rest)
    if request == "table":  # choice forms this sum; words below cdf[j] 2^53 give a column up to j
        cdf = p.cumsum() / p.cumsum()[-1]
        ends = np.ceil(np.ldexp(cdf, 53)).astype(np.uint64)
        return {"weights": np.diff(ends, prepend=np.uint64(0))[None]}
    if words is not None:
        draws = in_pieces(lambda g, n: g.choice(len(p), n, p=p), numpy_generator, leading(words))[None]
    else:
        draws = np.random.default_rng(seeds(stream)).choice(len(p), (len(scores), int(k)), p=p)
    return {"indices": draws}


require_words(numpy_generator, lambda g, n: g.random(n))
assay.run(choice, "sampler/inverse_cdf", outputs=["indices", "weights"], words=53,
          name="numpy choice", version=np.__version__, only={"tilt": "weights"})
