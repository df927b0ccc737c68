# SPDX-License-Identifier: Apache-2.0
"""numpy.random.Generator.choice without weights and without replacement."""
import numpy as np

import assay
from problem import excluded, seeds


def choice(scores, stream, k, **rest):
    allowed, rng = np.flatnonzero(~excluded(scores, rest)), np.random.default_rng(seeds(stream))
    return np.stack([rng.choice(allowed, int(k), replace=False) for _ in scores])


assay.run(choice, "sampler/uniform_distinct", outputs=["indices"], deterministic=False,
          name="numpy choice, uniform, no replacement", version=np.__version__)
