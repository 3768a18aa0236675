"""Whether pyarrow reads a file with separators as the strict reader does; if not sure, the answer is no.

pyarrow is some ten times as fast, but it accepts a quote that never closes and text behind a closing quote.
"""

from __future__ import annotations

import codecs

import numpy as np

BLOCK = 2**24
"""Bytes that are looked at together."""

NUL, LINE_END, RETURN, QUOTE = 0, 10, 13, 34


def is_plain(content: np.ndarray, separator: str, quotes: bool) -> bool:
    """Whether a file is UTF-8 without NUL, single carriage returns and unusual quotes.

    Args:
        content: The bytes of the file, [n] uint8.
        separator: The character between fields.
        quotes: Whether fields may be quoted.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    opened = 0  # the number of quotes before the block
    for start in range(0, len(content), BLOCK):
        block = content[start : start + BLOCK]
        if (block == NUL).any() or not _is_text(decoder, block):
            return False
        returns = np.flatnonzero(block == RETURN) + start
        if len(returns) and (_after(content, returns) != LINE_END).any():
            return False
        if quotes:
            at = np.flatnonzero(block == QUOTE) + start
            if not _are_usual(content, at, opened, ord(separator)):
                return False
            opened += len(at)
    return opened % 2 == 0 and _is_text(decoder, content[:0], final=True)


def _is_text(decoder: codecs.IncrementalDecoder, block: np.ndarray, final: bool = False) -> bool:
    if not final and not decoder.getstate()[0] and (block < 128).all():
        return True
    try:
        decoder.decode(block.tobytes(), final)
    except UnicodeDecodeError:
        return False
    return True


def _are_usual(content: np.ndarray, at: np.ndarray, before: int, separator: int) -> bool:
    """Whether quotes at the positions ``at`` stand only around fields, or twice inside these.

    Of all quotes of the file, the first, the third and so on then open a field or are the second of two in a
    row; the others close a field or are the first of two.
    """
    opening, closing = at[before % 2 :: 2], at[1 - before % 2 :: 2]
    ahead = content[np.maximum(opening - 1, 0)]
    starts = np.isin(ahead, (separator, LINE_END, QUOTE)) | (opening == 0)
    ends = np.isin(_after(content, closing), (separator, LINE_END, RETURN, QUOTE))
    return bool(starts.all() and ends.all())


def _after(content: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The bytes behind the positions ``at``; behind the last byte of a file is the end of a line."""
    following: np.ndarray = np.where(
        at + 1 < len(content), content[np.minimum(at + 1, len(content) - 1)], LINE_END
    )
    return following
