"""Lines of YAML with comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

COMMENT_COLUMN = 52
"""Where comments begin, if the line leaves room."""


def line(text: str, comment: str) -> str:
    """A line with a comment after it."""
    return f"{text:<{COMMENT_COLUMN}}# {comment}"


def scalar(value: str) -> str:
    """A text as YAML reads it back: plain if it may be, else in quotes."""
    plain = re.fullmatch(r"[\w./][\w./ -]*", value) and value == value.strip()
    return value if plain and yaml.safe_load(value) == value else json.dumps(value)


def listed(values: Iterable[str]) -> str:
    """Texts as a list on one line."""
    return f"[{', '.join(map(scalar, values))}]"
