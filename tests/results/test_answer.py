"""The README's answer is that of results/verdict/verdict.csv, word for word and number for number."""

from __future__ import annotations

from harness.report import tables
from harness.report.sections.questions import RIVALS
from tests.worlds import ROOT

DATASETS = {
    "DBbook": "dbbook",
    "Last.FM": "lastfm",
    "XRec's Amazon": "xrec-amazon",
    "musical instruments": "musical-instruments",
    "all sets": "across datasets",
}
"""The names of the datasets in the README."""


def test_the_table_of_the_first_page_is_that_of_the_verdict() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = text.split("<!-- verdict -->")[1].split("<!-- end -->")[0].strip().splitlines()
    rows = tables.read_rows(ROOT / "results" / "verdict" / "verdict.csv")
    heading, _, *shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert heading == ["On", "is", "ahead of its backbone", "of it with as many parameters",
                       "of itself with shuffled text", "of the best simple baseline"]  # fmt: skip
    assert [row[0] for row in shown[:5]] == list(DATASETS)
    for dataset, system, *cells in shown:
        own = rows[(rows["dataset"] == DATASETS[dataset]) & (rows["system"] == system)]
        by_question = own.set_index("question")
        for rival, cell in zip(RIVALS, cells, strict=True):
            if rival not in by_question.index:
                assert cell == "not asked"
                continue
            row = by_question.loc[rival]
            assert cell == f"{row['answer']}, {row['gain_percent']:+.1f} %", (dataset, system, rival)
