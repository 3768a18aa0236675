"""Columns of tables as arrays: ids as numbers with a dictionary, ratings and times as numbers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from harness.data.json_lines import words

NO_TEXT = {
    "list": "a list", "large_list": "a list", "fixed_size_list": "a list", "struct": "an object",
    "map": "an object", "bool": "a truth value", "binary": "bytes", "large_binary": "bytes",
}  # fmt: skip
"""What a sentence calls the values of a column that is no column of ids or numbers, by the column's type."""


def kind_of(kind: Any) -> str:
    """The name of a type, without the types inside it: ``list`` for a list of texts."""
    return str(kind).split("<")[0].split("[")[0]


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column's values as texts. Whole numbers have no decimals: 12 is never ``12.0``. Null is empty.

    Lists and objects are written in words, as those of JSON lines are.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.fill_null("")
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.array([""] * len(column), pa.string())])
    if kind_of(kind) in NO_TEXT:
        return pa.chunked_array([pa.array([words(value) for value in column.to_pylist()], pa.string())])
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
        if pc.all(pc.equal(pc.round(column), column)).as_py():
            with suppress(pa.ArrowInvalid):  # too large for a whole number; its text has an exponent
                column = column.cast(pa.int64())  # whole numbers become floats where one is missing
    return column.cast(pa.string()).fill_null("")


def encoded(column: pa.ChunkedArray) -> pd.Categorical:
    """Ids as numbers, with each id once as a text, in the order of the texts."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # it has no chunk, or one
        whole = pa.concat_arrays(whole.chunks) if whole.chunks else pa.array([], whole.type)
    names = as_text(pa.chunked_array([whole.dictionary])).combine_chunks()
    numbers = whole.indices
    if numbers.null_count:
        numbers = numbers.fill_null(len(names))
        names = pa.concat_arrays([names, pa.array([""], names.type)])
    unique, number_of = np.unique(np.asarray(names.to_pylist(), dtype=object), return_inverse=True)
    codes = number_of.astype(np.int32)[numbers.to_numpy(zero_copy_only=False)]
    return pd.Categorical.from_codes(codes, categories=pd.Index(unique, dtype=object))


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """A column as numbers [n]; NaN where a cell is none. Texts are read as pandas reads them."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        if pa.types.is_decimal(kind):
            column = column.cast(pa.float64())
        return np.asarray(column)
    if kind_of(kind) in NO_TEXT or pa.types.is_temporal(kind):
        return np.full(len(column), np.nan)
    if len(column) and pc.all(pc.ascii_is_decimal(column)).as_py():
        with suppress(pa.ArrowInvalid):  # more digits than 64 bits hold
            return np.asarray(column.cast(pa.int64()))
    return _by_value(column, lambda texts: pd.to_numeric(texts, errors="coerce"))


def dates(column: pa.ChunkedArray) -> np.ndarray:
    """A column of dates as seconds since 1970 [n], in UTC unless they say otherwise; NaN for other cells."""
    if pa.types.is_temporal(column.type):
        micro = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
        seconds: np.ndarray = micro.cast(pa.int64()).cast(pa.float64()).to_numpy() / 1e6
        return seconds
    return _by_value(column, _seconds)


def _seconds(texts: pd.Series) -> np.ndarray:
    """Texts such as 2014-07-31 or 2014-07-31T12:00:00Z as seconds since 1970; NaN for others."""
    moments = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    return np.asarray((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), dtype=float)


def _by_value(column: pa.ChunkedArray, read: Any) -> np.ndarray:
    """What ``read`` makes of a column of texts, reading each different text once, [n]."""
    cells = encoded(column)
    values = np.asarray(read(pd.Series(cells.categories, dtype=object)))
    return values[cells.codes] if len(values) else np.empty(0)
