# SPDX-License-Identifier: Apache-2.0
"""numpy.random.Generator.multinomial. Its counts are expanded to columns and these put in a random
order: independent draws exactly if the counts are multinomial."""
import numpy as np

import assay
from problem import probabilities, seeds


def multinomial(scores, stream, k, **rest):
    p, rng = probabilities(scores, rest), np.random.default_rng(seeds(stream))
    counts = rng.multinomial(int(k), p, size=len(scores))
    return np.stack([rng.permutation(np.repeat(np.arange(len(p)), c)) for c in counts])


assay.run(multinomial, "sampler/inverse_cdf", outputs=["indices"],
          name="numpy multinomial", version=np.__version__, only={"tilt": "weights"})
