"""Takes over the rows that earlier versions kept in files of their own, since they may have cost money."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from harness.text.row_file import DTYPE, RowFile


def take_over_rows(folder: Path, file: RowFile, width: Callable[[], int]) -> None:
    """Move the rows of a folder with `rows.f32` and `keys` into ``file``, and remove the folder.

    `rows.f32` holds the rows one after the other, `keys` one line for each row. A process that was killed
    may have left rows without a key behind the others. Only then ``width`` is asked how long a row is.
    """
    if not (folder / "keys").exists():
        return
    keys = (folder / "keys").read_text().split("\n")[:-1]
    numbers = (folder / "rows.f32").read_bytes() if (folder / "rows.f32").exists() else b""
    if keys and numbers:
        columns, rest = divmod(len(numbers), len(keys) * DTYPE.itemsize)
        row_bytes = (width() if rest else columns) * DTYPE.itemsize
        count = min(len(keys), len(numbers) // row_bytes)
        rows = np.frombuffer(numbers[: count * row_bytes], DTYPE).reshape(count, row_bytes // DTYPE.itemsize)
        file.add(keys[:count], rows)
        file.sync()
    shutil.rmtree(folder)


def take_over_table(path: Path, file: RowFile, keys: Sequence[str]) -> None:
    """Move the rows [n, T] of a `.npy` file into ``file`` under ``keys`` [n], and remove it.

    A damaged file is removed as well: its texts are encoded again.
    """
    if not path.exists():
        return
    with suppress(ValueError, EOFError):
        rows = np.load(path, allow_pickle=False)
        if rows.shape[:-1] == (len(keys),):
            file.add(keys, rows)
            file.sync()
    path.unlink()
