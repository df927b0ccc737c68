# SPDX-License-Identifier: Apache-2.0
"""torch.multinomial on the CPU, without replacement. Argument: float32 (default) or float64."""
import sys

import numpy as np
import torch

import assay
from problem import in_pieces, leading, one_seed, require_words, torch_generator, weights

PRECISION = sys.argv[1] if len(sys.argv) > 1 else "float32"


def multinomial(scores, stream, k, words=None, **rest):
    p, k = torch.from_numpy(weights(scores, rest, PRECISION)), int(k)
    if words is None:
        generator = torch.Generator().manual_seed(one_seed(stream))
        return torch.multinomial(p.expand(len(scores), -1), k, generator=generator)
    # It races with -log(1 - v); a word says in which cell u = 1 - v lies.
    v = np.uint64(2**53 - 1) - leading(words)
    draw = lambda g, n: torch.multinomial(p.expand(n, -1), k, generator=g)
    return in_pieces(draw, torch_generator, v, each=len(p))


require_words(torch_generator, lambda g, n: torch.rand(n, dtype=torch.float64, generator=g).numpy())
assay.run(multinomial, "sampler/gumbel_top_k", outputs=["indices"], words=53,
          name=f"torch multinomial, no replacement, {PRECISION}", version=torch.__version__,
          only={"tilt": "weights"})
