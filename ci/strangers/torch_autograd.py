# SPDX-License-Identifier: Apache-2.0
"""Gradients of InfoNCE by PyTorch's autograd through cross_entropy over the logits."""
import torch
from torch.nn.functional import cross_entropy

import assay


def info_nce_backward(a, b, temperature, directions, grad_loss, grad_row_loss=None):
    a, b = a.float().requires_grad_(), b.float().requires_grad_()  # widening is exact
    t = torch.tensor([temperature], dtype=torch.float32, requires_grad=True)
    if directions == "joint-block":  # every vector against all others; its positive is its other view
        rows = keys = torch.cat([a, b])
        positive = torch.arange(len(rows)).roll(len(a))
    else:
        rows, keys, positive = a, b, torch.arange(len(a))
    s = rows @ keys.T / t
    if rows is keys:
        s = s.masked_fill(torch.eye(len(rows), dtype=torch.bool), -torch.inf)
    row_loss = cross_entropy(s, positive, reduction="none")
    upstream = torch.zeros_like(row_loss) if grad_row_loss is None else grad_row_loss
    grads = torch.autograd.grad(
        [row_loss, row_loss.mean()], [a, b, t], [upstream, torch.tensor(grad_loss, dtype=torch.float32)])
    return dict(zip(["grad_a", "grad_b", "grad_temperature"], grads))


assay.run(info_nce_backward, "loss/info_nce", outputs=["grad_a", "grad_b", "grad_temperature"],
          name="torch autograd", version=torch.__version__, framework="torch",
          inputs=["f32", "bf16", "f16"])
