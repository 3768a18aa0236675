"""Times of interactions: numbers of any unit, milliseconds or dates, but one form in a source."""

from __future__ import annotations

from collections.abc import Iterable, Set

import numpy as np
import pyarrow as pa

from harness.data.arrow_columns import dates, numbers
from harness.errors import InputError

DATES = "dates, which are read as UTC if they name no time zone"
MILLISECONDS = "milliseconds since 1970"
SECONDS = "seconds since 1970"

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


def no_time(cells: Iterable[str]) -> str | None:
    """The first cell that is no time, in a column whose first cell decides on the form; None if all are."""
    column = pa.chunked_array([pa.array(list(cells), pa.string())])
    bad = np.flatnonzero(~np.isfinite(times(column)[0]))
    return str(column[int(bad[0])]) if len(bad) else None


def is_date(form: str | None) -> bool:
    """Whether times of this form are dates."""
    return form == DATES


def form_note(origin: str, forms: Set[str]) -> str | None:
    """A sentence on the form of a source's times; None if it is unknown, or seconds, which is the usual form.

    Raises:
        InputError: The files of the source have times of several forms.
    """
    if len(forms) > 1:
        raise InputError(
            f"{origin}: the times are {' and '.join(sorted(forms))}; expected one form in all files"
        )
    return None if forms <= {SECONDS} else f"the times are {next(iter(forms))}"


def other_unit(values: np.ndarray) -> tuple[int, str] | None:
    """The first number whose unit is not that of the first number, and its unit; None if there is none.

    Numbers count only if all of them lie in the years around now, in one of the two units.
    """
    seconds, milliseconds = _in_seconds(values), _in_seconds(values / 1000)
    if not len(values) or not (seconds | milliseconds).all() or seconds.all() or milliseconds.all():
        return None
    others = milliseconds if seconds[0] else seconds
    return int(np.argmax(others)), MILLISECONDS if seconds[0] else SECONDS


def _unit(values: np.ndarray) -> str | None:
    """The unit of numbers [n] that all lie in the years around now; None if they do not."""
    if len(values) and _in_seconds(values).all():
        return SECONDS
    return MILLISECONDS if len(values) and _in_seconds(values / 1000).all() else None


def _in_seconds(values: np.ndarray) -> np.ndarray:
    """Which numbers [n] are times around now, if they are seconds since 1970."""
    first, last = YEARS
    around: np.ndarray = (values >= first) & (values < last)
    return around
