# SPDX-License-Identifier: Apache-2.0
"""scipy.stats.sampling.DiscreteGuideTable: inversion with a guide table (UNU.RAN)."""
import numpy as np
import scipy
from scipy.stats.sampling import DiscreteGuideTable

import assay
from problem import in_pieces, leading, numpy_generator, seeds, weights


def rvs(scores, stream, k, words=None, **rest):
    law = DiscreteGuideTable(weights(scores, rest))
    if words is not None:
        return in_pieces(lambda g, n: law.rvs(n, random_state=g), numpy_generator, leading(words))[None]
    return law.rvs((len(scores), int(k)), random_state=np.random.default_rng(seeds(stream)))


assay.run(lambda **case: rvs(**case).astype(np.int64), "sampler/inverse_cdf", outputs=["indices"], words=53,
          name="scipy DiscreteGuideTable", version=scipy.__version__, only={"tilt": "weights"})
