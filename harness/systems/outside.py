"""What kind of system a class or function from outside is."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass

from harness.errors import InputError
from harness.outside import load

HYPER = "hyper_parameters"
"""The attribute of a class or function with the dataclass that declares its hyper-parameters."""


@dataclass(frozen=True)
class NoHyperParameters:
    """The hyper-parameters of a part that declares none."""


def kind_of(path: str) -> str:
    """``alignment``, ``backbone`` or ``classic``.

    Raises:
        InputError: It is none of them, or its hyper-parameters are no dataclass.
    """
    from models.core import Alignment  # lines of our own systems are read without torch

    part = load(path)
    declared = getattr(part, HYPER, NoHyperParameters)
    if not (isinstance(declared, type) and is_dataclass(declared)):
        raise InputError(f"{path!r}: {HYPER} is {declared!r}; expected a dataclass")
    if isinstance(part, type) and issubclass(part, Alignment):
        return "alignment"
    if isinstance(part, type):
        lacking = [
            name for name in ("forward", "ego", "encode", "ranking", "terms") if not hasattr(part, name)
        ]
        if lacking:
            what = "is no torch.nn.Module" if lacking[0] == "forward" else f"has no {lacking[0]}"
            raise InputError(
                f"{path!r} is no backbone, since it {what}, and no alignment, since it does not inherit from "
                "models.core.Alignment"
            )
        return "backbone"
    if callable(part) and hasattr(part, HYPER):
        return "classic"
    raise InputError(f"{path!r} is {part!r}; expected a class, or a function with the attribute {HYPER}")
