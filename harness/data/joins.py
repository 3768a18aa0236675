"""What a file says about the ids of a dataset: every join of ids goes through here and is counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data.counts import a_or_an, counted
from harness.data.text_files import joined, opened, read_frame, require_columns
from harness.errors import InputError


@dataclass(frozen=True)
class Join:
    """Where the ids of a dataset stand among the ids of a file.

    Attributes:
        positions: For each id of the dataset, its position in the file's ids, [n]; -1 if the file lacks it.
        missing: Ids of the dataset that the file lacks.
        notes: How many of the dataset's ids the file has, as one sentence, if it lacks some.
        hint: Names an id of the dataset and one of the file that differ only in form; empty if none do.
    """

    positions: np.ndarray
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""

    def require_all(self, path: Path, side: str, what: str, advice: str) -> None:
        """Refuse ids that the file lacks.

        Raises:
            InputError: Names the first of them, and ends with ``advice``.
        """
        if self.missing:
            first, count = self.missing[0], counted(len(self.missing), side)
            raise InputError(f"{path}: no {what} for {side} {first!r} ({count} in all); {advice}{self.hint}")


def join(path: Path, ids: Sequence[str], wanted: Iterable[str], side: str, what: str) -> Join:
    """Look up the ids of a dataset among the ids of a file.

    Args:
        path: The file, to be named in errors.
        ids: The file's ids.
        wanted: The dataset's ids, [n].
        side: ``user`` or ``item``.
        what: What the file has for an id, such as ``profile``.

    Raises:
        InputError: An id stands twice in the file, or the file has none of the dataset's ids.
    """
    index = pd.Index(ids, dtype=object)
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise InputError(f"{path}: {side} {twice!r} has two {what}s; expected one")
    wanted = [str(name) for name in wanted]
    positions = index.get_indexer(pd.Index(wanted, dtype=object))
    missing = tuple(name for name, position in zip(wanted, positions, strict=True) if position < 0)
    if not missing:
        return Join(positions)
    hint = _form_hint(missing, ids)
    matched = len(wanted) - len(missing)
    if not matched:
        raise InputError(
            f"{path}: none of the {counted(len(wanted), side)} has {a_or_an(what)}"
            f"{hint or _examples(wanted, ids)}"
        )
    verb = "has" if matched == 1 else "have"
    note = f"{matched:,} of {counted(len(wanted), side)} {verb} {a_or_an(what)}{hint}"
    return Join(positions, missing, (note,), hint)


def texts_by_id(
    path: Path, id_column: str, columns: Mapping[str, Sequence[str]], wanted: np.ndarray, side: str, what: str
) -> tuple[dict[str, list[str]], Join]:
    """Texts of a file in the order of the dataset's ids.

    Args:
        path: A text file with one row for each id.
        id_column: The column of its ids.
        columns: For each text wanted, the columns that make it up.
        wanted: The dataset's ids, [n].
        side: ``user`` or ``item``.
        what: What the texts of an id are together, such as ``profile``.

    Returns:
        The texts [n] by name, empty for ids without any; and how the ids were joined, where ids without
        any text count as missing.

    Raises:
        InputError: The file cannot be read or lacks a column, an id stands twice, or the file has a text
            for none of the dataset's ids.
    """
    frame = read_frame(path, plain=[id_column])
    require_columns(path, list(frame), [id_column, *chain(*columns.values())])
    texts = pd.DataFrame({name: joined(frame, group) for name, group in columns.items()})
    ids = frame[id_column]
    named = ids.str.strip() != ""
    _refuse_twice(path, ids[named], side, what)
    written = named & (texts != "").any(axis=1)
    match = join(path, ids[written].tolist(), wanted, side, what)
    known = texts[written].reset_index(drop=True)
    found = {name: known[name].reindex(match.positions, fill_value="").tolist() for name in columns}
    unnamed = int((~named).sum())
    if not unnamed:
        return found, match
    verb = "is" if unnamed == 1 else "are"
    lost = f"{path.name} has {counted(unnamed, 'row')} without an id, which {verb} left out"
    return found, replace(match, notes=(*match.notes, lost))


def read_ids(path: Path) -> list[str]:
    """The ids in a ``.ids`` file, one a line; an id may contain blanks.

    Raises:
        InputError: The file cannot be read, a line is empty, or an id stands twice.
    """
    with opened(path) as file:
        ids = file.read().rstrip().split("\n")
    lines: dict[str, int] = {}
    for number, name in enumerate(ids, 1):
        if not name.strip():
            raise InputError(f"{path}, row {number}: no id; expected one in every line")
        if name in lines:
            raise InputError(
                f"{path}, row {number}: {name!r} stands in row {lines[name]} too; expected it once"
            )
        lines[name] = number
    return ids


def same_form_note(ids: Iterable[str], side: str) -> str | None:
    """A sentence on ids of a dataset that differ from another only in form; None if none do."""
    groups: dict[str, list[str]] = {}
    for name in ids:
        groups.setdefault(_plain_form(name), []).append(str(name))
    alike = [group for group in groups.values() if len(group) > 1]
    if not alike:
        return None
    one, other = alike[0][:2]
    return (
        f"{counted(sum(map(len, alike)), side)} have an id that differs from another only in form, such as "
        f"{one!r} and {other!r}; they count as different {side}s"
    )


def _refuse_twice(path: Path, ids: pd.Series, side: str, what: str) -> None:
    again = ids.duplicated()
    if again.any():
        row = again.idxmax()
        raise InputError(f"{path}, row {row}: {side} {ids[row]!r} has two {what}s; expected one")


def _plain_form(name: str) -> str:
    """An id without surrounding blanks, case, and the zeros that turn ``12`` into ``012`` or ``12.0``."""
    plain = name.strip().casefold()
    number = re.fullmatch(r"0*(\d+)(?:\.0+)?", plain)
    return number[1] if number else plain


def _form_hint(missing: Sequence[str], ids: Sequence[str]) -> str:
    """Names one id that is missing and one of the file that differ only in form; empty if none do."""
    forms = {_plain_form(name): name for name in ids}
    for name in missing:
        if _plain_form(name) in forms:
            return f"; the dataset's {name!r} and the file's {forms[_plain_form(name)]!r} differ only in form"
    return ""


def _examples(wanted: Sequence[str], ids: Sequence[str]) -> str:
    if not len(ids):
        return "; the file has no row with an id and a text"
    return f"; the dataset has ids such as {wanted[0]!r}, the file {ids[0]!r}"
