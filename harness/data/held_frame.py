"""A DataFrame as a part of a plan that is made in Python: its rows, and a digest that stands for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.data.arrow_columns import as_text
from harness.data.arrow_files import check_columns
from harness.data.text_files import require_columns
from harness.errors import InputError

NAME = "the DataFrame"


@dataclass(frozen=True)
class HeldFrame:
    """The wanted columns of a DataFrame, as they were when the plan was made.

    Attributes:
        digest: SHA-256 of the columns, in hexadecimal. Records keep it in place of the rows.
        table: The columns. None if the plan comes from a record.
    """

    digest: str
    table: pa.Table | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, frame: Any, columns: Sequence[str], plain: Sequence[str]) -> HeldFrame:
        """The columns of a DataFrame.

        Args:
            frame: The DataFrame.
            columns: The columns that are wanted.
            plain: Those of ids and numbers, which may hold no lists, objects or truth values.

        Raises:
            InputError: It is no DataFrame, lacks a column or has it twice, or a column has values of several
                kinds.
        """
        if not isinstance(frame, pd.DataFrame):
            raise InputError(f"frame is a {type(frame).__name__}; expected a pandas DataFrame")
        wanted = list(dict.fromkeys(columns))
        require_columns(NAME, [str(column) for column in frame.columns], wanted)
        try:
            table = pa.Table.from_pandas(frame[wanted], preserve_index=False).replace_schema_metadata()
        except (pa.ArrowException, TypeError, ValueError) as error:
            reason = str(error).split("\n")[0]
            raise InputError(
                f"{NAME}: a column has values of several kinds ({reason}); expected one kind in each"
            ) from None
        check_columns(NAME, table, plain)
        return cls(_digest(table), table)

    @classmethod
    def of_record(cls, digest: Any) -> HeldFrame:
        """What a record has of a DataFrame.

        Raises:
            InputError: The record has no digest.
        """
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise InputError("frame is no digest; expected 64 hexadecimal digits")
        return cls(digest)

    def rows(self) -> pa.Table:
        """The columns.

        Raises:
            InputError: The plan comes from a record, which does not have them.
        """
        if self.table is None:
            raise InputError(
                "the rows came from a DataFrame, which a store does not keep; expected the plan from Python"
            )
        return self.table


def _digest(table: pa.Table) -> str:
    """SHA-256 of a table, in hexadecimal, however its columns lie in memory."""
    state = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        state.update(f"{name} {column.type} {len(column)} ".encode())
        is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        values = np.asarray(column) if is_number else np.array(as_text(column).to_pylist(), dtype=object)
        state.update(pd.util.hash_array(values).tobytes())
    return state.hexdigest()
