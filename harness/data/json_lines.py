"""JSON lines as rows of text: one object a line, its values in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from harness.errors import InputError

DEEPEST = 20
"""Lists and objects inside each other, in one value."""

KINDS = {dict: "an object", list: "a list", bool: "a truth value", type(None): "null"}
"""What a sentence calls the values of JSON beside texts and numbers, which both are read as texts."""


def json_rows(
    path: Path, file: TextIO, plain: Sequence[str] = (), most: int | None = None
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The keys of all objects of a file, and its rows with their line numbers. Blank lines are skipped.

    A key that an object lacks, and null, are the empty text.

    Args:
        path: What to call the file in an error.
        file: The file.
        plain: Keys whose values must be texts, numbers or null.
        most: Read only the first objects, this many. By default, all.

    Raises:
        InputError: A line is broken, or holds anything else than an object. The message names the line.
    """
    objects = list(islice(json_objects(path, file, plain), most))
    columns = list(dict.fromkeys(key for _, entry in objects for key in entry))
    return columns, ((number, [entry.get(key, "") for key in columns]) for number, entry in objects)


def json_objects(path: Path, file: TextIO, plain: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """The objects of a file one after the other, their values in words, with their line numbers.

    Args:
        path: What to call the file in an error.
        file: The file.
        plain: Keys whose values must be texts, numbers or null.

    Raises:
        InputError: A line is broken, or holds anything else than an object. The message names the line.
    """
    # Values that are numbers are kept as they are written: 12 stays "12", and 2**60 is exact.
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_constant)
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                values = _object(decoder, line, plain).items()
                entry = {key: value if isinstance(value, str) else words(value) for key, value in values}
                if "\\u" in line:
                    _check_letters(entry)
            except InputError as error:
                raise InputError(f"{path}, row {number}: {error}") from None
            yield number, entry


def words(value: Any, depth: int = 0) -> str:
    """A value in words: lists by commas, objects by their keys, null as the empty text.

    Raises:
        InputError: Lists and objects stand too deep inside each other.
    """
    if depth > DEEPEST:
        raise InputError(f"lists and objects inside each other, more than {DEEPEST} deep; expected less")
    if isinstance(value, dict):
        return ". ".join(f"{key} {words(part, depth + 1)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(words(part, depth + 1) for part in value)
    return "" if value is None else str(value)


def _object(decoder: json.JSONDecoder, line: str, plain: Sequence[str]) -> dict[str, Any]:
    """The object in a line."""
    try:
        entry = decoder.decode(line)
    except json.JSONDecodeError as error:
        raise InputError(f"broken JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise InputError(
            f"lists and objects inside each other, more than {DEEPEST} deep; expected less"
        ) from None
    if not isinstance(entry, dict):
        what = KINDS.get(type(entry), "a text" if line.lstrip().startswith('"') else "a number")
        raise InputError(f'{what}; expected an object with a key for each column, such as {{"user": "u1"}}')
    for key in plain:
        if isinstance(entry.get(key), dict | list | bool):
            raise InputError(f"{key} is {KINDS[type(entry[key])]}; expected a text or a number")
    return entry


def _check_letters(entry: Mapping[str, str]) -> None:
    """Refuse NUL, which is no text, and half of a letter that two escapes make up, which no file can hold."""
    for key, value in entry.items():
        if "\0" in key + value:
            raise InputError(f"{key!a} holds a NUL character, the escape \\u0000; expected text")
        try:
            (key + value).encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{key!a} holds half a letter, an escape such as \\ud83d without its other half"
            ) from None


def _constant(name: str) -> str | None:
    """NaN, which Python writes for a missing value, is null. Infinity is a text, and no number."""
    return None if name == "NaN" else name
