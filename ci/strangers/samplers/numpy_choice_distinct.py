# SPDX-License-Identifier: Apache-2.0
"""numpy.random.Generator.choice with weights and without replacement."""
import numpy as np

import assay
from problem import probabilities, seeds


def choice(scores, stream, k, **rest):
    p, rng = probabilities(scores, rest), np.random.default_rng(seeds(stream))
    return np.stack([rng.choice(len(p), int(k), replace=False, p=p) for _ in scores])


assay.run(choice, "sampler/gumbel_top_k", outputs=["indices"], deterministic=False,
          name="numpy choice, no replacement", version=np.__version__, only={"tilt": "weights"})
