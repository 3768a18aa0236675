"""Tables in Markdown and in LaTeX. Every cell is text, unless it is a ``Markup``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from tabulate import tabulate


class Markup(str):
    """A cell in the output format itself. It is written as it is; all other cells are escaped."""


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


MARKDOWN = Look(
    "**{}**",
    "<u>{}</u>",
    {"better": "▲", "worse": "▼", "equal": " =", "undecided": "", "": ""},
)
PLAIN = Look("{}", "{}", {"better": " ▲", "worse": " ▼", "equal": " =", "undecided": "", "": ""})
"""Cells without markup, for the page."""

LATEX = Look(
    r"\textbf{{{}}}",
    r"\underline{{{}}}",
    {
        "better": r"$^{\blacktriangle}$",
        "worse": r"$^{\blacktriangledown}$",
        "equal": r"$^{=}$",
        "undecided": "",
        "": "",
    },
)


def markdown(table: pd.DataFrame) -> str:
    """Lay a table out in GitHub's Markdown."""
    cells = table.map(_markdown_cell).rename(columns=_markdown_cell)
    align = ["left", *["right"] * (len(table.columns) - 1)]
    return tabulate(
        cells, headers="keys", tablefmt="github", showindex=False, disable_numparse=True, colalign=align
    )


def latex(table: pd.DataFrame) -> str:
    """Lay a table out in LaTeX; the document needs the package amssymb for the marks."""
    cells = table.map(_latex_cell).rename(columns=_latex_cell)
    return tabulate(cells, headers="keys", tablefmt="latex_raw", showindex=False, disable_numparse=True)


def _markdown_cell(cell: object) -> str:
    return str(cell) if isinstance(cell, Markup) else escape_markdown(str(cell))


def _latex_cell(cell: object) -> str:
    return str(cell) if isinstance(cell, Markup) else escape_latex(str(cell))


_MARKDOWN_MARKUP = re.compile(
    r"""[\\`*|~$>]            # code, emphasis, cells of tables, strikethrough, formulas, quotations
    | <(?=[A-Za-z/!?])        # tags; a lone "<" is text
    | &(?=\#?\w+;)            # entities; a lone "&" is text
    | (?<![^\W_])_ | _(?![^\W_])  # emphasis; an underscore inside a word is text
    | \](?=\() | !(?=\[)      # links and images
    """,
    re.VERBOSE,
)

_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}

_BLOCK_START = re.compile(r"^(#|[-+=]|\d+(?=[.)]))")
"""What begins a heading, a list or a rule at the start of a line."""

_CODE_SPAN = re.compile(r"(`[^`\n]+`)")


def escape_markdown(text: str) -> str:
    """Escape the characters that Markdown would read as markup; line breaks become spaces.

    Characters that mean nothing where they are stay as they are, so that ``l2_weight`` and ``p < .05`` can
    still be read in the file.
    """
    return _MARKDOWN_MARKUP.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), _one_line(text))


def escape_paragraphs(text: str) -> str:
    """Escape text of several lines. Paragraphs and `code` stay; headings, tables, lists and HTML do not."""
    return "\n".join(_escape_line(line.strip()) for line in text.strip().splitlines())


def _escape_line(line: str) -> str:
    parts = _CODE_SPAN.split(line)  # every second part is code
    escaped = "".join(part if index % 2 else escape_markdown(part) for index, part in enumerate(parts))
    return _BLOCK_START.sub(lambda match: match[0] + "\\" if match[0].isdigit() else "\\" + match[0], escaped)


_LATEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "#": r"\#",
        "$": r"\$",
        "%": r"\%",
        "&": r"\&",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\^{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
    }
)


def escape_latex(text: str) -> str:
    """Escape the characters that LaTeX would read as markup or print as something else."""
    escaped = _one_line(text).translate(_LATEX_ESCAPES)
    # The end of the row before, which is two backslashes, would take these for its options.
    return f"{{{escaped[0]}}}{escaped[1:]}" if escaped.startswith(("[", "*")) else escaped


def _one_line(text: str) -> str:
    return re.sub(r"\s*[\r\n]\s*", " ", text)
