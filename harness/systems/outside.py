"""Backbones, alignments and classics that are no part of this project.

A plan names one by its import path, such as ``my_models.intent:MyBackbone``. A package may also announce its
own under a name, by an entry point of one of ``GROUPS``.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.systems import recbole_models

GROUPS = {
    "backbone": "intentbench.backbones",
    "alignment": "intentbench.alignments",
    "classic": "intentbench.classics",
}
"""The group of entry points for each kind of part."""

HYPER = "hyper_parameters"
"""The attribute of a class or function with the dataclass that declares its hyper-parameters."""


@dataclass(frozen=True)
class NoHyperParameters:
    """The hyper-parameters of a part that declares none."""


@cache
def announced(kind: str) -> dict[str, str]:
    """The import paths of the parts of a kind that installed packages announce, by name."""
    return {point.name: point.value for point in entry_points(group=GROUPS[kind])}


def path_of(kind: str, name: str) -> str | None:
    """The import path of a part that is not ours: its name, or what its name is announced for."""
    if name.startswith(recbole_models.PREFIX):
        return None  # a whole system, and no part
    return name if ":" in name else announced(kind).get(name)


def look_in(folder: Path) -> None:
    """Let import paths begin in a folder: that of a plan."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@cache
def load(path: str) -> Callable[..., Any]:
    """The class or function at an import path.

    Raises:
        InputError: The module cannot be imported, or has nothing of this name.
    """
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:  # the module is somebody's own code, and may raise anything
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name.partition(".")[0]
        reason = "there is no such module" if missing else f"{type(error).__name__}: {error}"
        raise InputError(
            f"{path!r} cannot be imported ({reason}); expected MODULE:CLASS, with the module beside the plan "
            "or installed"
        ) from error
    if not hasattr(module, name):
        public = [
            each for each, part in vars(module).items() if getattr(part, "__module__", "") == module_name
        ]
        raise InputError(f"{path!r}: the module {module_name} has no {name!r}; {did_you_mean(name, public)}")
    part: Callable[..., Any] = getattr(module, name)
    return part


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


def source_checksum(path: str) -> str:
    """A hash of the file that a part is written in: 16 hexadecimal digits."""
    file = inspect.getsourcefile(load(path))
    assert file is not None, "what was imported from Python code has a file"
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
