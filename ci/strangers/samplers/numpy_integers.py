# SPDX-License-Identifier: Apache-2.0
"""numpy.random.Generator.integers over the columns allowed."""
import numpy as np

import assay
from problem import excluded, seeds


def integers(scores, stream, k, **rest):
    allowed, rng = np.flatnonzero(~excluded(scores, rest)), np.random.default_rng(seeds(stream))
    return allowed[rng.integers(len(allowed), size=(len(scores), int(k)))]


assay.run(integers, "sampler/uniform", outputs=["indices"],
          name="numpy integers", version=np.__version__)
