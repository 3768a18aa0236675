"""Published numbers beside ours: read strictly, joined by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.report import tables
from harness.report.published import beside, check_any_joined, form_hints, read

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


def test_names_stay_text(tmp_path: Path) -> None:
    """007, NA and 2014 are names; a name that our CSV files protect is read as it was."""
    rows = "007,NA,recall@5,.3,one\n'=x,2014,recall@5,.2,\n"
    numbers = read(write(tmp_path / "p.csv", "\ufeff" + HEADER + rows))
    assert numbers[["system", "dataset"]].to_numpy().tolist() == [["007", "NA"], ["=x", "2014"]]
    assert numbers["source"].tolist() == ["one", ""]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "", "0_1", "12%", "0,5"])
def test_what_is_no_finite_number_is_refused_by_row(value: str, tmp_path: Path) -> None:
    text = HEADER + f'A,b,recall@20,.1,s\nA,c,recall@20,"{value}",s\n'
    with pytest.raises(InputError, match=rf":3: value '{value}'; expected a number"):
        read(write(tmp_path / "p.csv", text))


def test_rows_are_counted_by_the_lines_of_the_file(tmp_path: Path) -> None:
    text = HEADER + 'A,b,recall@20,.1,"a source\nof two lines"\n\nA,c,recall@20,high,s\n'
    with pytest.raises(InputError, match=":5: value 'high'"):
        read(write(tmp_path / "p.csv", text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "unreadable, because it is empty"),
        ("\n\n", "unreadable, because it is empty"),
        (HEADER, "has a header and no numbers"),
        ("system,system,dataset,metric,value,source\n", "column 'system' stands twice"),
        (HEADER + "A,b,recall@20,.1,s,t\n", ":2: 6 fields; expected 5"),
    ],
)
def test_a_file_without_numbers_or_of_another_shape_is_one_sentence(
    text: str, wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=wanted):
        read(write(tmp_path / "p.csv", text))


KNOWN = ["RLMRec-Con[LightGCN]", "RLMRec-Con[DCCF]", "LightGCN", "LightGCN[capacity=IRLLRec]"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lightgcn ", ["'LightGCN'"]),
        ("RLMRec-Con", ["'RLMRec-Con[LightGCN]'", "'RLMRec-Con[DCCF]'"]),
        ("RLMRec Con [LightGCN]", ["'RLMRec-Con[LightGCN]'"]),
        ("RLMRec-Con[SGL]", []),
        ("LightGCN", []),
        ("NGCF", []),
    ],
)
def test_names_that_differ_in_form_alone_are_hinted_at(name: str, meant: list[str]) -> None:
    expected = [f"{name!r} may mean {' or '.join(meant)}"] if meant else []
    assert form_hints([name], KNOWN) == expected


def test_numbers_without_any_counterpart_are_refused_with_the_names_that_exist(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", HEADER + "RLMRec-Con,Book,Recall@20,.1,s\n")
    ours = pd.DataFrame({"dataset": ["book"], "system": ["RLMRec-Con[LightGCN]"], "recall@20": [0.1]})
    with pytest.raises(InputError) as refused:
        check_any_joined(path, read(path), ours)
    said = str(refused.value)
    for part in (
        "of its 1 number none has the dataset, system and metric",
        "'Book' may mean 'book'",
        "'RLMRec-Con' may mean 'RLMRec-Con[LightGCN]'",
        "'Recall@20' may mean 'recall@20'",
        "datasets 'book'; systems 'RLMRec-Con[LightGCN]'; metrics 'recall@20'",
    ):
        assert part in said
    check_any_joined(path, read(path), ours.assign(dataset="Book", system="RLMRec-Con", **{"Recall@20": 0.1}))
