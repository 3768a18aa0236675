"""Published numbers beside ours: read strictly, joined by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.report import tables
from harness.report.published import beside, read

HEADER = "system,dataset,metric,value,source\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_stand_beside_ours(tmp_path: Path) -> None:
    text = (
        HEADER
        + "LightGCN,book,recall@20,0.14,one\nLightGCN,yelp,recall@20,0.11,one\nSGL,book,mrr@20,0.2,one\n"
    )
    ours = pd.DataFrame({"system": ["LightGCN", "LightGCN", "SGL"], "recall@20": [0.12, 0.14, 0.5]})
    found = beside(read(write(tmp_path / "p.csv", text)), "book", ours)
    assert found[["system", "metric"]].to_numpy().tolist() == [["LightGCN", "recall@20"]]
    assert found.loc[0, "here"] == pytest.approx(0.13)
    table = tables.published(found)
    assert table.to_numpy().tolist() == [["LightGCN", "0.1300 / 0.1400 (-0.0100)"]]
    assert list(table.columns) == ["System", "Recall@20"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("system,dataset,metric,value\n", "no column 'source'"),
        (HEADER + "A,b,recall@20,high,s\n", r":2: value 'high'; expected a number"),
        (HEADER + "A,b,recall@20,.1,s\nA,b,recall@20,.2,s\n", ":3: A b recall@20 stands twice"),
        ("", "unreadable"),
    ],
)
def test_a_broken_file_is_one_sentence(text: str, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=wanted):
        read(write(tmp_path / "p.csv", text))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv: unreadable"):
        read(tmp_path / "nothing.csv")
