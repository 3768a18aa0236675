"""The data card, the citation and the other texts of a bundle say what its files hold."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from harness.bundle.card import CONFORMS_TO, CONTEXT
from harness.store.files import digest
from tests.worlds import ROOT, intentbench


@pytest.fixture(scope="module")
def folder(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the tuned plan, with authors and a licence."""
    out = tmp_path_factory.mktemp("card") / "tuned"
    words = ("--author", "The IntentBench team", "--author", "Others", "--license", "CC-BY-4.0")
    plan = study / "tuned.yaml"
    done = intentbench("bundle", plan, "--store", study / "store", "--out", out, *words)
    assert done.exit_code == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def card(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "croissant.json").read_text())


def test_the_card_has_the_properties_that_croissant_asks_for(card: dict[str, Any]) -> None:
    assert card["@context"] == CONTEXT
    assert card["@type"] == "sc:Dataset"
    assert card["conformsTo"] == CONFORMS_TO
    assert card["name"] == "tuned"
    assert card["license"] == "CC-BY-4.0"
    assert [creator["name"] for creator in card["creator"]] == ["The IntentBench team", "Others"]
    for name in ("description", "citeAs", "datePublished", "version", "distribution", "recordSet"):
        assert card[name], name


def ids(part: Any) -> Iterator[str]:
    """Every node's ``@id``: that of an object which says more than its id."""
    if isinstance(part, dict):
        if len(part) > 1 and "@id" in part and "@type" in part and str(part["@type"]).startswith("cr:"):
            yield part["@id"]
        for own in part.values():
            yield from ids(own)
    elif isinstance(part, list):
        for own in part:
            yield from ids(own)


def test_names_in_the_card_are_unique_and_without_spaces(card: dict[str, Any]) -> None:
    names = list(ids({key: part for key, part in card.items() if key != "@context"}))
    assert len(names) == len(set(names)) > 10
    assert not [name for name in names if " " in name]


def test_the_files_of_the_card_are_there_with_their_checksums(card: dict[str, Any], folder: Path) -> None:
    kinds = [part["@type"] for part in card["distribution"]]
    assert set(kinds) == {"cr:FileObject", "cr:FileSet"}
    for part in card["distribution"]:
        if part["@type"] == "cr:FileObject":
            assert part["sha256"] == digest((folder / part["contentUrl"]).read_bytes())
        else:
            assert any(folder.glob(part["includes"])), part
    assert {part["@id"] for part in card["distribution"]} >= {"records", "scores", "trials", "degrees"}


def test_the_fields_of_the_card_are_columns_of_the_files(card: dict[str, Any], folder: Path) -> None:
    sets = {part["@id"]: part for part in card["distribution"]}
    for records in card["recordSet"]:
        for field in records["field"]:
            source = field["source"]
            if "column" not in source["extract"]:
                assert source["extract"] == {"fileProperty": "fullpath"}
                continue
            if "fileObject" in source:
                with (folder / source["fileObject"]["@id"]).open() as file:
                    columns = next(csv.reader(file))
            else:
                (path, *_) = folder.glob(sets[source["fileSet"]["@id"]]["includes"])
                columns = pq.read_schema(path).names
            assert source["extract"]["column"] in columns
            assert field["dataType"] in ("sc:Text", "sc:Float", "sc:Integer", "sc:Boolean")


def test_the_study_can_be_cited(folder: Path) -> None:
    citation = yaml.safe_load((folder / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == "Results of the study tuned"
    assert citation["type"] == "dataset"
    assert citation["authors"] == [{"name": "The IntentBench team"}, {"name": "Others"}]
    assert citation["license"] == "CC-BY-4.0"
    assert isinstance(citation["date-released"], str)


def test_the_project_can_be_cited() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "The IntentBench team"}]
    assert {"cff-version", "message", "title", "version"} <= citation.keys()


def test_versions_commits_and_checksums_are_told(folder: Path, study: Path) -> None:
    about = json.loads((folder / "bundle.json").read_text())
    assert (about["format"], about["anonymous"]) == (1, False)
    assert (about["finished_runs"], about["failed_runs"], about["searches"]) == (1, 0, 1)
    assert {name for name, versions in about["packages"].items() if len(versions) == 1} >= {"torch", "numpy"}
    assert list(about["datasets"]) == ["tiny"]
    assert all(len(checksum) == 64 for checksum in about["datasets"].values())
    assert (folder / "plan.yaml").read_bytes() == (study / "tuned.yaml").read_bytes()


def test_the_readme_says_whose_ids_it_holds(bundle: Path, anonymous: Path) -> None:
    with zipfile.ZipFile(bundle) as file:
        assert "beside the users' ids" in file.read("README.md").decode()
    text = (anonymous / "README.md").read_text()
    assert "Numbers stand in place of the users' ids" in text
    assert "1 finished runs, 1 failed runs, 0 searches on tiny" in " ".join(text.split())
