# SPDX-License-Identifier: Apache-2.0
"""What a candidate is: a callable with the promises it makes."""
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence


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
    )


def candidate(contract: str, *, outputs: Sequence[str], **promises: Any) -> Callable[..., Candidate]:
    """Decorator that makes a callable the candidate of this process.

    contract       name of the contract, "loss/info_nce"
    outputs        names of the outputs it returns, required ones included
    name, version  shown in the certificate; the name defaults to that of the callable
    algorithm      name of a stated algorithm of the contract, whose tighter budget then applies;
                   "any-order" (the default) promises no order of summation
    deterministic  promises bit-equal repeats (default); False makes each case run once
    framework      "numpy" (default) or "torch": what the callable is given
    device         with framework="torch": "cpu" (default), "cuda", ...
    only           {option: value} that it can do; other cases are declined as unsupported, and the
                   option is not passed on

    The callable gets inputs, parameters and options by name. It returns a dict of outputs, a tuple
    in the order of ``outputs``, or the one output.
    """

    def decorate(function: Callable[..., Any]) -> Candidate:
        made = make(function, contract, outputs, **promises)
        registered.append(made)
        return made

    return decorate
