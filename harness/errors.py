"""The errors that the harness raises on purpose, and hints that go with them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

LONGEST_NAME = 255
"""Bytes of the name of a file or folder."""


class InputError(ValueError):
    """Input from outside cannot be used. The message is one sentence: file, place, what was expected."""


class StoreError(InputError):
    """The store cannot be written or read. Nothing in it was changed."""


class RunFailed(Exception):
    """A run ended without a result. The message says where and why."""


class Interrupted(Exception):
    """Somebody asked the program to stop. The state of the last whole epoch is saved."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the known name that is nearest to ``word``, or a list of all names if none is near."""
    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    found = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.5)
    return f"did you mean {lowered[found[0]]!r}?" if found else f"expected one of {names}"


def check_names(path: Path) -> None:
    """Refuse a path that no file system has, before anything looks there.

    Raises:
        InputError: A name in it is too long.
    """
    longest = max((len(os.fsencode(name)) for name in path.parts), default=0)
    if longest > LONGEST_NAME:
        raise InputError(
            f"a path has a name of {longest:,} bytes; expected at most {LONGEST_NAME} between two slashes"
        )
