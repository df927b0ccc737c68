# SPDX-License-Identifier: Apache-2.0
"""The conversation with ``assay certify`` on standard input and output."""
import functools
import json
import os
import sys
import traceback
from typing import Any, BinaryIO, Callable, Dict, Mapping, Optional, Sequence, Tuple

from . import candidates, frames, tensors
from .candidates import Candidate, Unsupported
from .frames import Array

PROTOCOL = "pipe/1"


def run(function: Callable[..., Any], contract: str, *, outputs: Sequence[str], **promises: Any) -> None:
    """Serves one callable: ``candidate`` and ``serve`` in one call. Returns at the end of input."""
    serve(candidates.make(function, contract, outputs, **promises))


def serve(candidate: Optional[Candidate] = None) -> None:
    """Answers the checker until it closes the pipe.

    Speaks for ``candidate``, or for the one that the decorator registered. Standard output is
    pointed at standard error meanwhile, also for C libraries, so that prints cannot end up between
    frames.
    """
    if candidate is None:
        if len(candidates.registered) != 1:
            raise ValueError(f"serve() needs one candidate; {len(candidates.registered)} registered")
        candidate = candidates.registered[0]
    incoming, outgoing = _take_pipes()
    try:
        converse(candidate, incoming, outgoing)
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the checker is gone, or is being stopped: nobody is left to tell
    except EOFError as error:
        sys.exit(f"assay: {error}")


def converse(candidate: Candidate, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """The protocol itself: a greeting, then a reply to each request."""
    frames.write(outgoing, frames.dump(greeting(candidate), {}))
    while True:
        frame = frames.read(incoming)
        if frame is None:
            return
        metadata, arrays = answer(candidate, frame)
        frames.write(outgoing, frames.dump(metadata, arrays))


def greeting(candidate: Candidate) -> Dict[str, str]:
    """What a candidate says about itself."""
    return {
        "assay": PROTOCOL,
        "contract": candidate.contract,
        "name": candidate.name,
        "version": candidate.version,
        "outputs": json.dumps(candidate.outputs),
        "inputs": json.dumps(candidate.inputs),
        "algorithm": candidate.algorithm,
        "deterministic": "true" if candidate.deterministic else "false",
        **({"words": str(candidate.words)} if candidate.words else {}),
    }


def answer(candidate: Candidate, frame: bytes) -> Tuple[Dict[str, str], Dict[str, Array]]:
    """One reply: metadata with a status, and the outputs when it is "ok"."""
    metadata, inputs = frames.load(frame)
    identity = {"id": metadata["id"]} if "id" in metadata else {}
    try:
        result = _call(candidate, metadata, inputs)
    except _InputWritten as error:
        return {"status": "input_written", "why": str(error), **identity}, {}
    except (Unsupported, NotImplementedError) as error:
        return {"status": "unsupported", "why": _one_line(error), **identity}, {}
    except Exception as error:  # whatever a stranger raises
        traceback.print_exc()
        return {"status": "error", "why": _one_line(error), **identity}, {}
    return {"status": "ok", **identity}, result


class _InputWritten(Exception):
    pass


def _call(
    candidate: Candidate, metadata: Mapping[str, str], inputs: Mapping[str, Array]
) -> Dict[str, Array]:
    options = json.loads(metadata.get("options", "{}"))
    for option, value in candidate.only.items():
        if options.pop(option, value) != value:
            raise Unsupported(f"only {option} = {value}")
    scalars = {name: float(value) for name, value in json.loads(metadata["params"]).items()}
    wanted = json.loads(metadata["outputs"])
    operation = {"op": metadata.get("op", "forward")} if candidate.wants_op else {}
    given = functools.partial(
        tensors.given,
        framework=candidate.framework,
        device=candidate.device,
        bf16_bits=candidate.bf16_bits,
    )
    arguments = {name: given(array) for name, array in inputs.items()}
    result = candidate.function(**arguments, **scalars, **_as_keywords(options), **operation)
    for name, array in inputs.items():
        if tensors.bits(arguments[name]) != tensors.bits(given(array)):
            raise _InputWritten(f"input '{name}' was changed in place")
    return _outputs(candidate, result, wanted)


def _as_keywords(options: Mapping[str, str]) -> Dict[str, str]:
    return {name.replace("-", "_"): value for name, value in options.items()}


def _outputs(candidate: Candidate, result: Any, wanted: Mapping[str, Any]) -> Dict[str, Array]:
    """Names the results, drops those that this case does not want, and converts the rest."""
    if isinstance(result, Mapping):
        named = dict(result)
    elif isinstance(result, tuple):
        if len(result) != len(candidate.outputs):
            raise ValueError(
                f"{len(result)} results for the outputs {candidate.outputs}; "
                "return a dict when the operations have different ones"
            )
        named = dict(zip(candidate.outputs, result))
    elif len(candidate.outputs) == 1:
        named = {candidate.outputs[0]: result}
    else:
        raise TypeError(f"one {type(result).__name__} for the outputs {candidate.outputs}")
    for name in named:
        if name not in candidate.outputs:
            raise ValueError(f"output '{name}' is not among the declared {candidate.outputs}")
    return {
        name: tensors.returned(
            value, tensors.name_of_dtype(wanted[name]["dtype"]), wanted[name]["shape"]
        )
        for name, value in named.items()
        if name in wanted
    }


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _take_pipes() -> Tuple[BinaryIO, BinaryIO]:
    """Keeps the pipes to the checker for the protocol alone."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # a candidate that reads from the terminal must not eat frames
    os.close(null)
    sys.stdout.flush()
    os.dup2(2, 1)
    return incoming, outgoing
