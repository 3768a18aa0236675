"""Every kind of damage is said in a sentence and set aside, and the work is done again and ends the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.store.checkpoint import Checkpoint
from harness.store.store import Store
from tests.store.small import by_kind, copy_plans, run_plans, tables
from tests.worlds import intentbench


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plans and a sound store."""
    folder = tmp_path_factory.mktemp("whole")
    copy_plans(folder)
    run_plans(folder)
    return folder


@pytest.fixture(scope="module")
def expected(whole: Path) -> dict[str, bytes]:
    return tables(whole)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    copy_plans(tmp_path)
    shutil.copytree(whole / "store", tmp_path / "store")
    return tmp_path


def flip(path: Path, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 << bit
    path.write_bytes(bytes(content))


def becomes_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("a file")


def becomes_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def damage_of_a_run(name: str, harm: Callable[[Path], None]) -> Callable[[Path, dict[str, str]], None]:
    return lambda store, named: harm(store / "runs" / named["DCCF"] / name)


def damage_of_a_search(name: str, harm: Callable[[Path], None]) -> Callable[[Path, dict[str, str]], None]:
    return lambda store, named: harm(store / "runs" / named["search"] / name)


def damage_of_a_dataset(ending: str, harm: Callable[[Path], None]) -> Callable[[Path, dict[str, str]], None]:
    return lambda store, named: harm(next((store / "datasets").glob(f"*{ending}")))


STORED = {
    "a bit of the checksums": damage_of_a_run("SHA256SUMS", flip),
    "a high bit of the checksums": damage_of_a_run("SHA256SUMS", lambda path: flip(path, 7)),
    "no checksums": damage_of_a_run("SHA256SUMS", Path.unlink),
    "no record": damage_of_a_run("run.json", Path.unlink),
    "an empty folder": damage_of_a_run("", lambda path: (shutil.rmtree(path), path.mkdir())),
    "a file in a folder's place": damage_of_a_run("", becomes_a_file),
    "no scores": damage_of_a_run("users.parquet", Path.unlink),
    "a folder in a file's place": damage_of_a_run("users.parquet", becomes_a_folder),
    "a bit of the prototypes": damage_of_a_run("prototypes.npz", flip),
    "a bit of a search's record": damage_of_a_search("run.json", flip),
    "a bit of a search's trials": damage_of_a_search("trials.parquet", flip),
    "a search without its record": damage_of_a_search("run.json", Path.unlink),
    "a file in a search's place": damage_of_a_search("", becomes_a_file),
    "a bit of a dataset's description": damage_of_a_dataset(".json", flip),
    "a high bit of a dataset's description": damage_of_a_dataset(".json", lambda path: flip(path, 7)),
    "a folder in a description's place": damage_of_a_dataset(".json", becomes_a_folder),
    "a bit of the degrees": damage_of_a_dataset(".parquet", flip),
    "degrees that were cut": damage_of_a_dataset(
        ".parquet", lambda path: path.write_bytes(path.read_bytes()[:99])
    ),
}
"""What is stored, and harm done to it."""


@pytest.mark.parametrize("harm", STORED.values(), ids=STORED)
def test_stored_things_that_are_damaged_are_done_again(
    harm: Callable[[Path, dict[str, str]], None], folder: Path, expected: dict[str, bytes]
) -> None:
    store = folder / "store"
    harm(store, by_kind(Store(store)))
    report = intentbench("report", folder / "tuned.yaml", "--store", store, "--out", folder / "out")
    assert report.exit_code == 2
    assert len(report.stderr.strip().splitlines()) == 1
    assert "`intentbench run`" in report.stderr
    assert not (folder / "out").exists()
    assert intentbench("status", folder / "tuned.yaml", "--store", store).exit_code == 0
    assert "files are damaged, now in" in run_plans(folder)
    assert tables(folder) == expected
    verified = intentbench("store", "verify", "--store", store)
    assert verified.output == "4 runs are sound, and 0 parts of the store are damaged.\n"
    assert len(list((store / "damaged").iterdir())) == 1


@pytest.mark.parametrize("harm", STORED.values(), ids=STORED)
def test_verify_finds_it_and_a_second_verify_finds_nothing(
    harm: Callable[[Path, dict[str, str]], None], folder: Path
) -> None:
    store = folder / "store"
    harm(store, by_kind(Store(store)))
    first = intentbench("store", "verify", "--store", store)
    assert first.exit_code == 1, first.output
    assert "1 parts of the store are damaged" in first.output
    assert "was moved to" in first.output
    second = intentbench("store", "verify", "--store", store)
    assert second.exit_code == 0, second.output


@pytest.mark.parametrize("name", ["a bit of a search's record", "a file in a search's place"])
def test_a_damaged_search_is_damage_of_its_runs(name: str, folder: Path) -> None:
    store = folder / "store"
    STORED[name](store, by_kind(Store(store)))
    status = intentbench("status", folder / "tuned.yaml", "--store", store)
    assert "the files of its search are not those that were written" in status.output
    assert "1 damaged" in status.output


def test_damage_of_one_run_does_not_hold_up_others(folder: Path) -> None:
    store = Store(folder / "store")
    becomes_a_file(store.folder(by_kind(store)["MostPop"]))
    before = {path: path.stat().st_mtime_ns for path in store.folder(by_kind_of_dccf(store)).iterdir()}
    calibrated = intentbench(
        "calibrate", "--store", store.root, "--metric", "recall@2", "--out", folder / "out"
    )
    assert calibrated.exit_code == 2
    assert "is damaged and left out" in calibrated.output
    assert intentbench("run", folder / "tuned.yaml", "--store", store.root).output.strip() == "1 finished"
    assert {path: path.stat().st_mtime_ns for path in before} == before


def by_kind_of_dccf(store: Store) -> str:
    return next(identity for identity, record in store.runs().items() if record.system == "DCCF")


def test_explain_says_that_the_run_is_damaged(folder: Path) -> None:
    store = Store(folder / "store")
    identity = by_kind(store)["DCCF"]
    flip(store.folder(identity) / "prototypes.npz")
    explained = intentbench("explain", identity[:8], "--store", store.root)
    assert explained.exit_code == 2
    assert "holds files that do not fit their checksums; `intentbench run` does it again" in explained.stderr


def test_a_damaged_line_of_a_journal_costs_the_search_its_trials_and_nothing_else(
    folder: Path, expected: dict[str, bytes]
) -> None:
    store = Store(folder / "store")
    search = by_kind(store)["search"]
    store.forget(search)
    flip(store.journal(search))
    assert "tiny DCCF tuning: its files are damaged, now in" in run_plans(folder)
    assert tables(folder) == expected
    assert "and 0 parts" in intentbench("store", "verify", "--store", store.root).output


def test_a_journal_that_goes_on_is_the_one_that_was_written(folder: Path, expected: dict[str, bytes]) -> None:
    store = Store(folder / "store")
    search = by_kind(store)["search"]
    store.forget(search)
    written = store.journal(search).read_bytes()
    assert "damaged" not in run_plans(folder)
    begun, *more = store.journal(search).read_bytes().removeprefix(written).splitlines()
    assert b"study_name" in begun, "Optuna opens the study that it finds"
    assert not more, "both trials were there already"
    assert tables(folder) == expected


@pytest.mark.parametrize(
    "harm", [flip, lambda path: path.write_bytes(path.read_bytes()[:50]), becomes_a_folder]
)
def test_a_damaged_checkpoint_is_set_aside(
    harm: Callable[[Path], None], folder: Path, expected: dict[str, bytes]
) -> None:
    store = Store(folder / "store")
    identity = by_kind(store)["DCCF"]
    store.forget(identity)
    checkpoint: Checkpoint = store.checkpoint(identity)
    checkpoint.save({"epoch": 1})
    harm(checkpoint.path)
    verified = intentbench("status", folder / "tuned.yaml", "--store", store.root)
    assert "1 missing" in verified.output
    assert "tiny DCCF repetition 1: its files are damaged, now in" in run_plans(folder)
    assert tables(folder) == expected


@pytest.mark.parametrize(
    "name", ["runs", "datasets", "checkpoints", "searches", "unfinished", "claims", "text"]
)
def test_a_file_in_the_place_of_one_of_the_stores_own_folders(
    name: str, folder: Path, expected: dict[str, bytes]
) -> None:
    becomes_a_file(folder / "store" / name)
    assert intentbench("status", folder / "tuned.yaml", "--store", folder / "store").exit_code == 0
    assert f"the store: its files are damaged, now in {folder}/store/damaged/{name}-" in run_plans(folder)
    assert tables(folder) == expected


def test_verify_reports_no_damage_that_is_not_there(folder: Path) -> None:
    store = folder / "store"
    (store / "runs" / ".DS_Store").write_text("of a file manager")
    (store / "runs" / "notes.txt").write_text("of a person")
    (store / "runs" / by_kind(Store(store))["DCCF"] / "notes.txt").write_text("of a person")
    (store / "datasets" / ".tiny.json.12345").write_text("of a killed process")
    (store / "checkpoints" / ".a.pt.12345").write_text("of a killed process")
    with next((store / "searches").glob("*.journal")).open("a") as journal:
        journal.write('{"op_code":')
    verified = intentbench("store", "verify", "--store", store)
    assert verified.output == "4 runs are sound, and 0 parts of the store are damaged.\n"
    assert verified.exit_code == 0


def test_merge_takes_the_sound_run_for_a_damaged_one(folder: Path, whole: Path) -> None:
    store = Store(folder / "store")
    identity = by_kind(store)["DCCF"]
    flip(store.folder(identity) / "users.parquet")
    flip(next((folder / "store" / "datasets").glob("*.json")))
    merged = intentbench("store", "merge", whole / "store", "--store", store.root)
    assert merged.exit_code == 0, merged.output
    assert store.is_sound(identity)
    assert "and 0 parts" in intentbench("store", "verify", "--store", store.root).output
