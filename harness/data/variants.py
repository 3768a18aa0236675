"""The datasets that one entry of a plan stands for: a window of time, twins or none, a density each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal, NamedTuple

from harness.data.spec import SplitSpec

TwinsPlan = Literal["kept", "merged"]


class Variant(NamedTuple):
    """One dataset's window, twins and density, the share of its train pairs that is kept."""

    split: SplitSpec
    twins: TwinsPlan
    density: float

    @property
    def suffix(self) -> str:
        """What is put after the dataset's name; nothing for the dataset as it is."""
        parts = [f"window-{self.split.window}"] if self.split.window else []
        parts += ["merged"] if self.twins == "merged" else []
        parts += [f"{100 * self.density:g}%"] if self.density < 1 else []
        return f"@{','.join(parts)}" if parts else ""


def variants(split: SplitSpec, twins: Sequence[TwinsPlan], densities: Sequence[float]) -> Iterator[Variant]:
    """Every combination, windows first."""
    every = split.kind == "prequential" and split.window is None
    windows = range(1, split.windows + 1) if every else [split.window]
    for window, handling, density in product(windows, twins, densities):
        yield Variant(split.model_copy(update={"window": window}), handling, density)
