"""A plan's mistakes as one sentence each: file, line, key, what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from harness.data.spec import SourceSpec
from harness.errors import InputError, did_you_mean
from harness.text.tables import TextSpec

Place = tuple[Any, ...]
"""Keys and positions from the plan's root."""

Marks = dict[Place, int]
"""Line number of every place."""


def lines(node: yaml.Node | None, at: Place = ()) -> Marks:
    """Line number, from 1, of every key and item of a YAML tree.

    Raises:
        InputError: A key stands twice, of which YAML would silently keep the last.
    """
    found = {at: node.start_mark.line + 1} if node else {}
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                where = ".".join(str(part) for part in (*at, key.value))
                raise InputError(
                    f"line {line}, {where}: stands in line {seen[key.value]} too; expected it once"
                )
            seen[key.value] = line
        for key, value in node.value:
            found |= lines(value, (*at, key.value)) | {(*at, key.value): key.start_mark.line + 1}
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found |= lines(value, (*at, index))
    return found


def place(path: Path, at: Place, marks: Marks) -> str:
    """File, line and key of a location, as an error begins."""
    known = at
    while known not in marks:
        known = known[:-1]
    return f"{path}, line {marks[known]}, {'.'.join(str(part) for part in at) or 'plan'}"


def sentence(path: Path, error: ValidationError, marks: Marks, schema: dict[str, Any]) -> str:
    """The first problem as one sentence: file, line, key, what was expected."""
    # A misspelt key is also a missing one: the misspelling is what to tell.
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    # pydantic names the chosen kind of a tagged union in the location; the file does not.
    kinds = {kind for known in KINDS.values() for kind in known}
    at = tuple(part for part in first["loc"] if part not in kinds)
    if at[-1:] == ("system",) and at not in marks:  # a bare line instead of a mapping
        at = at[:-1]
    where = place(path, at, marks)
    if first["type"] == "extra_forbidden":
        known = _keys_at(tuple(first["loc"])[:-1], schema)
        return f"{where}: unknown key; {did_you_mean(str(at[-1]), known)}"
    if first["type"] == "missing":
        return f"{where}: missing; expected a value"
    if first["type"] == "union_tag_not_found":
        return f"{where}: no kind; expected {{kind: {' | '.join(KINDS[str(at[-1])])}}}"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if first["type"] == "value_error" else f" (found {first['input']!r})"
    return f"{where}: {message}{given}"


def _kinds(union: Any) -> tuple[str, ...]:
    """The values of ``kind`` that a tagged union knows."""
    members = get_args(get_args(union)[0])
    return tuple(get_args(member.model_fields["kind"].annotation)[0] for member in members)


KINDS = {"source": _kinds(SourceSpec), "text": _kinds(TextSpec)}


def _keys_at(at: Place, known: dict[str, Any]) -> list[str]:
    """Names of the keys that the plan's JSON schema allows at a location."""
    definitions, schema = known["$defs"], known
    for part in at:
        schema = _deref(schema, definitions)
        if isinstance(part, int):
            schema = schema.get("items", {})
        elif "oneOf" in schema:
            schema = definitions[schema["discriminator"]["mapping"][part].split("/")[-1]]
        else:
            schema = schema.get("properties", {}).get(part, {})
    return list(_deref(schema, definitions).get("properties", {}))


def _deref(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    options = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    schema = options[0] if options else schema
    name = schema.get("$ref", "").split("/")[-1]
    return definitions[name] if name else schema
