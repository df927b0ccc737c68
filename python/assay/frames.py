# SPDX-License-Identifier: Apache-2.0
"""Frames of the pipe protocol: a u64 length and that many bytes of safetensors."""
import json
import struct
from dataclasses import dataclass
from typing import BinaryIO, Dict, Optional, Tuple

import numpy as np

#: Element formats by their safetensors name. NumPy has no bfloat16: its bits travel as ``uint16``.
DTYPES = {
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "U8": np.dtype("u1"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U32": np.dtype("<u4"),
    "U64": np.dtype("<u8"),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items() if name != "BF16"}


@dataclass
class Array:
    """An array with its element format: ``format`` is a key of ``DTYPES``."""

    format: str
    data: np.ndarray

    @staticmethod
    def of(data: np.ndarray) -> "Array":
        """Wraps a NumPy array. Raises TypeError for a dtype that the protocol does not have."""
        name = _NAMES.get(data.dtype.newbyteorder("<"))
        if name is None:
            raise TypeError(f"dtype {data.dtype} cannot be sent")
        return Array(name, data)


def dump(metadata: Dict[str, str], arrays: Dict[str, Array]) -> bytes:
    """Serialises strings and arrays as safetensors."""
    header: Dict[str, object] = {"__metadata__": metadata}
    parts, at = [], 0
    # Falling element size keeps every element aligned in the file.
    for name, array in sorted(arrays.items(), key=lambda item: -DTYPES[item[1].format].itemsize):
        raw = np.asarray(array.data, dtype=DTYPES[array.format], order="C").tobytes()
        header[name] = {
            "dtype": array.format,
            "shape": list(array.data.shape),
            "data_offsets": [at, at + len(raw)],
        }
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *parts])


def load(frame: bytes) -> Tuple[Dict[str, str], Dict[str, Array]]:
    """The inverse of ``dump``. The arrays are read-only views of ``frame``.

    Raises ValueError for bytes that are not safetensors.
    """
    if len(frame) < 8:
        raise ValueError("a safetensors frame has at least 8 bytes")
    (length,) = struct.unpack_from("<Q", frame)
    if length > len(frame) - 8:
        raise ValueError(f"header of {length} bytes in a frame of {len(frame)}")
    header = json.loads(frame[8 : 8 + length])
    if not isinstance(header, dict):
        raise ValueError("the header is not a JSON object")
    metadata = header.pop("__metadata__", {})
    data = memoryview(frame)[8 + length :]
    arrays = {}
    for name, entry in header.items():
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            raise ValueError(f"tensor '{name}' has the unknown dtype {entry['dtype']}")
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[begin:end], dtype=dtype)
        arrays[name] = Array(entry["dtype"], array.reshape(entry["shape"]))
    return metadata, arrays


def read(stream: BinaryIO) -> Optional[bytes]:
    """The next frame; None at the end of the stream. Raises EOFError inside a frame."""
    prefix = _read_exactly(stream, 8)
    if not prefix:
        return None
    if len(prefix) < 8:
        raise EOFError("the stream ended inside a length")
    (length,) = struct.unpack("<Q", prefix)
    frame = _read_exactly(stream, length)
    if len(frame) < length:
        raise EOFError(f"the stream ended after {len(frame)} of {length} bytes")
    return frame


def write(stream: BinaryIO, frame: bytes) -> None:
    """Sends a frame and flushes."""
    stream.write(struct.pack("<Q", len(frame)))
    stream.write(frame)
    stream.flush()


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    parts, missing = [], count
    while missing > 0:
        part = stream.read(min(missing, 1 << 24))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
