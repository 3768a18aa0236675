"""A system is a line such as ``IRLLRec[LightGCN, -intent, text=shuffled]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from functools import cache
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.systems.presets import DEFAULT_PRESET, PRESETS
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS, SUBJECT
from models.hyper import SystemHyper

TEXT_CONTROLS = ("shuffled", "random", "noise:SHARE")
"""Rows permuted, rows of the same norm, and a share of the rows replaced, as in ``noise:0.2``."""

STARTS = ("warm",)
"""How a window of time may begin other than from a draw: with what the window before it learned."""

_LINE = re.compile(r"^\s*([^\[\],=\s]+)\s*(?:\[([^\[\]]*)\])?\s*$")


@dataclass(frozen=True)
class SystemSpec:
    """A parsed system line; two lines that mean the same have the same ``name``."""

    backbone: str
    alignment: str | None = None
    ablated: tuple[str, ...] = ()
    text: str | None = None
    preset: str = DEFAULT_PRESET
    capacity: str | None = None
    start: str | None = None

    @property
    def base(self) -> str:
        """The name without ablations and controls."""
        return f"{self.alignment}[{self.backbone}]" if self.alignment else self.backbone

    @property
    def bare(self) -> SystemSpec:
        """The backbone alone, under the same preset and from the same start."""
        return SystemSpec(self.backbone, preset=self.preset, start=self.start)

    @property
    def name(self) -> str:
        """The canonical line."""
        parts = [self.backbone] if self.alignment else []
        parts += [f"-{term}" for term in self.ablated]
        parts += [f"text={self.text}"] if self.text else []
        parts += [f"capacity={self.capacity}"] if self.capacity else []
        parts += [f"start={self.start}"] if self.start else []
        parts += [f"preset={self.preset}"] if self.preset != DEFAULT_PRESET else []
        head = self.alignment or self.backbone
        return f"{head}[{', '.join(parts)}]" if parts else head

    @property
    def is_classic(self) -> bool:
        """Fitted in closed form rather than trained."""
        return self.backbone in CLASSICS

    @property
    def needs_text(self) -> bool:
        """Whether it reads text rows."""
        return bool(self.alignment) or (not self.is_classic and BACKBONES[self.backbone].needs_text)

    @property
    def ranks_cold(self) -> tuple[str, ...]:
        """``users`` or ``items`` if it can rank those without a train pair.

        No alignment can: it would have read their texts while it was trained.
        """
        if self.alignment:
            return ()
        return (CLASSICS if self.is_classic else BACKBONES)[self.backbone].ranks_cold

    @property
    def depends_on_text(self) -> bool:
        """Whether it needs a dataset with text rows: to read them, or to be as large as who does."""
        return self.needs_text or self.capacity is not None

    @property
    def is_baseline(self) -> bool:
        """True unless the system is the subject under study."""
        return self.alignment != SUBJECT

    def declarations(self) -> list[Field[Any]]:
        """Every hyper-parameter as each part of the system declares it; two parts may share a name."""
        if self.is_classic:
            parts = [CLASSICS[self.backbone].options]
        else:
            parts = [SystemHyper, BACKBONES[self.backbone].options]
        if self.alignment:
            parts.append(ALIGNMENTS[self.alignment].options)
        return [item for part in parts for item in fields(part)]

    def options(self) -> dict[str, Field[Any]]:
        """Every hyper-parameter of this system by name."""
        return {item.name: item for item in self.declarations()}

    def terms(self) -> list[str]:
        """The weighted loss terms that can be ablated; classics have none."""
        return list(self._weight_names())

    def weights(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every term's weight among the ``values`` of all hyper-parameters."""
        return {term: values[name] for term, name in self._weight_names().items()}

    @property
    def zeros(self) -> dict[str, float]:
        """The hyper-parameters that ablation sets: a term that is left out has weight 0."""
        names = self._weight_names()
        return {names[term]: 0.0 for term in self.ablated}

    def _weight_names(self) -> dict[str, str]:
        """The hyper-parameter that weighs each term."""
        options = self.options().values()
        return {item.metadata["weighs"]: item.name for item in options if item.metadata["weighs"]}


@cache
def parse(line: str) -> SystemSpec:
    """Read a system line.

    Raises:
        InputError: The line is malformed or names something unknown.
    """
    match = _LINE.match(line)
    if match is None:
        raise InputError(f"{line!r} is no system; expected NAME or ALIGNMENT[BACKBONE, -term]")
    head, inside = match[1], match[2]
    parts = [part.strip() for part in inside.split(",")] if inside else []
    if head in ALIGNMENTS:
        backbone = parts.pop(0) if parts and not _is_change(parts[0]) else "LightGCN"
        if backbone not in BACKBONES:
            raise InputError(f"{line!r}: unknown backbone {backbone!r}; {did_you_mean(backbone, BACKBONES)}")
        spec = SystemSpec(backbone, head)
    elif head in BACKBONES or head in CLASSICS:
        spec = SystemSpec(head)
    else:
        known = [*CLASSICS, *BACKBONES, *ALIGNMENTS]
        raise InputError(f"{line!r}: unknown system {head!r}; {did_you_mean(head, known)}")
    return _change(spec, parts, line)


def _is_change(part: str) -> bool:
    return part.startswith("-") or "=" in part


def _change(spec: SystemSpec, parts: list[str], line: str) -> SystemSpec:
    """Apply ablations, the text control and the preset to a bare system."""
    ablated: list[str] = []
    changes: dict[str, str] = {}
    known = {
        "text": TEXT_CONTROLS if spec.needs_text else (),
        "preset": PRESETS,
        "capacity": ALIGNMENTS if not (spec.is_classic or spec.needs_text) else (),
        "start": () if spec.is_classic else STARTS,
    }
    for part in parts:
        name, _, value = part.partition("=")
        if part.startswith("-"):
            ablated += _check_terms(spec, terms_of(part), line)
        elif known.get(name):
            if name == "text" and value.startswith("noise"):
                value = _noise(value, line)
            elif value not in known[name]:
                raise InputError(f"{line!r}: no {name} {value!r}; {did_you_mean(value, known[name])}")
            changes[name] = value
        else:
            raise InputError(
                f"{line!r}: {part!r} is no change to {spec.base}; expected -TERM, preset=PRESET, for what is "
                "trained start=warm, where the system reads text text=CONTROL, or for a backbone without it "
                "capacity=ALIGNMENT"
            )
    order = tuple(term for term in spec.terms() if term in ablated)
    return replace(spec, ablated=order, **changes)


def terms_of(change: str) -> list[str]:
    """The terms that a change such as ``-intent-translation`` takes away; none of ``text=random``."""
    return change[1:].split("-") if change.startswith("-") else []


def _check_terms(spec: SystemSpec, terms: list[str], line: str) -> list[str]:
    """The terms themselves, if the system has every one of them."""
    known = spec.terms()
    for term in terms:
        if term not in known:
            hint = did_you_mean(term, known) if known else f"{spec.base} has none"
            raise InputError(f"{line!r}: no term {term!r}; {hint}")
    return terms


def _noise(value: str, line: str) -> str:
    """``noise:SHARE`` with the share written in one way."""
    kind, _, number = value.partition(":")
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if kind != "noise" or not 0 < share <= 1:
        raise InputError(f"{line!r}: text {value!r}; expected noise:SHARE with a share above 0, up to 1")
    return f"noise:{share:g}"
