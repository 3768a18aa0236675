"""A hint for a word that is not among the known ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest right name, or the list of names where none is near."""
    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    found = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.5)
    return f"did you mean {lowered[found[0]]!r}?" if found else f"expected one of {names}"
