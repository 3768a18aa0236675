"""Tables in Markdown and in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from tabulate import tabulate


@dataclass(frozen=True)
class Look:
    """How one output format shows means and verdicts.

    Attributes:
        best: Template for the best mean.
        second: Template for the second best mean.
        marks: Mark of each verdict.
    """

    best: str
    second: str
    marks: Mapping[str, str]


MARKDOWN = Look("**{}**", "<u>{}</u>", {"better": "▲", "worse": "▼", "even": ""})
LATEX = Look(
    r"\textbf{{{}}}",
    r"\underline{{{}}}",
    {"better": r"$^{\blacktriangle}$", "worse": r"$^{\blacktriangledown}$", "even": ""},
)


def markdown(table: pd.DataFrame) -> str:
    """Lay a table out in GitHub's Markdown."""
    align = ["left", *["right"] * (len(table.columns) - 1)]
    return tabulate(
        table, headers="keys", tablefmt="github", showindex=False, disable_numparse=True, colalign=align
    )


def latex(table: pd.DataFrame) -> str:
    """Lay a table out in LaTeX; the document needs the package amssymb for the marks."""
    words = [name for name in ("System", "text") if name in table]
    escaped = table.rename(columns=tex).assign(**{name: table[name].map(tex) for name in words})
    return tabulate(escaped, headers="keys", tablefmt="latex_raw", showindex=False, disable_numparse=True)


def tex(text: str) -> str:
    """Escape the characters that LaTeX would read as markup."""
    for plain, escaped in (
        ("\\", r"\textbackslash{}"),
        ("%", r"\%"),
        ("_", r"\_"),
        ("^", r"\^{}"),
        ("&", r"\&"),
    ):
        text = text.replace(plain, escaped)
    return text
