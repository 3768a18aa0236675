"""Names are text in Markdown, LaTeX and CSV, whatever characters they have."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from harness.report import tables
from harness.report.tables.markup import Markup, escape_latex

NASTY = "=a|b <script>x</script> _y_ `z` *w* $5% & #1 {q} ~ ^ \\input{r} [l](m) &lt; \n| n |"


@pytest.mark.parametrize(
    "plain", ["l2_weight=1e-05", "EASE^R", "IRLLRec[LightGCN, -intent]", "<.001", "p < .05", "50%"]
)
def test_what_markdown_does_not_read_as_markup_stays_readable(plain: str) -> None:
    assert tables.escape_markdown(plain) == plain


def test_markdown_escapes_what_it_would_read_as_markup() -> None:
    assert tables.escape_markdown("a|b `c` *d* _e_ $f$ ~g~ \\h") == (
        r"a\|b \`c\` \*d\* \_e\_ \$f\$ \~g\~ \\h"
    )
    assert tables.escape_markdown("<b> <!-- > &lt; & [a](b) ![c]") == (
        r"&lt;b&gt; &lt;!-- &gt; &amp;lt; & [a\](b) \![c]"
    )


def test_a_name_changes_neither_the_cells_of_a_markdown_table_nor_its_lines() -> None:
    table = pd.DataFrame({"System": [NASTY, "B"], NASTY: ["1", "2"]})
    lines = tables.markdown(table).splitlines()
    assert len(lines) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert "<script>" not in lines[2]


def test_cells_of_markup_are_written_as_they_are() -> None:
    table = pd.DataFrame({"System": ["**A**"], "mean": [Markup("**0.1**")]})
    assert tables.markdown(table).splitlines()[-1] == r"| \*\*A\*\* | **0.1** |"


def test_latex_escapes_every_character_that_it_reads_as_markup() -> None:
    assert escape_latex("# $ % & _ { } ~ ^ \\ < > |") == (
        r"\# \$ \% \& \_ \{ \} \textasciitilde{} \^{} \textbackslash{} \textless{} \textgreater{} \textbar{}"
    )
    assert escape_latex("LightGCN {layers=1}") == r"LightGCN \{layers=1\}"
    assert escape_latex("[a] b") == "{[}a] b", "else it is an option of the end of the row before"


def test_a_name_does_not_change_the_columns_of_a_latex_table() -> None:
    lines = tables.latex(pd.DataFrame({"System": [NASTY], "text": [NASTY]})).splitlines()
    (row,) = [line for line in lines if "script" in line]
    assert len(re.findall(r"(?<!\\)&", row)) == 1
    assert row.count(r"\\") == 1


def test_paragraphs_and_code_of_the_plans_text_stay() -> None:
    text = "One `a_b` *line*\nand more.\n\n# No heading\n- no list\n1. no list\n| no | table |\n<b>"
    assert tables.escape_paragraphs(text) == (
        "One `a_b` \\*line\\*\nand more.\n\n\\# No heading\n\\- no list\n1\\. no list\n\\| no \\| table \\|\n&lt;b&gt;"
    )


NAMES = ["=1+1", "+a", "-profile", "@b", "\tc", "'=d", "''-e", "'f", "plain", "007", "NA", "-0.5"]


def test_names_are_no_formulas_in_csv_and_are_read_back_as_they_were(tmp_path: Path) -> None:
    frame = pd.DataFrame({"system": NAMES, "mean": range(len(NAMES)), "difference": [-0.5] * len(NAMES)})
    file = tmp_path / "rows.csv"
    file.write_text(tables.csv_text(frame), encoding="utf-8")
    with file.open(newline="", encoding="utf-8") as opened:
        cells = [row["system"] for row in csv.DictReader(opened)]
    assert not [cell for cell in cells if cell[0] in "=+-@\t" and cell != "-0.5"]
    pd.testing.assert_frame_equal(tables.read_rows(file), frame)


def test_missing_values_and_categories_survive_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"stratum": pd.Categorical(["1-5", "-6"]), "baseline": ["=a", None], "p": [0.5, None]}
    )
    file = tmp_path / "rows.csv"
    file.write_text(tables.csv_text(frame), encoding="utf-8")
    assert tables.read_rows(file)["stratum"].tolist() == ["1-5", "-6"]
    assert tables.read_rows(file)["baseline"].isna().tolist() == [False, True]
    assert "'-6,," not in file.read_text(), "-6 is a number"
