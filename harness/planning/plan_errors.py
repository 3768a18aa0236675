"""Mistakes in a plan as one sentence each: file, line, key, what was found, and what is valid there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from harness.data.spec import SourceSpec
from harness.errors import InputError, did_you_mean
from harness.planning.yaml_file import LineNumbers, Location
from harness.text.tables import TextSpec


def beginning(path: Path, at: Location, lines: LineNumbers) -> str:
    """How an error about a location begins: file, line and key. A missing key has its parent's line.

    A plan that was not read from a file has no lines.
    """
    key = ".".join(str(part) for part in at) or "plan"
    if not lines:
        return f"{path}, {key}"
    with_line = at
    while with_line not in lines:
        with_line = with_line[:-1]
    return f"{path}, line {lines[with_line]}, {key}"


@contextmanager
def located(path: Path, at: Location, lines: LineNumbers) -> Iterator[None]:
    """Begin every InputError that is raised inside with the file, line and key of a location."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{beginning(path, at, lines)}: {error}") from None


def sentence(path: Path, error: ValidationError, lines: LineNumbers, schema: dict[str, Any]) -> str:
    """The first problem that pydantic found, as one sentence."""
    # A misspelt key is also a missing one, and the misspelling is what the reader must see.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    at = _in_the_file(first["loc"], lines)
    if at[-1:] == ("system",) and at not in lines:  # a bare line stands for the whole mapping
        at = at[:-1]
    start = beginning(path, at, lines)
    if first["type"] == "extra_forbidden":
        valid = _keys_at(tuple(first["loc"])[:-1], schema)
        return f"{start}: unknown key; {did_you_mean(str(at[-1]), valid)}"
    if first["type"] == "missing":
        return f"{start}: the key is missing; expected a value"
    if first["type"] == "union_tag_not_found":
        return f"{start}: the kind is missing; expected {{kind: {' | '.join(KINDS[str(at[-1])])}}}"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if first["type"] == "value_error" else f" (found {_short(first['input'])})"
    return f"{start}: {message}{given}"


def _in_the_file(location: Location, lines: LineNumbers) -> Location:
    """A location without the kinds that pydantic chose in tagged unions, which are no keys of the file."""
    kinds = {kind for names in KINDS.values() for kind in names}
    at: Location = ()
    for part in location:
        if part not in kinds or (*at, part) in lines:  # a wrong key may be called as a kind is
            at = (*at, part)
    return at


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def _kinds(union: Any) -> tuple[str, ...]:
    """The values of ``kind`` that a tagged union accepts. A member may be such a union itself."""
    kinds: list[str] = []
    for member in get_args(get_args(union)[0]):
        if isinstance(member, type) and issubclass(member, BaseModel):
            kinds += get_args(member.model_fields["kind"].annotation)
        else:
            kinds += _kinds(member)
    return tuple(kinds)


KINDS = {
    "source": _kinds(SourceSpec),
    "text": _kinds(TextSpec),
    "systems": ("SystemPlan", "ExternalPlan"),
}
"""The kinds of each part of a plan that has several. Those of a system are told by its keys."""


def _keys_at(at: Location, schema: dict[str, Any]) -> list[str]:
    """The keys that the plan's JSON schema allows at a location."""
    definitions, current = schema["$defs"], schema
    for part in at:
        current = _dereferenced(current, definitions)
        if isinstance(part, int):
            current = current.get("items", {})
        elif "oneOf" in current:
            references = current.get("discriminator", {}).get("mapping", {})
            current = definitions[references.get(part, part).split("/")[-1]]
        else:
            current = current.get("properties", {}).get(part, {})
    return list(_dereferenced(current, definitions).get("properties", {}))


def _dereferenced(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, or the definition that it refers to; of an optional part, the part."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    schema = options[0] if options else schema
    name = schema.get("$ref", "").split("/")[-1]
    return definitions[name] if name else schema
