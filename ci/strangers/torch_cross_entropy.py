# SPDX-License-Identifier: Apache-2.0
"""InfoNCE as torch.nn.functional.cross_entropy over the logits: what most training scripts do."""
import torch
from torch.nn.functional import cross_entropy

import assay


def info_nce(a, b, temperature, directions):
    a, b = a.float(), b.float()  # widening is exact
    if directions == "joint-block":  # every vector against all others; its positive is its other view
        rows = keys = torch.cat([a, b])
        positive = torch.arange(len(rows)).roll(len(a))
    else:
        rows, keys, positive = a, b, torch.arange(len(a))
    s = rows @ keys.T / temperature
    if rows is keys:
        s.fill_diagonal_(-torch.inf)
    return {"row_loss": cross_entropy(s, positive, reduction="none"), "loss": cross_entropy(s, positive)}


assay.run(info_nce, "loss/info_nce", outputs=["row_loss", "loss"],
          name="torch cross_entropy", version=torch.__version__, framework="torch",
          inputs=["f32", "bf16", "f16"])
