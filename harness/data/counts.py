"""Counts with their nouns, for sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as ``1 user`` or ``1,204 users``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def a_or_an(noun: str) -> str:
    """A noun with its article, such as ``a title`` or ``an intent``."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
