# SPDX-License-Identifier: Apache-2.0
"""torch.multinomial on the CPU, one draw per row: another algorithm, a race of exponentials.
Argument: float32 (default) or float64."""
import sys

import torch

import assay
from problem import one_seed, weights

PRECISION = sys.argv[1] if len(sys.argv) > 1 else "float32"


def multinomial(scores, stream, k, **rest):
    p = torch.from_numpy(weights(scores, rest, PRECISION))
    generator = torch.Generator().manual_seed(one_seed(stream))
    n, step = len(scores) * int(k), max(1, 2**24 // len(p))
    parts = [torch.multinomial(p.expand(min(step, n - at), -1), 1, generator=generator)
             for at in range(0, n, step)]
    return torch.cat(parts).reshape(len(scores), -1)


assay.run(multinomial, "sampler/exponential_race", outputs=["indices"], deterministic=False,
          name=f"torch multinomial, one draw, {PRECISION}", version=torch.__version__,
          only={"tilt": "weights"})
