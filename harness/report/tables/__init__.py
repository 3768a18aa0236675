"""Tables as a reader sees them, in Markdown or LaTeX. Every cell is text."""

from harness.report.tables.cells import cross_table, p_value, title
from harness.report.tables.leaderboard import leaderboard, published
from harness.report.tables.markup import LATEX, MARKDOWN, Look, latex, markdown
from harness.report.tables.studies import ablations, numbered, strata, trends

__all__ = [
    "LATEX", "MARKDOWN", "Look", "ablations", "cross_table", "latex", "leaderboard", "markdown",
    "numbered", "p_value", "published", "strata", "title", "trends",
]  # fmt: skip
