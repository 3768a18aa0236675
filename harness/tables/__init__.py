"""Tables as a reader sees them, from summaries alone: every cell is text, in Markdown or LaTeX."""

from harness.tables.cells import crossed, p_value, title
from harness.tables.leaderboard import leaderboard, published
from harness.tables.markup import LATEX, MARKDOWN, Look, latex, markdown
from harness.tables.studies import ablations, numbered, strata, trends

__all__ = [
    "LATEX", "MARKDOWN", "Look", "ablations", "crossed", "latex", "leaderboard", "markdown", "numbered",
    "p_value", "published", "strata", "title", "trends",
]  # fmt: skip
