# SPDX-License-Identifier: Apache-2.0
"""Gradients of InfoNCE in NumPy as they are derived on paper: softmax minus one-hot, two products."""
import numpy as np

import assay


def info_nce_backward(a, b, temperature, directions, grad_loss, grad_row_loss=0):
    t, a, b = np.float32(temperature), np.float32(a), np.float32(b)  # widening is exact
    if directions == "joint-block":  # every vector against all others; its positive is its other view
        rows = keys = np.concatenate([a, b])
        positive = np.roll(np.arange(len(rows)), len(a))
    else:
        rows, keys, positive = a, b, np.arange(len(a))
    s = rows @ keys.T / t
    logits = s.copy()
    if rows is keys:
        np.fill_diagonal(logits, -np.inf)
    e = np.exp(logits - logits.max(axis=1)[:, None])
    c = e / e.sum(axis=1)[:, None]
    c[np.arange(len(c)), positive] -= 1
    c *= (grad_row_loss + np.float32(grad_loss) / np.float32(len(c)) + np.zeros(len(c), np.float32))[:, None]
    grad_rows, grad_keys = c @ keys / t, c.T @ rows / t
    if rows is keys:
        grad_rows = grad_keys = grad_rows + grad_keys
    return {"grad_a": grad_rows[: len(a)], "grad_b": grad_keys[-len(a):],
            "grad_temperature": -(c * s).sum() / t}


assay.run(info_nce_backward, "loss/info_nce", outputs=["grad_a", "grad_b", "grad_temperature"],
          name="numpy softmax backward", version=np.__version__,
          inputs=["f32", "f16"])
