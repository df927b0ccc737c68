# SPDX-License-Identifier: Apache-2.0
"""What a candidate is: a callable with the promises it makes."""
import inspect
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

#: Formats of inputs that a candidate can promise to take.
FORMATS = ("f16", "bf16", "f32", "f64")


class Unsupported(Exception):
    """Raise it from a candidate to decline a shape, form or dtype: declining is no defect."""


@dataclass
class Candidate:
    """A callable and what it promises. Made by ``candidate`` and ``run``."""

    function: Callable[..., Any]
    contract: str
    outputs: List[str]
    name: str
    version: str = ""
    algorithm: str = "any-order"
    deterministic: bool = True
    framework: str = "numpy"
    device: str = "cpu"
    only: Dict[str, str] = field(default_factory=dict)
    inputs: List[str] = field(default_factory=lambda: ["f32"])
    bf16_bits: bool = False
    words: int = 0
    wants_op: bool = False

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)


#: The candidate of this process; ``serve`` speaks for it.
registered: List[Candidate] = []


def make(
    function: Callable[..., Any],
    contract: str,
    outputs: Sequence[str],
    name: Optional[str] = None,
    version: str = "",
    algorithm: str = "any-order",
    deterministic: bool = True,
    framework: str = "numpy",
    device: str = "cpu",
    only: Optional[Mapping[str, str]] = None,
    inputs: Sequence[str] = ("f32",),
    bf16_bits: bool = False,
    words: int = 0,
) -> Candidate:
    """Checks the words of a candidate. Raises ValueError or TypeError for wrong ones."""
    if not callable(function):
        raise TypeError(f"a candidate is a callable, not {type(function).__name__}")
    if isinstance(outputs, str) or not outputs:
        raise ValueError("outputs is a non-empty list of names, for example ['row_loss', 'loss']")
    if framework not in ("numpy", "torch"):
        raise ValueError(f"framework is 'numpy' or 'torch', not {framework!r}")
    if framework == "numpy" and device != "cpu":
        raise ValueError("device needs framework='torch'")
    if isinstance(inputs, str) or not inputs:
        raise ValueError("inputs is a non-empty list of formats, for example ['f32', 'bf16']")
    for format in inputs:
        if format not in FORMATS:
            raise ValueError(f"inputs are of {', '.join(FORMATS)}, not {format!r}")
    if bf16_bits and (framework != "numpy" or "bf16" not in inputs):
        raise ValueError("bf16_bits needs framework='numpy' and 'bf16' among the inputs")
    if isinstance(words, bool) or not isinstance(words, int) or not 0 <= words <= 64:
        raise ValueError(f"words is a number of bits from 1 to 64, or 0 for none, not {words!r}")
    return Candidate(
        function=function,
        contract=contract,
        outputs=list(outputs),
        name=name or getattr(function, "__name__", type(function).__name__),
        version=str(version),
        algorithm=algorithm,
        deterministic=bool(deterministic),
        framework=framework,
        device=device,
        only=dict(only or {}),
        inputs=list(inputs),
        bf16_bits=bool(bf16_bits),
        words=words,
        wants_op=_takes_keyword(function, "op"),
    )


def _takes_keyword(function: Callable[..., Any], name: str) -> bool:
    """Whether the callable can be given a keyword; False when it hides its signature."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    if name in parameters:
        return parameters[name].kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        )
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def candidate(contract: str, *, outputs: Sequence[str], **promises: Any) -> Callable[..., Candidate]:
    """Decorator that makes a callable the candidate of this process.

    contract       name of the contract, "loss/info_nce"
    outputs        names of the outputs it returns, required ones included; those of forward make it
                   a candidate for forward, those of backward for backward, both for both
    name, version  shown in the certificate; the name defaults to that of the callable
    algorithm      name of a stated algorithm of the contract, whose tighter budget then applies;
                   "any-order" (the default) promises no order of summation
    deterministic  promises bit-equal repeats (default); False makes each case run once
    framework      "numpy" (default) or "torch": what the callable is given
    device         with framework="torch": "cpu" (default), "cuda", ...
    only           {option: value} that it can do; other cases are declined as unsupported, and the
                   option is not passed on
    inputs         formats of inputs that it takes, ["f32"] (default) or more of "f16", "bf16", "f32",
                   "f64"; other cases are not asked
    bf16_bits      NumPy has no bfloat16, so that those inputs are widened to float32, exactly; True
                   gives their bits instead, as uint16
    words          samplers: it draws from the tensor ``words`` (uint32) when the case has one, and one
                   uniform number is their so many leading bits; 0 (default): it never does

    The callable gets inputs, parameters and options by name, and the operation, "forward" or
    "backward", as ``op`` if its signature has that name or ``**keywords``. An input that a case may
    lack (``grad_row_loss``) needs a default. It returns a dict of outputs, a tuple in the order of
    ``outputs``, or the one output; what the case does not want is dropped.
    """

    def decorate(function: Callable[..., Any]) -> Candidate:
        made = make(function, contract, outputs, **promises)
        registered.append(made)
        return made

    return decorate
