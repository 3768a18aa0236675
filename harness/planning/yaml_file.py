"""A YAML file as plain values and line numbers, with bounds on everything that could run away.

Only text, numbers, booleans, null, lists and mappings are read, by the rules of YAML 1.2: ``1e-3`` is a
number, ``no`` and ``2024-02-31`` are text. Tags, recursive anchors and anything too deep or too large are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import InputError

Location = tuple[Any, ...]
"""Keys and positions that lead from the root of the file to a value."""

LineNumbers = dict[Location, int]
"""Line number, from 1, of every location."""

MOST_BYTES = 1 << 18
MOST_VALUES = 10_000
MOST_DEPTH = 50
MOST_DIGITS = 18

MERGE = "tag:yaml.org,2002:merge"

RULES = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
)  # fmt: skip
"""How a plain word is read: the kind, the words of that kind, and the characters that they begin with."""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader with the rules above in place of those of YAML 1.1."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _kind, _words, _first in RULES:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_words})$"), list(_first))


@dataclass
class _Collection:
    """A list or mapping whose end is not reached yet: its anchor, and how many values it holds so far."""

    anchor: str | None
    size: int = 1


def read_yaml(path: Path) -> tuple[Any, LineNumbers]:
    """The values of a YAML file, and the line of each.

    Raises:
        InputError: The file cannot be read, is not YAML, or holds what the module's text says is refused.
    """
    text = _text(path)
    try:
        _refuse_what_runs_away(text, path)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines = dict(_lines(node, path)) if node else {(): 1}
            values = loader.construct_document(node) if node else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line}: not YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    return values, lines


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{path}: the file has {size:,} bytes; expected at most {MOST_BYTES:,}")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason}); expected a YAML file") from None


def _refuse_what_runs_away(text: str, path: Path) -> None:
    """Refuse tags, endless numbers, deep nesting, and aliases that end nowhere or grow beyond bounds."""
    sizes: dict[str, int] = {}
    waiting = [_Collection(None)]
    for event in yaml.parse(text, Loader=_Loader):
        where = f"{path}, line {_line(event)}"
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise InputError(f"{where}: a tag ({tag}); expected a value without one")
        if isinstance(event, yaml.ScalarEvent):
            _refuse_scalar(event, where)
            waiting[-1].size += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            waiting.append(_Collection(event.anchor))
            if len(waiting) > MOST_DEPTH:
                raise InputError(f"{where}: more than {MOST_DEPTH} levels; expected a plan that is less deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = waiting.pop()
            waiting[-1].size += closed.size
            if closed.anchor:
                sizes[closed.anchor] = closed.size
        elif isinstance(event, yaml.AliasEvent):
            if any(collection.anchor == event.anchor for collection in waiting):
                raise InputError(f"{where}: *{event.anchor} is part of itself; expected values that end")
            waiting[-1].size += sizes.get(str(event.anchor), 1)
        if sum(collection.size for collection in waiting) > MOST_VALUES:
            raise InputError(f"{where}: more than {MOST_VALUES:,} values with all aliases; expected fewer")


def _refuse_scalar(event: yaml.ScalarEvent, where: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in event.value):
        raise InputError(f"{where}: half of a surrogate pair, which is not a character; expected text")
    if event.style is None and re.fullmatch(rf"[-+]?[0-9]{{{MOST_DIGITS + 1},}}", event.value):
        count = len(event.value.lstrip("-+"))
        raise InputError(f"{where}: a number of {count:,} digits; expected at most {MOST_DIGITS}")


def _lines(node: yaml.Node, path: Path, at: Location = ()) -> Iterator[tuple[Location, int]]:
    """The line of every key and item. A key that is not text, or is there twice, is refused."""
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        first: dict[Hashable, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            where = ".".join(str(part) for part in (*at, key.value if isinstance(key.value, str) else "?"))
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{path}, line {line}, {where}: a list or mapping as a key; expected a word")
            if key.value in first:
                other = first[key.value]
                raise InputError(
                    f"{path}, line {line}, {where}: the key is in line {other} too; expected it once"
                )
            first[key.value] = line
            yield from _lines(value, path, (*at, key.value))
            yield (*at, key.value), line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, path, (*at, index))


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1
