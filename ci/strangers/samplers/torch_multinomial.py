# SPDX-License-Identifier: Apache-2.0
"""torch.multinomial on the CPU, with replacement. Argument: float32 (default) or float64."""
import sys

import numpy as np
import torch

import assay
from problem import in_pieces, leading, one_seed, require_words, torch_generator, weights

PRECISION = sys.argv[1] if len(sys.argv) > 1 else "float32"


def multinomial(scores, stream, k, words=None, request=None, **rest):
    w = weights(scores, rest, PRECISION)
    if request == "table":  # it adds up in this format, divides, and takes the first sum >= u
        cdf = np.cumsum(w, dtype=w.dtype) / np.cumsum(w, dtype=w.dtype)[-1]
        ends = np.floor(np.ldexp(cdf.astype(np.float64), 53)).astype(np.uint64) + np.uint64(1)
        ends = np.append(np.minimum(ends[:-1], np.uint64(2**53)), np.uint64(2**53))
        return {"weights": np.diff(ends, prepend=np.uint64(0))[None]}
    p = torch.from_numpy(w)
    if words is not None:
        u = leading(words)
        # Two for one number: a single draw without replacement is another algorithm.
        draw = lambda g, n: torch.multinomial(p, max(n, 2), True, generator=g)[:n]
        return {"indices": in_pieces(draw, torch_generator, u)[None]}
    generator = torch.Generator().manual_seed(one_seed(stream))
    return {"indices": torch.multinomial(p.expand(len(scores), -1), int(k), True, generator=generator)}


require_words(torch_generator, lambda g, n: torch.rand(n, dtype=torch.float64, generator=g).numpy())
assay.run(multinomial, "sampler/inverse_cdf", outputs=["indices", "weights"], words=53,
          name=f"torch multinomial, {PRECISION}", version=torch.__version__, only={"tilt": "weights"})
