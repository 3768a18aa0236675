"""Hyper-parameters that papers and releases published, read from ``presets.yaml``."""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from harness.errors import did_you_mean

DEFAULT_PRESET = "release"

PRESETS = (DEFAULT_PRESET, "paper")
"""The releases' behaviour with the released values; the same values with the papers' behaviour."""

ANY = "any"
"""Stands for every dataset without an entry of its own."""

FILE = Path(__file__).with_name("presets.yaml")


@cache
def read() -> dict[str, Any]:
    """The file: ``release``, system -> dataset -> values, and ``paper``, switches for all systems."""
    tree: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tree


def released_datasets() -> list[str]:
    """Every dataset that a release has values for."""
    return sorted({name for by_dataset in read()["release"].values() for name in by_dataset} - {ANY})


def check_released(dataset: str) -> str:
    """Return ``dataset`` if a release has values for it.

    Raises:
        ValueError: None has; names the nearest that one has.
    """
    known = released_datasets()
    if dataset not in known:
        raise ValueError(f"no release knows {dataset!r}; {did_you_mean(dataset, known)}")
    return dataset


def preset_values(preset: str, system: str, dataset: str | None, known: Container[str]) -> dict[str, Any]:
    """What a preset says of a system on a dataset, beyond the defaults of its hyper-parameters.

    Args:
        preset: One of ``PRESETS``.
        system: The system's name without ablations and controls.
        dataset: A dataset of the releases, or None for what holds for any.
        known: The system's hyper-parameters; a switch it lacks is left out.
    """
    by_dataset = read()["release"].get(system, {})
    values = dict(by_dataset.get(ANY, {}))
    values |= by_dataset.get(dataset, {}) if dataset else {}
    if preset == "paper":
        values |= {name: value for name, value in read()["paper"].items() if name in known}
    return values
