"""A section of a report, and what a report shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Section:
    """A section of the report.

    Attributes:
        markdown: Paragraphs and tables for leaderboard.md.
        tex: Paragraphs and tables for leaderboard.tex.
        frames: Rows for CSV files, by the name of the file without its ending.
        figures: Figures, by the name of their files without the ending.
        page: Paragraphs and tables, in Markdown, that only leaderboard.html has.
        board: The first table of ``markdown`` as cells without markup, if it is a leaderboard.
    """

    markdown: list[str] = field(default_factory=list)
    tex: list[str] = field(default_factory=list)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    page: list[str] = field(default_factory=list)
    board: pd.DataFrame | None = None


@dataclass(frozen=True)
class Options:
    """What a report shows.

    Attributes:
        costs: Whether it shows seconds and memory.
        figures: Whether it has figures.
        wilcoxon: Whether it shows Wilcoxon's test for all pairs.
        formats: The formats in which figures are written.
    """

    costs: bool = True
    figures: bool = True
    wilcoxon: bool = False
    formats: tuple[str, ...] = ("png",)
