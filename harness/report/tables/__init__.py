"""Tables in Markdown and LaTeX, and rows in CSV files. Names are text in all of them."""

from harness.report.tables.cells import counted, cross_table, number, p_value, title
from harness.report.tables.csv_rows import csv_text, read_rows, stacked
from harness.report.tables.leaderboard import leaderboard, published
from harness.report.tables.markup import (
    LATEX,
    MARKDOWN,
    PLAIN,
    Look,
    escape_markdown,
    escape_paragraphs,
    latex,
    markdown,
)
from harness.report.tables.studies import ablations, numbered, strata, trends
from harness.report.tables.tests import INTERVALS, tested

__all__ = [
    "INTERVALS", "LATEX", "MARKDOWN", "PLAIN", "Look", "ablations", "counted", "cross_table", "csv_text",
    "escape_markdown", "escape_paragraphs", "latex", "leaderboard", "markdown", "number", "numbered",
    "p_value", "published", "read_rows", "stacked", "strata", "tested", "title", "trends",
]  # fmt: skip
