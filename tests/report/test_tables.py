"""A golden table: order, styles, marks, units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.report import tables

COMPARISON = pd.DataFrame(
    {
        "system": ["A_1", "B^R", "C"],
        "metric": "ndcg@20",
        "mean": [0.2, 0.3, 0.1],
        "low": [0.19, 0.29, 0.09],
        "high": [0.21, 0.31, 0.11],
        "gain_percent": [np.nan, 50.0, -50.0],
        "gain_low": [np.nan, 40.0, -60.0],
        "gain_high": [np.nan, 60.0, -40.0],
        "p_holm": [np.nan, 0.0002, 0.03],
        "verdict": ["", "better", "worse"],
    }
)

COSTS = pd.DataFrame(
    {
        "runs": [3, 3, 2],
        "flag": ["", "", " ⚑"],
        "seconds_s": [1.0, 22.26, 0.04],
        "peak_bytes": [2**20, 2**30, 2**29],
        "parameters": [10, 1_000_000, 0],
        "ndcg@20 spread": [0.001, 0.0, np.nan],
    },
    index=["A_1", "B^R", "C"],
)


def made(look: tables.Look) -> pd.DataFrame:
    return tables.leaderboard(COMPARISON, COSTS, ["ndcg@20"], look)


def test_golden_markdown() -> None:
    lines = tables.markdown(made(tables.MARKDOWN)).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == [
        "System", "NDCG@20", "SD of runs, NDCG@20", "gain %", "p (Holm)", "verdict", "runs", "s a run", "peak MiB", "parameters",
    ]  # fmt: skip
    assert rows[2] == [
        "B^R",
        "**0.3000** [0.2900, 0.3100]▲",
        "0.0000",
        "+50.0 [+40.0, +60.0]",
        "<.001",
        "better",
        "3",
        "22.3",
        "1024",
        "1,000,000",
    ]
    assert rows[3] == ["A_1", "<u>0.2000</u> [0.1900, 0.2100]", "0.0010", "", "", "", "3", "1.0", "1", "10"]
    assert rows[4] == [
        "C",
        "0.1000 [0.0900, 0.1100]▼",
        "",
        "-50.0 [-60.0, -40.0]",
        ".030",
        "worse",
        "2 ⚑",
        "0.0",
        "512",
        "0",
    ]


def test_latex_escapes_names_and_titles() -> None:
    text = tables.latex(made(tables.LATEX))
    assert r"B\^{}R" in text
    assert r"A\_1" in text
    assert r"gain \%" in text
    assert r"\textless{}.001" in text, "< alone is printed as another character"
    assert r"\textbf{0.3000} [0.2900, 0.3100]" in text
    assert r"\underline{0.2000}" in text
    assert r"$^{\blacktriangle}$" in text


def test_rows_and_columns_stand_in_the_order_given_and_gaps_are_empty() -> None:
    frame = pd.DataFrame(
        [("40%", "B", 0.25), ("40%", "A", 0.5), ("whole", "A", 1.0)], columns=["share", "System", "mean"]
    )
    made = tables.cross_table(frame, "System", "share", "mean", ".2f", ["whole", "40%", "20%"])
    assert made.to_numpy().tolist() == [["B", "", "0.25", ""], ["A", "1.00", "0.50", ""]]
    assert list(made.columns) == ["System", "whole", "40%", "20%"]
    assert list(tables.cross_table(frame, "System", "share", "mean", ".2f").columns) == [
        "System",
        "40%",
        "whole",
    ]


def test_a_p_in_a_sentence_has_room() -> None:
    assert [tables.p_value(p) for p in (0.0001, 0.0341, 1.0)] == ["p < .001", "p .034", "p 1.000"]


def test_stacked_rows_have_all_columns_and_no_warning() -> None:
    """A column that is empty in one frame has the type that it has in the other."""
    one = pd.DataFrame({"system": ["a"], "gain": [np.nan]})
    other = pd.DataFrame({"system": ["b"], "gain": [0.1], "note": ["x"]})
    frame = tables.stacked([one, other])
    assert list(frame) == ["system", "gain", "note"]
    assert frame["gain"].dtype == float
    assert frame["note"].isna().tolist() == [True, False]
