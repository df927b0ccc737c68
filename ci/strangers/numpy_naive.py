# SPDX-License-Identifier: Apache-2.0
"""InfoNCE as the formula is printed: log(sum(exp)) without the row maximum. Overflows."""
import numpy as np

import assay


def info_nce(a, b, temperature, directions):
    if directions == "joint-block":  # every vector against all others; its positive is its other view
        rows = keys = np.concatenate([a, b])
        positive = np.roll(np.arange(len(rows)), len(a))
    else:
        rows, keys, positive = a, b, np.arange(len(a))
    s = rows @ keys.T / np.float32(temperature)
    e = np.exp(s)
    if rows is keys:
        np.fill_diagonal(e, 0)
    row_lse = np.log(e.sum(axis=1))
    row_loss = row_lse - s[np.arange(len(s)), positive]
    return {"row_loss": row_loss, "row_lse": row_lse, "loss": row_loss.mean()}


assay.run(info_nce, "loss/info_nce", outputs=["row_loss", "row_lse", "loss"],
          name="numpy without maximum", version=np.__version__)
