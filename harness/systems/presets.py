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
"""Both start from the released values. ``paper`` then does what the papers show where a release differs."""

ANY = "any"
"""The key of the values that hold for every dataset."""

FILE = Path(__file__).with_name("presets.yaml")


@cache
def read() -> dict[str, Any]:
    """The content of the file.

    ``release`` has values by system and dataset; ``paper`` has values for all systems.
    """
    tree: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tree


def released_datasets() -> list[str]:
    """Every dataset that a release has values for."""
    return sorted({name for by_dataset in read()["release"].values() for name in by_dataset} - {ANY})


def check_released(dataset: str) -> str:
    """Return ``dataset`` if a release has values for it.

    Raises:
        ValueError: No release has. The message names a similar dataset, or all.
    """
    datasets = released_datasets()
    if dataset not in datasets:
        raise ValueError(f"no release has values for {dataset!r}; {did_you_mean(dataset, datasets)}")
    return dataset


def preset_values(
    preset: str, system: str, backbone: str, dataset: str | None, names: Container[str]
) -> dict[str, Any]:
    """The values that a preset gives a system on a dataset; all others keep their defaults.

    Args:
        preset: One of ``PRESETS``.
        system: The system's line without changes. If no release has values for it, those of the backbone
            are used.
        backbone: Its backbone alone.
        dataset: A dataset that the releases have values for, or None for the values that hold for any.
        names: The system's hyper-parameters. Values of ``paper`` that it lacks are left out.
    """
    released = read()["release"]
    by_dataset = released.get(system, released.get(backbone, {}))
    values = dict(by_dataset.get(ANY, {}))
    values |= by_dataset.get(dataset, {}) if dataset else {}
    if preset == "paper":
        values |= {name: value for name, value in read()["paper"].items() if name in names}
    return values
