"""Reads system lines such as ``IRLLRec[LightGCN, -intent, text=shuffled]``; loads no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.outside import RECBOLE
from harness.systems import recbole_models
from harness.systems.presets import PRESETS
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.spec import SystemSpec

TEXT_CONTROLS = ("shuffled", "random", "noise:SHARE")
"""Text rows permuted, random rows of the same norms, or a share of the rows replaced, as in ``noise:0.2``."""

STARTS = ("warm",)
"""How training may start other than from random weights: from those that the window before it learned."""

_LINE = re.compile(r"^\s*([^\[\],=\s]+)\s*(?:\[([^\[\]]*)\])?\s*$")


@cache
def parse(line: str) -> SystemSpec:
    """Read a system line.

    Raises:
        InputError: The line is malformed, or names something unknown.
    """
    match = _LINE.match(line)
    if match is None:
        raise InputError(f"{line!r} is not a system line; expected NAME or NAME[PART, ...], as in DCCF[-l2]")
    head, inside = match[1], match[2]
    parts = [part.strip() for part in inside.split(",")] if inside else []
    if head.startswith(RECBOLE):
        spec = SystemSpec(_recbole_model(line, head))
    elif head in ALIGNMENTS:
        has_backbone = bool(parts) and not (parts[0].startswith("-") or "=" in parts[0])
        backbone = parts.pop(0) if has_backbone else "LightGCN"
        if backbone.startswith(RECBOLE):
            raise InputError(f"{line!r}: {backbone} is a whole system; expected a backbone such as LightGCN")
        if backbone not in BACKBONES:
            raise InputError(f"{line!r}: unknown backbone {backbone!r}; {did_you_mean(backbone, BACKBONES)}")
        spec = SystemSpec(backbone, head)
    elif head in BACKBONES or head in CLASSICS:
        spec = SystemSpec(head)
    else:
        names = [*CLASSICS, *BACKBONES, *ALIGNMENTS]
        raise InputError(f"{line!r}: unknown system {head!r}; {did_you_mean(head, names)}")
    try:
        for change in parts:
            spec = changed(spec, change)
    except InputError as error:
        raise InputError(f"{line!r}: {error}") from None
    return spec


def _recbole_model(line: str, head: str) -> str:
    """The head of a line that names a model of RecBole.

    Raises:
        InputError: RecBole has no general recommender of this name.
    """
    models = recbole_models.models()
    if head not in models:
        raise InputError(
            f"{line!r}: the installed RecBole {recbole_models.installed_version()} has no such general "
            f"recommender; {did_you_mean(head, models)}"
        )
    return head


def changed(spec: SystemSpec, change: str) -> SystemSpec:
    """The system with one more change, such as ``-intent`` or ``text=shuffled``.

    Raises:
        InputError: The system cannot be given this change. The message says which it can be given.
    """
    if spec.is_recbole:
        raise InputError(
            f"{change!r}: a model of RecBole has no terms, text, presets or starts that could be changed; "
            f"expected {spec.base} alone, with its hyper-parameters under `hyper`"
        )
    if change.startswith("-"):
        return _without(spec, terms_of(change))
    name, _, value = change.partition("=")
    allowed = _allowed_values(spec)
    if name not in allowed:
        changes = [f"-{term}" for term in spec.terms()]
        changes += [f"{key}={_either(values)}" for key, values in allowed.items()]
        raise InputError(
            f"{change!r} is not a change that {spec.base} can be given; expected {_either(changes, ', or ')}"
        )
    if name == "text" and value.startswith("noise"):
        value = _noise(value)
    elif value not in allowed[name]:
        raise InputError(f"{name} cannot be {value!r}; {did_you_mean(value, allowed[name])}")
    replacement: dict[str, Any] = {name: value}
    return replace(spec, **replacement)


def terms_of(change: str) -> list[str]:
    """The terms that a change such as ``-intent-translation`` leaves out. A change without ``-`` has none."""
    return change[1:].split("-") if change.startswith("-") else []


def _allowed_values(spec: SystemSpec) -> dict[str, tuple[str, ...]]:
    """The changes ``NAME=VALUE`` that the system can be given: the values by name."""
    allowed: dict[str, tuple[str, ...]] = {"preset": PRESETS}
    if not spec.is_classic:
        allowed["start"] = STARTS
    if spec.needs_text:
        allowed["text"] = TEXT_CONTROLS
    elif not spec.is_classic:
        allowed["capacity"] = tuple(sorted(ALIGNMENTS))
    return allowed


def _without(spec: SystemSpec, terms: list[str]) -> SystemSpec:
    """The system without these terms; its ablated terms keep the order of its terms."""
    own = spec.terms()
    for term in terms:
        if term not in own:
            hint = did_you_mean(term, own) if own else "it has no terms at all"
            raise InputError(f"{spec.base} has no term {term!r}; {hint}")
    return replace(spec, ablated=tuple(term for term in own if term in (*spec.ablated, *terms)))


def _noise(value: str) -> str:
    """``noise:SHARE`` with its share written without superfluous digits."""
    kind, _, number = value.partition(":")
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if kind != "noise" or not 0 < share <= 1:
        raise InputError(f"text cannot be {value!r}; expected noise:SHARE with a share above 0, up to 1")
    return f"noise:{share:g}"


def _either(words: Sequence[str], last: str = " or ") -> str:
    """The words as one phrase, ``last`` before the last of them."""
    return last.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
