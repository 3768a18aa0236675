"""How figures show a system: one colour and one marker in every figure of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""

MARKERS = "osD^vPX*<>"

LINES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (1, 4)), (0, (8, 4)))
"""Line styles. A system has the first one, and its ablations, controls and other variants have the others."""


@dataclass(frozen=True)
class Appearance:
    """How figures show one system. No two of 40 systems share both colour and marker.

    Attributes:
        number: The number of the system without changes, from 0. It gives colour and marker.
        variant: The number of the variant of this system; 0 for the system itself. Variants have another
            line style, and their markers are hollow.
    """

    number: int
    variant: int = 0

    @property
    def colour(self) -> str:
        """The colour."""
        return COLOURS[self.number % len(COLOURS)]

    @property
    def mark(self) -> dict[str, Any]:
        """Colour and marker, as matplotlib's arguments."""
        face = "white" if self.variant else self.colour
        marker = MARKERS[self.number % len(MARKERS)]
        return {"color": self.colour, "marker": marker, "markerfacecolor": face}

    @property
    def line(self) -> dict[str, Any]:
        """Colour, marker and line style, as matplotlib's arguments."""
        variants = LINES[1:]
        dash = variants[(self.variant - 1) % len(variants)] if self.variant else LINES[0]
        return {**self.mark, "linestyle": dash, "linewidth": 1.4, "markersize": 5}


Appearances = Mapping[str, Appearance]
"""The appearance of each system, by its name in tables."""


def appearances(systems: Mapping[str, str]) -> dict[str, Appearance]:
    """Give every system its appearance.

    Args:
        systems: For each system, the name of the system without changes that it is a variant of; for such a
            system its own name. Numbers are given in this order.
    """
    numbers: dict[str, int] = {}
    variants: Counter[str] = Counter()
    found = {}
    for name, whole in systems.items():
        number = numbers.setdefault(whole, len(numbers))
        variants[whole] += name != whole
        found[name] = Appearance(number, variants[whole] if name != whole else 0)
    return found


def in_order(names: Iterable[str]) -> dict[str, Appearance]:
    """Give each of several names, none of which is a variant of another, its appearance."""
    return appearances({name: name for name in names})
