"""New plans for tables of one's own: what is guessed, and that the plan can be used as it is."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from harness.cli.new_plan.commented_yaml import scalar
from harness.cli.new_plan.table_columns import guess_columns
from harness.planning.plan import Plan, load_plan
from tests.data.test_data import interactions
from tests.worlds import ROOT, intentbench


def new_plan(*words: object) -> Plan:
    """The plan that `init` writes."""
    folder = Path.cwd()
    done = intentbench("init", *words, "--out", folder / "new.yaml")
    assert done.exit_code == 0, done.output
    return load_plan(folder / "new.yaml")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(name: str, header: str, *rows: str) -> Path:
    path = Path(name)
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


HEADERS = {
    "user,item,rating,timestamp": ("user", "item", "rating", "timestamp"),
    "userId,movieId,rating,timestamp": ("userId", "movieId", "rating", "timestamp"),
    "reviewerID,asin,overall,unixReviewTime": ("reviewerID", "asin", "overall", "unixReviewTime"),
    "timestamp,stars,business_id,user_id": ("user_id", "business_id", "stars", "timestamp"),
    "CustomerID,ProductID,Score,Time": ("CustomerID", "ProductID", "Score", "Time"),
    "user_id:token,item_id:token,rating:float,timestamp:float": (
        "user_id:token", "item_id:token", "rating:float", "timestamp:float",
    ),
    "uid,iid": ("uid", "iid", None, None),
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_columns_are_guessed_by_their_names(header: str) -> None:
    rows = [",".join(row.split(",")[: header.count(",") + 1]) for row in ("1,2,3,4", "5,6,1,8")]
    found = guess_columns(table("log.csv", header, *rows))
    assert (found.user, found.item, found.rating, found.timestamp) == HEADERS[header]


def test_a_plan_for_a_table_trains_as_it_is() -> None:
    interactions().rename(columns={"user": "customer", "item": "product"}).to_csv("my shop.csv", index=False)
    plan = new_plan("my shop.csv")
    (dataset,) = plan.datasets
    assert (plan.name, dataset.name) == ("my-shop", "my-shop")
    assert dataset.source.kind == "table"
    assert (dataset.source.user, dataset.source.item) == ("customer", "product")
    assert (dataset.source.rating, dataset.source.timestamp) == ("rating", "timestamp")
    done = intentbench("run", "new.yaml", "--only", "MostPop")
    assert done.exit_code == 0, done.output
    assert done.output.endswith("3 finished\n")


def test_every_optional_line_can_be_used() -> None:
    """A comment that holds a key becomes that key when its mark is removed."""
    interactions().to_csv("log.csv", index=False)
    new_plan("log.csv")
    lines = Path("new.yaml").read_text().splitlines()
    optional = [
        number for number, line in enumerate(lines) if line.lstrip().startswith("# ") and ": " in line[2:]
    ]
    keys = {
        lines[number].lstrip("# ").split(":")[0] for number in optional if "intentbench" not in lines[number]
    }
    assert keys >= {"min_rating", "core", "duplicates", "tuning"}
    for number in optional:
        if lines[number].lstrip("# ").split(":")[0] in ("min_rating", "core", "duplicates", "tuning"):
            lines[number] = lines[number].replace("# ", "", 1)
    Path("all.yaml").write_text("\n".join(lines))
    plan = load_plan(Path("all.yaml"))
    assert plan.tuning is not None
    source = plan.datasets[0].source
    assert (source.min_rating, source.core, source.duplicates) == (4, 5, "last")


def test_a_given_split_and_its_labels_are_found() -> None:
    rows = ["a,b,trn", "b,b,tst", "c,c,val"]
    plan = new_plan(table("log.csv", "user,item,fold", *rows))
    source = plan.datasets[0].source
    assert plan.datasets[0].split.kind == "given"
    assert source.kind == "table"
    assert source.split == "fold"
    assert dict(source.labels) == {"trn": "train", "tst": "test", "val": "valid"}


def test_a_column_of_other_values_is_no_split() -> None:
    plan = new_plan(table("log.csv", "user,item,fold", "a,b,1", "b,b,2"))
    assert plan.datasets[0].split.kind == "random"


def test_dates_are_times() -> None:
    plan = new_plan(table("log.csv", "user,item,date", "a,b,2020-01-01", "b,b,2021-12-31T23:59:59Z"))
    source = plan.datasets[0].source
    assert source.kind == "table"
    assert source.timestamp == "date"


def test_what_is_no_number_is_left_out_with_the_reason() -> None:
    path = table("log.csv", "user,item,rating,date", "a,b,good,someday")
    done = intentbench("init", path)
    assert "The column 'rating' is not used, because its value 'good' is not a number." in done.output
    assert "The column 'date' is not used, because its value 'someday' is not a number." in done.output
    assert "Users are taken from the column 'user', and items from the column 'item'." in done.output
    source = load_plan(Path("plan.yaml")).datasets[0].source
    assert source.kind == "table"
    assert source.rating is None


def test_reviews_become_written_intents_and_tables_of_texts_become_profiles() -> None:
    reviews = table("log.csv", "user,item,review_text", "a,b,nice", "b,b,bad")
    plan = new_plan(reviews)
    assert plan.datasets[0].text.kind == "intents"
    assert "IRLLRec[LightGCN]" in [entry.system.name for entry in plan.systems]
    items = Path("items.jsonl.gz")
    items.write_bytes(gzip.compress(json.dumps({"item_id": "b", "title": "B", "tags": ["x"]}).encode()))
    Path("new.yaml").unlink()
    profiles = new_plan(reviews, items).datasets[0].source.profiles
    assert profiles is not None
    assert profiles.users is None
    assert (profiles.items.id, profiles.items.text) == ("item_id", ("title", "tags"))
    assert profiles.items.path.resolve() == items.resolve()


def test_without_a_table_the_example_is_written() -> None:
    plan = new_plan()
    assert plan.datasets[0].source.kind == "movielens"
    assert plan.name == "example"


def test_several_tables_are_several_datasets_of_different_names() -> None:
    Path("other").mkdir()
    one, two = table("log.csv", "user,item", "a,b"), table("other/log.csv", "user,item", "a,b")
    assert [dataset.name for dataset in new_plan(one, two).datasets] == ["log", "log-2"]


def test_a_plan_elsewhere_finds_its_table(tmp_path: Path) -> None:
    path = table("log.csv", "user,item", "a,b")
    (tmp_path / "plans").mkdir()
    done = intentbench("init", path, "--out", tmp_path / "plans" / "mine.yaml")
    assert done.exit_code == 0, done.output
    source = load_plan(tmp_path / "plans" / "mine.yaml").datasets[0].source
    assert source.kind == "table"
    assert source.path.resolve() == path.resolve()


def test_no_file_is_overwritten() -> None:
    Path("plan.yaml").write_text("mine")
    done = intentbench("init")
    assert done.exit_code == 2
    assert "plan.yaml: this file exists and is not overwritten" in done.output
    assert Path("plan.yaml").read_text() == "mine"


def test_columns_may_be_named() -> None:
    path = table("log.csv", "who,what", "a,b")
    assert "--user COLUMN" in intentbench("init", path).output
    source = new_plan(path, "--user", "who", "--item", "what").datasets[0].source
    assert source.kind == "table"
    assert (source.user, source.item) == ("who", "what")
    done = intentbench("init", path, "--user", "whom", "--item", "what")
    assert done.exit_code == 2
    assert "there is no column 'whom'; expected one of who, what" in done.output


BROKEN = {
    "no file": ("gone.csv", None, "gone.csv: no such file"),
    "another kind": (
        "log.xlsx",
        b"x",
        "log.xlsx: unknown kind of file; expected .csv, .tsv, .jsonl or .inter",
    ),
    "nothing": ("log.csv", b"", "log.csv: empty file; expected a header and rows"),
    "a header alone": ("log.csv", b"user,item\n", "log.csv: the file has no rows"),
    "no text": ("log.csv", b"\xff\xfe\x00", "log.csv: unreadable (byte 0xff is not UTF-8)"),
    "no JSON": ("log.jsonl", b'{"user": 1}\n{', "log.jsonl, row 2: broken JSON"),
    "no object": ("log.jsonl", b"[1]", "log.jsonl, row 1: a list; expected an object"),
    "not gzipped": ("log.csv.gz", b"user,item", "log.csv.gz: unreadable (Not a gzipped file"),
    "a field too many": (
        "log.csv",
        b"user,item\na,b,\n",
        "log.csv, row 2: 3 fields; expected 2, as in the header",
    ),
    "a quote that opens": (
        "log.csv",
        b'user,item\na,"b\nc,d\n',
        "log.csv, row 2: a quote opens and never closes",
    ),
    "a column twice": ("log.csv", b"user,user,item\na,b,c\n", "log.csv: 2 columns 'user'; expected one"),
    "texts alone": ("items.csv", b"item,title\na,b\n", "items.csv: no column looks like the ids of users"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_table_that_cannot_be_used_is_told_in_one_sentence(case: str) -> None:
    name, content, sentence = BROKEN[case]
    if content is not None:
        Path(name).write_bytes(content)
    done = intentbench("init", name)
    assert done.exit_code == 2
    assert sentence in done.output
    assert len(done.output.splitlines()) == 1
    assert not Path("plan.yaml").exists()


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".tsv.gz"])
def test_only_the_first_rows_are_read_to_guess_the_columns(ending: str) -> None:
    row = {".csv": "a,b", ".jsonl": '{"user": "a", "item": "b"}', ".tsv.gz": "a\tb"}[ending]
    header = [] if ending == ".jsonl" else [row.replace("a", "user").replace("b", "item")]
    content = "\n".join([*header, *[row] * 1000, "a row,that,is{broken"]).encode()
    path = Path(f"log{ending}")
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    found = guess_columns(path)
    assert (found.user, found.item) == ("user", "item")


def test_users_texts_alone_are_refused() -> None:
    log, users = table("log.csv", "user,item", "a,b"), table("users.csv", "user,profile", "a,b")
    done = intentbench("init", log, users)
    assert done.exit_code == 2
    assert "users.csv: only users have texts" in done.output


@pytest.mark.parametrize(
    "value", ["plain", "two words", "yes", "1", "1e3", "null", "a: b", "a #b", "é", "- x", '"', "~", "a\tb"]
)
def test_a_text_is_read_back_from_yaml(value: str) -> None:
    import yaml

    assert yaml.safe_load(f"key: {scalar(value)}") == {"key": value}
    assert yaml.safe_load(f"key: [{scalar(value)}]") == {"key": [value]}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = intentbench("init")
    assert done.exit_code == 2
    assert "the plan cannot be written" in done.output


def test_the_folder_of_plans_is_left_alone() -> None:
    before = sorted((ROOT / "harness" / "plans").iterdir())
    new_plan()
    assert sorted((ROOT / "harness" / "plans").iterdir()) == before
