# SPDX-License-Identifier: Apache-2.0
"""InfoNCE in NumPy: log-sum-exp with the row maximum taken out."""
import numpy as np

import assay


def info_nce(a, b, temperature, directions):
    if directions == "joint-block":  # every vector against all others; its positive is its other view
        rows = keys = np.concatenate([a, b])
        positive = np.roll(np.arange(len(rows)), len(a))
    else:
        rows, keys, positive = a, b, np.arange(len(a))
    s = rows @ keys.T / np.float32(temperature)
    if rows is keys:
        np.fill_diagonal(s, -np.inf)
    top = s.max(axis=1)
    row_lse = top + np.log(np.exp(s - top[:, None]).sum(axis=1))
    row_loss = row_lse - s[np.arange(len(s)), positive]
    return {"row_loss": row_loss, "row_lse": row_lse, "loss": row_loss.mean()}


assay.run(info_nce, "loss/info_nce", outputs=["row_loss", "row_lse", "loss"],
          name="numpy logsumexp", version=np.__version__)
