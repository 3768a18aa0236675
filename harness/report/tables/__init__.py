"""Tables as a reader sees them, from summaries alone: every cell is text, in Markdown or LaTeX."""

from harness.report.tables.cells import crossed, p_value, title
from harness.report.tables.leaderboard import leaderboard, published
from harness.report.tables.markup import LATEX, MARKDOWN, Look, latex, markdown
from harness.report.tables.studies import ablations, numbered, strata, trends

__all__ = [
    "LATEX", "MARKDOWN", "Look", "ablations", "crossed", "latex", "leaderboard", "markdown", "numbered",
    "p_value", "published", "strata", "title", "trends",
]  # fmt: skip
