"""Code that is no part of this project: systems, encoders of texts, and sources of data.

A plan names one by its import path, such as ``my_models.intent:MyBackbone``. A package may also announce its
own under a name, by an entry point of one of ``GROUPS``.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.errors import InputError, did_you_mean

GROUPS = {
    "backbone": "intentbench.backbones",
    "alignment": "intentbench.alignments",
    "classic": "intentbench.classics",
    "encoder": "intentbench.encoders",
    "source": "intentbench.sources",
}
"""The group of entry points for each kind of part."""

RECBOLE = "recbole:"
"""How the line of a model of RecBole begins, which is a whole system and no import path."""


@cache
def announced(kind: str) -> dict[str, str]:
    """The import paths of the parts of a kind that installed packages announce, by name."""
    return {point.name: point.value for point in entry_points(group=GROUPS[kind])}


def path_of(kind: str, name: str) -> str | None:
    """The import path of a part that is not ours: its name, or what its name is announced for."""
    if name.startswith(RECBOLE):
        return None
    return name if ":" in name else announced(kind).get(name)


def function_of(kind: str, name: str) -> Callable[..., Any]:
    """The function that an import path stands for, or that a package announces under a name.

    Raises:
        InputError: Nothing is announced under the name, or the path cannot be imported.
    """
    path = path_of(kind, name)
    if path is None:
        raise InputError(
            f"{kind} {name!r}: {did_you_mean(name, announced(kind))}; an import path is written as "
            "MODULE:FUNCTION"
        )
    return load(path)


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


def source_checksum(path: str) -> str:
    """A hash of the file that a part is written in: 16 hexadecimal digits."""
    file = inspect.getsourcefile(load(path))
    assert file is not None, "what was imported from Python code has a file"
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
