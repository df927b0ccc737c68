# SPDX-License-Identifier: Apache-2.0
"""Between the arrays of a frame and what a callable is given and returns."""
from typing import Any, List, Optional

import numpy as np

from .frames import DTYPES, Array


def given(array: Array, framework: str, device: str, bf16_bits: bool = False) -> Any:
    """A writable copy of an input in the framework's own type, so that changes can be noticed.

    bfloat16 is ``torch.bfloat16`` there; for NumPy it is widened to float32, or its bits as uint16.
    """
    copy = array.data.copy()
    if framework == "torch":
        import torch

        if array.format in ("U32", "U64"):
            raise NotImplementedError(f"PyTorch has no {array.format}")
        if array.format == "BF16":
            return torch.from_numpy(copy.view(np.int16)).view(torch.bfloat16).to(device)
        return torch.from_numpy(copy).to(device)
    if array.format == "BF16" and not bf16_bits:  # NumPy lacks it; widening to binary32 is exact
        return (copy.astype(np.uint32) << 16).view(np.float32)
    return copy


def returned(value: Any, format: str, shape: List[int]) -> Array:
    """An output as it is sent. ``format`` and ``shape`` are those of the contract.

    Nothing is cast, because a conversion would hide what the callable computed, with two exceptions:
    a bare Python number is rounded to the contract's format, and one element may have any shape.
    """
    if type(value) in (int, float) and format != "BF16":
        array = Array(format, np.asarray(value, dtype=DTYPES[format]))
    else:
        array = _array_of(value)
    if array.data.size == 1 and int(np.prod(shape)) == 1:
        array.data = array.data.reshape(shape)
    return array


def bits(value: Any) -> bytes:
    """The bytes of something made by ``given``, all of them: a widened bfloat16 has low ones too."""
    return (value if isinstance(value, np.ndarray) else _array_of(value).data).tobytes()


def _array_of(value: Any) -> Array:
    if hasattr(value, "detach"):  # a torch tensor, on whatever device
        value = value.detach().cpu().contiguous()
        if str(value.dtype) == "torch.bfloat16":
            import torch

            return Array("BF16", value.view(torch.int16).numpy().view(np.uint16))
        return Array.of(value.numpy())
    return Array.of(np.asarray(value, order="C"))


def name_of_dtype(name: Optional[str]) -> str:
    """The safetensors name of a dtype name of the protocol: "f32" -> "F32"."""
    upper = (name or "").upper()
    if upper not in DTYPES:
        raise ValueError(f"unknown dtype {name!r}")
    return upper
