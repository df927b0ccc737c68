# SPDX-License-Identifier: Apache-2.0
"""scipy.stats.sampling.DiscreteAliasUrn: an alias table (UNU.RAN)."""
import numpy as np
import scipy
from scipy.stats.sampling import DiscreteAliasUrn

import assay
from problem import seeds, weights


def rvs(scores, stream, k, **rest):
    law = DiscreteAliasUrn(weights(scores, rest), random_state=np.random.default_rng(seeds(stream)))
    return law.rvs((len(scores), int(k))).astype(np.int64)


assay.run(rvs, "sampler/alias", outputs=["indices"],
          name="scipy DiscreteAliasUrn", version=scipy.__version__, only={"tilt": "weights"})
