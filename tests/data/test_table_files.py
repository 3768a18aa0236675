"""pyarrow reads a file only if it reads what the strict reader reads; other files and typed ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.data import csv_check, table_files
from harness.data.text_files import read_frame, row_number
from harness.errors import InputError

PIECES = [
    "a",
    "b",
    "é",
    "1",
    " ",
    ",",
    ",",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\r",
    '"',
    '""',
    '","',
    '"\n',
    "\ufeff",
    "\0",
    "\\",
]
"""What files are made of here: all that a reader of csv files may stumble on."""


def same_as_strict(path: Path, content: bytes) -> bool:
    """Whether pyarrow read the file, and if so, whether it read what the strict reader reads."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    try:
        strict = read_frame(path)
        wanted = [name for name in strict.columns if list(strict.columns).count(name) == 1]
    except InputError:
        strict, wanted = None, ["a", "b"]
    try:
        quick = table_files._quick(path, wanted, wanted[:1]) if wanted else None
    except InputError:  # the header is no text
        quick = None
    if quick is None:
        return False
    assert strict is not None, "the strict reader refuses the file"
    for name in wanted:
        assert quick[name].to_pylist() == strict[name].tolist()
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.sampled_from(["log.csv", "log.tsv", "log.csv.gz", "log.inter"]),
    st.sampled_from(["a,b\n", "a\tb\n", "a\n", ""]),
    st.integers(1, 30),
)
@example('1,"x', "log.csv", "a,b\n", 3)
@example('1,"x"y\n', "log.csv", "a,b\n", 3)
@example('1,x"y\n2,"x"\n', "log.csv", "a,b\n", 3)
@example("1,x\n\n2,y\n", "log.csv", "a,b\n", 3)
def test_what_pyarrow_reads_is_what_the_strict_reader_reads(
    folder: Path, content: str, name: str, header: str, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_check, "BLOCK", block)
        same_as_strict(folder / name, (header + content).encode())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=30), st.sampled_from(["log.csv", "log.tsv"]), st.integers(1, 7))
def test_any_bytes_are_read_alike_or_not_at_all(folder: Path, content: bytes, name: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_check, "BLOCK", block)
        same_as_strict(folder / name, b"a,b\n" + content)


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "\ufeffa,b\r\n1,x\r\n2,y",
        'a,b\n1,"x, ""y""\nz"\n"2",""\n',
        "a,b\n\n1,x\n\n\n2,é\n",
        '"a","b"\n"1","x"\n',
    ],
)
@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_usual_files_are_read_by_pyarrow(tmp_path: Path, content: str, name: str) -> None:
    assert same_as_strict(tmp_path / name, content.encode()) or content.startswith('\ufeff"')


def test_a_long_row_is_left_to_the_strict_reader(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n1," + "x" * (3 * table_files.BLOCK) + "\n")
    assert table_files._quick(path, ["a", "b"], ["a"]) is None
    assert len(table_files.read_columns(path, ["a"], ["a"], ["b"])["b"][0].as_py()) == 3 * table_files.BLOCK


def test_the_number_of_a_row_counts_blank_lines_and_lines_inside_quotes(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('a,b\n1,"x\ny"\n\n2,z\n')
    assert [row_number(path, position) for position in (0, 1)] == [2, 4]
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert [row_number(path, position) for position in (0, 1)] == [1, 3]
