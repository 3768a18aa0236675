"""Parquet and feather files, several files, DataFrames, and times in several forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from harness.data.dataset import SPLITS, Dataset
from harness.data.prepare import prepare
from harness.data.spec import SourceSpec, SplitSpec
from harness.errors import InputError
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import load_plan

SOURCE: TypeAdapter[Any] = TypeAdapter(SourceSpec)


def load(source: dict[str, Any], kind: str = "temporal") -> Dataset:
    return prepare("d", SOURCE.validate_python(source), SplitSpec(kind=kind), 0)  # type: ignore[arg-type]


def log() -> pd.DataFrame:
    """Twelve users with four items each, in order of time; ids are numbers."""
    rows = [
        (100 + u, (u + step) % 6, 5, 978_300_000 + 100 * u + step) for u in range(12) for step in range(4)
    ]
    return pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"])


def write(frame: pd.DataFrame, path: Path) -> dict[str, Any]:
    """The source of a file with these rows."""
    if path.suffix.lower() == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".feather":
        frame.to_feather(path)
    else:
        frame.to_csv(path, index=False)
    return {"kind": "table", "path": path, "rating": "rating", "timestamp": "timestamp"}


@pytest.mark.parametrize("name", ["log.parquet", "log.feather", "LOG.PARQUET"])
def test_typed_files_read_like_text(tmp_path: Path, name: str) -> None:
    made = load(write(log(), tmp_path / name))
    assert made.checksum == load(write(log(), tmp_path / "log.csv")).checksum
    assert made.users.tolist() == [str(user) for user in range(100, 112)]


@pytest.mark.parametrize("kind", ["int64", "uint8", "float64", "Int64", "str", "category", "string[pyarrow]"])
def test_ids_of_every_type_stay_what_they_are(tmp_path: Path, kind: str) -> None:
    frame = log()
    frame["user"] = frame["user"].astype(kind)
    for source in (write(frame, tmp_path / "log.parquet"), {"kind": "frame", "frame": frame}):
        assert load(source, "random").users.tolist() == [str(user) for user in range(100, 112)]


def test_leading_zeros_and_fractions_stay(tmp_path: Path) -> None:
    frame = log()
    frame["item"] = [f"00{item}" for item in frame["item"]]
    frame["user"] = frame["user"] + 0.5
    made = load(write(frame, tmp_path / "log.parquet"))
    assert made.items.tolist() == [f"00{item}" for item in range(6)]
    assert made.users.tolist() == [f"{user}.5" for user in range(100, 112)]


def test_ids_beyond_the_reach_of_floats_are_exact(tmp_path: Path) -> None:
    frame = log()
    frame["user"] += 2**60
    assert load(write(frame, tmp_path / "log.parquet")).users[0] == str(2**60 + 100)


@pytest.mark.parametrize(
    ("column", "value", "refused"),
    [
        ("user", None, "log.parquet, row 3: no user id"),
        ("rating", None, "log.parquet, row 3: rating is ''; expected a number"),
        ("rating", float("inf"), "log.parquet, row 3: rating is 'inf'; expected a number"),
        ("timestamp", None, "log.parquet, row 3: timestamp is ''; expected a number"),
        ("item", [1], "log.parquet: item is a column of type list<.*a list; expected texts or numbers"),
        ("item", True, "log.parquet: item is a column of type bool.*a truth value; expected"),
        ("user", "a\0", "log.parquet: 'user' holds a NUL character; expected text"),
    ],
)
def test_cells_of_typed_files_that_cannot_be_are_refused(
    tmp_path: Path, column: str, value: Any, refused: str
) -> None:
    frame = log().astype({column: object})
    if isinstance(value, (list, bool)):
        frame[column] = [value] * len(frame)
    elif isinstance(value, str):
        frame[column] = frame[column].astype(str)
    frame.at[2, column] = value
    with pytest.raises(InputError, match=refused):
        load(write(frame, tmp_path / "log.parquet"))


def test_typed_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    source = write(log(), tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log.parquet: no column 'who'; expected one of .*'item', 'rating'"):
        load({**source, "user": "who"})
    with pytest.raises(InputError, match=r"none.parquet: no such file"):
        load({**source, "path": tmp_path / "none.parquet"})
    for name in ("log.parquet", "log.feather"):
        (tmp_path / name).write_text("user,item\n1,2\n")
        with pytest.raises(InputError, match=rf"{name}: unreadable \(.*expected a {name[4:]} file"):
            load({**source, "path": tmp_path / name})


def test_texts_may_stand_in_parquet_files(tmp_path: Path) -> None:
    items = pd.DataFrame(
        {"iid": range(6), "title": [f"book {item}" for item in range(6)], "tags": [["a", "b"]] * 6}
    )
    items.to_parquet(tmp_path / "items.parquet")
    file = {"path": tmp_path / "items.parquet", "id": "iid", "text": ["title", "tags"]}
    made = load({**write(log(), tmp_path / "log.csv"), "profiles": {"items": file}})
    assert made.texts is not None
    assert made.texts.item_profile[2] == "book 2. a, b"


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather"])
def test_several_files_are_one_log(tmp_path: Path, ending: str) -> None:
    whole = write(log(), tmp_path / "whole.csv")
    for number, part in enumerate(np.array_split(log().index, 3)):
        write(log().loc[part].reset_index(drop=True), tmp_path / f"part-{number}.{ending}")
    pattern = {**whole, "path": tmp_path / f"part-*.{ending}"}
    for kind in ("temporal", "random", "leave_one_out"):
        assert load(pattern, kind).checksum == load(whole, kind).checksum
    bad = log().tail(3).reset_index(drop=True)
    write(bad, tmp_path / f"part-9.{ending}")
    row = 2 if ending == "csv" else 1
    again = rf"part-9.{ending}, row {row}: duplicate, user '111' .*part-2.{ending}, row {15 if row == 2 else 14}\)"
    with pytest.raises(InputError, match=again):
        load(pattern)
    with pytest.raises(InputError, match=r"none-\*: no file has a name of this form"):
        load({**whole, "path": tmp_path / "none-*"})


def test_a_name_with_signs_of_patterns_is_a_name(tmp_path: Path) -> None:
    assert (
        load(write(log(), tmp_path / "log[1].csv")).checksum
        == load(write(log(), tmp_path / "log.csv")).checksum
    )


def test_a_data_frame_is_a_source(tmp_path: Path) -> None:
    frame = log().assign(when=log()["timestamp"], more=[object()] * 48).drop(columns="timestamp")
    source = {"kind": "frame", "frame": frame, "timestamp": "when", "rating": "rating", "min_rating": 4}
    spec = SOURCE.validate_python(source)
    frame.loc[:, "item"] = 0  # the plan has the rows as they were
    made = prepare("d", spec, SplitSpec(kind="temporal"), 0)
    assert made.checksum == load(write(log(), tmp_path / "log.csv")).checksum


def test_a_record_of_a_data_frame_has_its_digest() -> None:
    variant, other = (
        DatasetVariant(family="d", source=SOURCE.validate_python({"kind": "frame", "frame": frame}))
        for frame in (log(), log().assign(item=log()["item"] + 1))
    )
    assert variant.key(1) != other.key(1)
    again = DatasetVariant.from_stored(variant.stored(), "d")
    assert again.stored() == variant.stored()
    assert again.source.origin == variant.source.origin != other.source.origin
    with pytest.raises(InputError, match="came from a DataFrame, which a store does not keep"):
        prepare("d", again.source, SplitSpec(), 0)


@pytest.mark.parametrize(
    ("frame", "refused"),
    [
        ([1, 2], "frame is a list; expected a pandas DataFrame"),
        (log().drop(columns="user"), "the DataFrame: no column 'user'; expected one of"),
        (log().assign(user=[1, "a"] * 24), "a column has values of several kinds"),
    ],
)
def test_frames_that_cannot_be_are_refused(frame: Any, refused: str) -> None:
    with pytest.raises(ValidationError, match=refused):
        SOURCE.validate_python({"kind": "frame", "frame": frame})


def test_rows_of_a_data_frame_are_named_by_position() -> None:
    frame = pd.concat([log(), log().head(1)])
    with pytest.raises(InputError, match=r"the DataFrame, iloc\[48\]: duplicate, .*the DataFrame, iloc\[0\]"):
        load({"kind": "frame", "frame": frame}, "random")


def test_a_file_holds_no_data_frame(tmp_path: Path) -> None:
    plan = "name: p\ndatasets: [{name: d, source: {kind: frame, frame: log}}]\nsystems: [MostPop]\n"
    (tmp_path / "plan.yaml").write_text(plan)
    with pytest.raises(InputError, match="a file cannot hold a DataFrame; expected `kind: table`"):
        load_plan(tmp_path / "plan.yaml")


def moments() -> pd.Series:
    return pd.to_datetime(log()["timestamp"], unit="s")


FORMS = {
    "seconds": (log()["timestamp"], None),
    "milliseconds": (log()["timestamp"] * 1000, "the times are milliseconds since 1970"),
    "dates": (moments().dt.strftime("%Y-%m-%dT%H:%M:%SZ"), "the times are dates, which are read as UTC"),
    "dates with a zone": (
        (moments() + pd.Timedelta(hours=2)).dt.strftime("%Y-%m-%d %H:%M:%S+02:00"),
        "the times are dates, which are read as UTC",
    ),
    "numbers": (log().index.to_series(), None),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_times_have_many_forms(tmp_path: Path, form: str, name: str) -> None:
    times, note = FORMS[form]
    made = load(write(log().assign(timestamp=times), tmp_path / name))
    assert made.checksum == load(write(log(), tmp_path / "seconds.csv")).checksum
    assert [said for said in made.notes if "the times are" in said] == [
        said for said in made.notes if note and said.startswith(note)
    ]
    assert any("the times are" in said for said in made.notes) == (note is not None)


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_columns_of_moments_are_dates(tmp_path: Path, zone: str | None, unit: str) -> None:
    times = (
        moments()
        .dt.tz_localize("UTC")
        .dt.tz_convert(zone)
        .astype(f"datetime64[{unit}{', ' + zone if zone else ''}]")
    )
    frame = log().assign(timestamp=times)
    expected = load(write(log(), tmp_path / "log.csv")).checksum
    assert load(write(frame, tmp_path / "log.parquet")).checksum == expected
    assert load({"kind": "frame", "frame": frame, "timestamp": "timestamp"}).checksum == expected


@pytest.mark.parametrize(
    ("row", "value", "refused"),
    [
        (5, "2014-07-31", r"row 7: timestamp is '2014-07-31'; expected a number"),
        (5, "soon", r"row 7: timestamp is 'soon'; expected a number"),
        (0, "978300000000", r"row 3: timestamp is '978300001', which is in seconds since 1970, unlike"),
        (0, "2014-07-31", r"row 3: timestamp is '978300001'; expected a date as in the first row"),
        (
            5,
            "978300000000",
            r"row 7: timestamp is '978300000000', which is in milliseconds .*the first row; expected one",
        ),
    ],
)
def test_mixed_times_are_refused(tmp_path: Path, row: int, value: str, refused: str) -> None:
    frame = log().astype({"timestamp": str})
    frame.loc[row, "timestamp"] = value
    with pytest.raises(InputError, match=rf"log.csv.*{refused}"):
        load(write(frame, tmp_path / "log.csv"))


def test_files_of_one_log_have_times_of_one_form(tmp_path: Path) -> None:
    source = write(log().head(24), tmp_path / "a.csv")
    write(log().tail(24).assign(timestamp=moments()), tmp_path / "b.csv")
    with pytest.raises(
        InputError, match=r"\*.csv: the times are dates, .* and seconds since 1970; expected one"
    ):
        load({**source, "path": tmp_path / "*.csv"})


def test_all_splits_of_a_typed_file_have_pairs(tmp_path: Path) -> None:
    frame = log().assign(part=(["trn"] * 8 + ["val"] * 2 + ["tst"] * 2) * 4)
    source = {
        **write(frame, tmp_path / "log.parquet"),
        "split": "part",
        "labels": {"trn": "train", "val": "valid", "tst": "test"},
    }
    made = load(source, "given")
    assert [len(made.pairs(split)) for split in SPLITS] == [32, 8, 8]
    with pytest.raises(InputError, match=r"log.parquet, row 1: split 'trn'; expected one of"):
        load({**source, "labels": {}}, "given")
