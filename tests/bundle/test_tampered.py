"""A bundle that was tampered with is refused in one sentence, and the store stays as it was."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.bundle import reading
from harness.bundle.layout import ABOUT, MANIFEST
from tests.bundle.small import content, forged, zipped
from tests.worlds import intentbench

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def unpacked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which bundles are unpacked."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def refusal(bundle: Path, store: Path) -> str:
    """What is said of a bundle that is refused. Nothing else happens."""
    store.mkdir(exist_ok=True)
    before = content(store)
    merged = intentbench("store", "merge", bundle, "--store", store)
    assert merged.exit_code == 2, merged.output + merged.stderr
    assert merged.output == merged.stderr
    assert content(store) == before
    assert not list(Path(tempfile.gettempdir()).iterdir())
    (sentence,) = merged.stderr.splitlines()
    assert str(bundle) in sentence
    return sentence


def first(files: Files, ending: str) -> str:
    return next(name for name in sorted(files) if name.endswith(ending))


def changed(ending: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        name = first(files, ending)
        return files | {name: files[name][:-1] + bytes([files[name][-1] ^ 1])}

    return change


def missing(ending: str) -> Callable[[Files], Files]:
    return lambda files: {name: one for name, one in files.items() if name != first(files, ending)}


def added(name: str) -> Callable[[Files], Files]:
    return lambda files: files | {name: b"x"}


def added_by_forger(name: str) -> Callable[[Files], Files]:
    return lambda files: forged(files | {name: b"x"})


def of_version(version: object) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        return forged(files | {ABOUT: json.dumps(json.loads(files[ABOUT]) | {"format": version}).encode()})

    return change


def forged_after(change: Callable[[Files], Files]) -> Callable[[Files], Files]:
    return lambda files: forged(change(files))


def of_newer_record(files: Files) -> Files:
    """A record of a schema that is not known, with checksums that fit."""
    name = first(files, "run.json")
    record = json.dumps(json.loads(files[name]) | {"schema_version": 99}).encode()
    folder = name.rpartition("/")[0]
    run = {each.rpartition("/")[2]: one for each, one in files.items() if each.startswith(f"{folder}/")}
    lines = forged({key: one for key, one in run.items() if key != "SHA256SUMS"} | {"run.json": record})
    order = sorted(lines["SHA256SUMS"].decode().splitlines(), key=lambda line: "run.json" not in line)
    return forged(files | {name: record, f"{folder}/SHA256SUMS": ("\n".join(order) + "\n").encode()})


CASES = [
    ("a changed score", changed("users.parquet"), "holds another runs/"),
    ("a changed table", changed("leaderboard.md"), "holds another report/leaderboard.md"),
    ("a changed plan", changed("plan.yaml"), "holds another plan.yaml"),
    ("a missing run", missing("users.parquet"), "lacks runs/"),
    ("a missing report", missing("leaderboard.csv"), "lacks report/leaderboard.csv"),
    ("no list of files", missing(MANIFEST), "lacks runs/"),
    ("no version", missing(ABOUT), "has no bundle.json"),
    ("a file more", added("report/more.csv"), "does not name"),
    ("code", added_by_forger("setup.py"), "no bundle of version 1 has"),
    ("code in a run", added_by_forger("runs/0123456789abcdef0123/weights.npz"), "no bundle of version 1 has"),
    ("a way up", added_by_forger("../x"), "leads out of the bundle's folder"),
    ("a way up from a run", added_by_forger("runs/../../x.json"), "leads out of the bundle's folder"),
    ("a way up on Windows", added_by_forger("datasets\\..\\x.json"), "leads out of the bundle's folder"),
    ("a drive", added_by_forger("C:/x.json"), "leads out of the bundle's folder"),
    ("the root", added_by_forger("/tmp/x.json"), "leads out of the bundle's folder"),
    ("a newer version", of_version(2), "is of version 2; this IntentBench reads version 1"),
    ("a version that is none", of_version(True), "is of version True"),
    ("a version of text", of_version("1"), "is of version 1"),
    ("no object", lambda files: files | {ABOUT: b"[" * 100_000}, "does not tell its version"),
    ("a list", lambda files: files | {ABOUT: b"[1]"}, "does not tell its version"),
    ("no manifest", lambda files: files | {MANIFEST: b"\xff\n"}, "whose line 1 is no checksum"),
    ("a forged score", forged_after(changed("users.parquet")), "do not fit their checksums"),
    ("a forged run", forged_after(missing("run.json")), "has no run.json"),
    ("a forged dataset", forged_after(changed(".json")), ""),
    ("a record of later", of_newer_record, "schema_version is 99"),
]


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_changed_bundle_is_refused(
    bundle: Path, tmp_path: Path, change: Callable[[Files], Files], said: str
) -> None:
    files = change(content(bundle))
    if said == "lacks runs/" and MANIFEST not in files:
        said = f"has no {MANIFEST}"
    assert said in refusal(zipped(files, tmp_path / "b.zip"), tmp_path / "store")


def test_a_folder_is_checked_as_a_zip_file_is(anonymous: Path, tmp_path: Path) -> None:
    for number, (change, said) in enumerate(
        [
            (lambda folder: (folder / "plan.yaml").write_text("name: other"), "holds another plan.yaml"),
            (lambda folder: (folder / "report" / "leaderboard.md").unlink(), "lacks report/leaderboard.md"),
            (lambda folder: (folder / MANIFEST).unlink(), f"has no {MANIFEST}"),
            (lambda folder: (folder / ABOUT).unlink(), f"has no {ABOUT}"),
            (lambda folder: (folder / "report" / "x.md").symlink_to("/etc/passwd"), "which is no file"),
            (lambda folder: (folder / "runs" / "up").symlink_to("/tmp"), "which is no file"),
            (lambda folder: os.mkfifo(folder / "report" / "y.md"), "which is no file"),
        ]
    ):
        folder = tmp_path / str(number)
        shutil.copytree(anonymous, folder)
        change(folder)
        assert said in refusal(folder, tmp_path / "store")


def test_a_bomb_is_refused_before_it_is_unpacked(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "copied", lambda *_: pytest.fail("something was unpacked"))
    files = forged(content(bundle) | {"report/zeros.csv": bytes(20_000_000)})
    assert "would unpack to 20," in refusal(zipped(files, tmp_path / "b.zip"), tmp_path / "store")


def test_a_bomb_that_hides_its_size_is_not_unpacked(bundle: Path, tmp_path: Path) -> None:
    """The sizes in a zip file are what its author writes. No more bytes are read than they say."""
    files = forged(content(bundle) | {"report/zeros.csv": bytes(20_000_000)})
    path = zipped(files, tmp_path / "b.zip")
    archive = path.read_bytes()
    path.write_bytes(archive.replace((20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert sum(member.file_size for member in zipfile.ZipFile(path).infolist()) < 1_000_000
    refusal(path, tmp_path / "store")


def test_too_little_space_is_said(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 0, 10))  # type: ignore[attr-defined]
    assert "bytes, and 10 are free in" in refusal(bundle, tmp_path / "store")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    shutil.copy(bundle, path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("plan.yaml", "name: other")
    assert "holds 'plan.yaml' twice" in refusal(path, tmp_path / "store")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_off_is_refused(bundle: Path, tmp_path: Path, share: float) -> None:
    path, whole = tmp_path / "b.zip", bundle.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "expected a zip file or its folder" in refusal(path, tmp_path / "store")


def test_damaged_and_encrypted_members_are_refused(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    for at in range(0, bundle.stat().st_size, 997):
        damaged = bytearray(bundle.read_bytes())
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        done = intentbench("store", "merge", path, "--store", tmp_path / "store")
        assert done.exit_code in (0, 2), done.stderr  # dates and permissions may change without harm
        assert len(done.stderr.splitlines()) == (done.exit_code == 2)
        shutil.rmtree(tmp_path / "store", ignore_errors=True)


def test_users_under_other_names_are_not_mixed(study: Path, anonymous: Path, tmp_path: Path) -> None:
    """The runs are the same, so that a store that has some of them would take the others."""
    full = tmp_path / "full"
    shutil.copytree(study / "store", full)
    shutil.rmtree(next(folder for folder in (full / "runs").iterdir()))
    before = content(full / "runs")
    refused = intentbench("store", "merge", anonymous, "--store", full)
    assert refused.exit_code == 2
    assert "have other names here" in refused.stderr
    assert content(full / "runs") == before
    assert intentbench("store", "merge", anonymous, "--store", tmp_path / "new").exit_code == 0
    other_way = intentbench("store", "merge", full, "--store", tmp_path / "new")
    assert other_way.exit_code == 2
    assert "have other names here" in other_way.stderr
