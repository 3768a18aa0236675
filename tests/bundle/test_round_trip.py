"""A bundle that is merged into an empty store gives the same report, byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from harness.bundle.layout import MANIFEST, check_name
from harness.store.store import Store
from tests.bundle.small import content, zipped
from tests.store.small import by_kind
from tests.worlds import intentbench

OF_USERS = {"users.csv.gz", "leaderboard.html"}
"""Files of a report that have rows of single users."""


def report(plan: Path, store: Path, out: Path) -> dict[str, bytes]:
    """The files of a report, with costs."""
    done = intentbench("report", plan, "--store", store, "--out", out, "--no-figures")
    assert done.exit_code == 0, done.output + done.stderr
    return content(out)


@pytest.mark.parametrize("words", [(), ("--anonymous",)])
@pytest.mark.parametrize(("plan", "form"), [("tuned", ".zip"), ("fixed", "")])
def test_a_merged_bundle_gives_the_same_report_with_costs(
    study: Path, tmp_path: Path, plan: str, form: str, words: tuple[str, ...]
) -> None:
    """The tuned plan has a search with trials; the fixed one has a failed run and lists."""
    path, out = study / f"{plan}.yaml", tmp_path / f"bundle{form}"
    packed = intentbench("bundle", path, "--store", study / "store", "--out", out, *words)
    assert packed.exit_code == 0, packed.output + packed.stderr
    merged = intentbench("store", "merge", out, "--store", tmp_path / "new")
    assert merged.exit_code == 0, merged.output + merged.stderr
    assert merged.output.startswith("2 runs were copied")
    expected = report(path, study / "store", tmp_path / "expected")
    found = report(path, tmp_path / "new", tmp_path / "found")
    within = {
        name.removeprefix("report/"): one for name, one in content(out).items() if name.startswith("report/")
    }
    assert within == found
    assert found.keys() == expected.keys()
    differ = {name for name in found if found[name] != expected[name]}
    assert differ <= (OF_USERS if words else set())
    for name in differ & {"users.csv.gz"}:
        before, after = (pd.read_csv(tmp_path / each / name, dtype=str) for each in ("expected", "found"))
        assert after.drop(columns="user").equals(before.drop(columns="user"))


def test_the_plan_in_the_bundle_gives_the_same_report(study: Path, bundle: Path, tmp_path: Path) -> None:
    """Paths of the plan lead nowhere from there; a dataset is known by the names of its files."""
    zipfile.ZipFile(bundle).extractall(tmp_path / "bundle")
    assert intentbench("store", "merge", tmp_path / "bundle", "--store", tmp_path / "new").exit_code == 0
    expected = report(study / "fixed.yaml", study / "store", tmp_path / "expected")
    assert report(tmp_path / "bundle" / "plan.yaml", tmp_path / "new", tmp_path / "found") == expected


def test_a_merged_store_is_sound_and_merging_twice_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    words = ("store", "merge", bundle, "--store", tmp_path / "new")
    assert intentbench(*words).exit_code == 0
    before = content(tmp_path / "new")
    again = intentbench(*words)
    assert again.output.startswith("0 runs were copied")
    assert content(tmp_path / "new") == before
    assert intentbench("store", "verify", "--store", tmp_path / "new").exit_code == 0


def test_a_store_has_one_bundle_and_sha256sum_checks_it(study: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.zip"
    done = intentbench("bundle", study / "fixed.yaml", "--store", study / "store", "--out", out)
    assert done.exit_code == 0
    assert out.read_bytes() == bundle.read_bytes()
    zipfile.ZipFile(out).extractall(tmp_path / "folder")
    subprocess.run(["sha256sum", "--check", "--quiet", MANIFEST], cwd=tmp_path / "folder", check=True)
    named = {line.split("  ")[1] for line in content(out)[MANIFEST].decode().splitlines()}
    assert named == content(out).keys() - {MANIFEST}
    for name in named:
        check_name(name)


def test_a_bundle_holds_no_texts_no_interactions_and_no_folders_of_the_machine(
    study: Path, bundle: Path
) -> None:
    every = b"\n".join(content(bundle).values())
    texts = [json.loads(line) for line in (study / "items.jsonl").read_text().splitlines()]
    assert not [text for item in texts for text in item.values() if len(text) > 5 and text.encode() in every]
    assert str(study).encode() not in every
    assert b"Traceback" not in every
    kinds = {name.rpartition("/")[2] for name in content(bundle) if name.startswith("runs/")}
    assert kinds == {"run.json", "users.parquet", "lists.parquet", "SHA256SUMS"}


def test_numbers_are_the_same_in_all_files_and_scores_stay_beside_their_users(
    study: Path, anonymous: Path
) -> None:
    whole, store = Store(study / "store"), Store(anonymous)
    ids = whole.notes.degrees(next(iter(store.notes)))
    numbers = store.notes.degrees(next(iter(store.notes)))
    assert ids is not None
    assert numbers is not None
    number_of = dict(zip(ids["user"], numbers["user"], strict=True))
    assert sorted(number_of.values()) == [f"{number:02d}" for number in range(1, len(ids) + 1)]
    assert sorted(number_of, key=lambda user: number_of[user]) == sorted(number_of)
    run = by_kind(whole)["MostPop"]
    for name in ("users.parquet", "lists.parquet"):
        before, after = (pd.read_parquet(each.folder(run) / name) for each in (whole, store))
        assert after.equals(before.assign(user=before["user"].map(number_of)))


def test_no_id_is_left_in_an_anonymous_bundle(study: Path, anonymous: Path) -> None:
    users = pd.read_csv(study / "log.csv")["user"].astype(str).unique()
    for path in anonymous.rglob("*.parquet"):
        frame = pd.read_parquet(path)
        if "user" in frame:
            assert not set(frame["user"]) & set(users), path
    page = (anonymous / "report" / "leaderboard.html").read_text()
    assert not [user for user in users if f'"{user}"' in page or f">{user}<" in page]


def test_a_store_with_a_readme_is_no_bundle(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study / "store", tmp_path / "other")
    (tmp_path / "other" / "README.md").write_text("These are ours.")
    merged = intentbench("store", "merge", tmp_path / "other", "--store", tmp_path / "new")
    assert merged.output == "4 runs were copied, and 0 were refused.\n"


def test_a_zip_file_that_was_packed_anew_is_taken(bundle: Path, tmp_path: Path) -> None:
    """Other programs add entries for folders, and order files in another way."""
    files = {"runs/": b"", **dict(reversed(content(bundle).items()))}
    merged = intentbench("store", "merge", zipped(files, tmp_path / "b.zip"), "--store", tmp_path / "new")
    assert merged.exit_code == 0, merged.stderr
