"""Recognises a refusal by how it begins, in every language of `refusals.yaml`."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("refusals.yaml")

LONGEST_BEGINNING = 200
"""Characters of a text that are looked at."""

LAST_OF_SPACED = "\u052f"
"""The last Latin, Greek or Cyrillic letter. Only there a word must end where the listed beginning ends."""


def is_refusal(text: str) -> bool:
    """Whether a text begins as refusals do, behind quotation marks or the like."""
    return bool(_beginnings().match(_plain(text[:LONGEST_BEGINNING])))


@cache
def _beginnings() -> re.Pattern[str]:
    by_language = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    beginnings = [_plain(beginning) for language in by_language.values() for beginning in language]
    ends = [r"(?![^\W_])" if beginning[-1] <= LAST_OF_SPACED else "" for beginning in beginnings]
    whole = "|".join(re.escape(words) + end for words, end in zip(beginnings, ends, strict=True))
    return re.compile(rf"[\W_]*(?:{whole})")


def _plain(text: str) -> str:
    """The text with plain apostrophes, composed letters and single spaces, in lower case."""
    composed = unicodedata.normalize("NFKC", text).replace("’", "'").replace("`", "'")
    return " ".join(composed.casefold().split())
