"""The committed notebook runs, and shows what it shows."""

from __future__ import annotations

import json
import re

from tests.results.notebook import NOTEBOOK, code_cells, executed


def test_every_cell_has_the_output_that_is_committed() -> None:
    committed = code_cells(json.loads(NOTEBOOK.read_text(encoding="utf-8")))
    today = code_cells(executed(NOTEBOOK))
    assert len(committed) == len(today) > 4
    for kept, now in zip(committed, today, strict=True):
        assert texts(kept) == texts(now), "".join(kept["source"])


def texts(cell: dict) -> list[str]:  # type: ignore[type-arg]
    """What a cell shows as text; of a leaderboard, the names and means of its systems, since costs differ."""
    shown = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            shown.append("".join(output["text"]))
        elif "<h3>" in "".join(output["data"].get("text/html", [])):
            shown += re.findall(r"<td>([^<]*?)(?: \[|</td>)", "".join(output["data"]["text/html"]))[:2]
        else:
            shown.append("".join(output["data"]["text/plain"]))
    return shown
