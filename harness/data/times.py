"""Times of interactions: numbers of any unit, milliseconds or dates, but one form in a source."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import pyarrow as pa

from harness.data.arrow_columns import dates, numbers
from harness.errors import InputError

DATES = "dates, which are read as UTC if they name no time zone"
MILLISECONDS = "milliseconds since 1970"
SECONDS = "seconds since 1970"
MIXED = f"{SECONDS} in some rows and {MILLISECONDS} in others"

YEARS = (3e8, 4e9)
"""Seconds since 1970 from 1979 to 2096. Numbers in this range are taken for seconds."""


def times(column: pa.ChunkedArray) -> tuple[np.ndarray, str | None]:
    """The times of a column [n], NaN for what is none, and their form if it is known.

    Dates become seconds since 1970, and numbers stay as they are. A column has dates if its first value is
    one.
    """
    values = numbers(column)
    if len(values) and not np.isfinite(values[0]):
        moments = dates(column)
        if np.isfinite(moments[0]):
            return moments, DATES
    return values, _unit(values)


def is_date(form: str | None) -> bool:
    """Whether times of this form are dates."""
    return form == DATES


def form_note(origin: str, forms: Set[str]) -> str | None:
    """A sentence on the form of a source's times; None if it is unknown, or seconds, which is the usual form.

    Raises:
        InputError: The source has times of several forms.
    """
    if len(forms) > 1 or MIXED in forms:
        what = MIXED if MIXED in forms else " and ".join(sorted(forms))
        raise InputError(f"{origin}: the times are {what}; expected one form in all rows")
    return None if forms <= {SECONDS} else f"the times are {next(iter(forms))}"


def _unit(values: np.ndarray) -> str | None:
    """The unit of numbers [n] that lie in the years around now; None if they do not."""
    first, last = YEARS
    seconds = int(np.count_nonzero((values >= first) & (values < last)))
    milliseconds = int(np.count_nonzero((values >= 1000 * first) & (values < 1000 * last)))
    if not len(values) or seconds + milliseconds < len(values):
        return None
    if seconds and milliseconds:
        return MIXED
    return SECONDS if seconds else MILLISECONDS
