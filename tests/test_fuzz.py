"""Plans, files, stores and servers' answers with random changes: a command does its work or says why not.

The changes are the same in every run. The slow versions try many more.
"""

from __future__ import annotations

import gzip
import json
import pickle
import random
import shutil
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.text.intents.reply_journal import ReplyJournal
from tests.mutations import changed_bytes, changed_file, changed_tree
from tests.text.intents.scripted_server import Response, ScriptedServer, completion
from tests.text.intents.test_client import ask, fates
from tests.text.intents.test_client import settings as model_settings
from tests.worlds import intentbench

LONGEST_S = 5.0
"""Seconds of processor time that a command may take."""

SEEDS = st.integers(0, 2**32)


def tries(count: int) -> Callable[[Any], Any]:
    """Runs a test with so many seeds, the same ones every time."""
    return settings(
        max_examples=count, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def ends_well(*words: object, may_fail: bool = False) -> None:
    """The command does its work, or says in a sentence what is wrong with what it was given.

    ``may_fail`` where a command's exit code 1 says that a run failed or that a store is damaged.
    """
    started = time.process_time()
    done = intentbench(*words)
    said = " ".join((done.output + done.stderr).split())
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert "did not expect" not in said, said
    assert "Traceback" not in said
    assert done.exit_code in ((0, 1, 2) if may_fail else (0, 2)), said
    assert time.process_time() - started < LONGEST_S


SPLIT = {"kind": "random", "shares": [0.6, 0.2, 0.2]}

TABLE = {"kind": "table", "user": "user", "item": "item", "rating": "rating", "timestamp": "timestamp"}

PROFILES = {
    f"{side}s": {"path": f"{side}s.jsonl.gz", "id": "id", "text": "profile"} for side in ("user", "item")
}

DATASETS: dict[str, dict[str, Any]] = {
    "csv": {"source": {**TABLE, "path": "log.csv", "profiles": PROFILES}, "split": SPLIT, "text": {"kind": "tfidf", "width": 4}},
    "tsv": {"source": {**TABLE, "path": "log.tsv"}, "split": {**SPLIT, "kind": "temporal"}},
    "jsonl": {"source": {**TABLE, "path": "log.jsonl", "min_rating": 2, "core": 2}},
    "gz": {"source": {**TABLE, "path": "log.csv.gz"}, "text": {"kind": "precomputed", "user_profile": "user.npy", "item_profile": "item.npy"}},
    "matrices": {"source": {"kind": "matrices", "folder": "matrices"}, "split": {"kind": "given"}},
    "atomic": {"source": {"kind": "atomic", "folder": "atomic"}, "split": {"kind": "per_user"}, "text": {"kind": "precomputed", "user_profile": "user.pkl", "item_profile": "item.pkl"}},
}  # fmt: skip
"""A dataset of every kind of file."""

FILES = {
    "log.csv": "csv", "users.jsonl.gz": "csv", "items.jsonl.gz": "csv", "log.tsv": "tsv", "log.jsonl": "jsonl",
    "log.csv.gz": "gz", "user.npy": "gz", "item.npy": "gz", "user.ids": "gz", "user.pkl": "atomic", "item.pkl": "atomic",
    "atomic/atomic.inter": "atomic", "matrices/trn_mat.pkl": "matrices", "matrices/tst_mat.pkl": "matrices",
}  # fmt: skip
"""The files, and the plan that reads each."""


def plan(name: str, **fields: Any) -> dict[str, Any]:
    training = {"epochs": 1, "eval_every": 1, "metric": "recall@2"}
    evaluation = {"metrics": ["recall", "ndcg"], "k": [2], "show": ["recall@2"]}
    datasets = [{"name": "d", **DATASETS[name]}]
    systems = ["MostPop", "ItemKNN", "RLMRec-Con[LightGCN]"]
    return {
        "name": name, "repetitions": 1, "datasets": datasets, "systems": systems, "training": training,
        "evaluation": evaluation, **fields,
    }  # fmt: skip


def write_world(folder: Path) -> None:
    """Twelve users and eight items in files of every kind, a plan for each, and a store with searches."""
    pairs = sorted({(user, (user * user + step) % 8) for user in range(12) for step in range(6)})
    rows = [(f"u{user}", f"i{item}", "5", str(100 * user + item)) for user, item in pairs]
    names = ("user", "item", "rating", "timestamp")
    for name, mark in (("log.csv", ","), ("log.tsv", "\t")):
        (folder / name).write_text("\n".join(mark.join(row) for row in (names, *rows)) + "\n")
    (folder / "log.csv.gz").write_bytes(gzip.compress((folder / "log.csv").read_bytes()))
    (folder / "log.jsonl").write_text(
        "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    )
    for side, count in (("user", 12), ("item", 8)):
        lines = [
            json.dumps({"id": f"{side[0]}{n}", "profile": f"likes thing{n % 3} and red music"})
            for n in range(count)
        ]
        (folder / f"{side}s.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
        numbers = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
        np.save(folder / f"{side}.npy", numbers)
        (folder / f"{side}.pkl").write_bytes(pickle.dumps(numbers))
        (folder / f"{side}.ids").write_text("".join(f"{side[0]}{n}\n" for n in range(count)))
    (folder / "atomic").mkdir()
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    content = header + "\n".join("\t".join(row) for row in rows) + "\n"
    (folder / "atomic" / "atomic.inter").write_text(content)
    (folder / "matrices").mkdir()
    parts = np.split(np.random.default_rng(0).permutation(72)[:40], [24, 32])
    for name, part in zip(("trn", "val", "tst"), parts, strict=True):
        matrix = scipy.sparse.coo_matrix((np.ones(len(part)), (part // 9, part % 9)), shape=(8, 9)).tocsr()
        (folder / "matrices" / f"{name}_mat.pkl").write_bytes(pickle.dumps(matrix))
    for name in DATASETS:
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(plan(name)))
    stored = plan("csv", systems=["MostPop", "ItemKNN"], tuning={"trials": 2})
    (folder / "stored.yaml").write_text(yaml.safe_dump(stored))
    for command in (["run"], ["data", "check"]):  # the second encodes the texts
        done = intentbench(*command, folder / "stored.yaml", "--store", folder / "store")
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    return folder


def a_copy(world: Path) -> Path:
    """The world again, in the place of the last copy."""
    folder = world.with_name("copy")
    shutil.rmtree(folder, ignore_errors=True)
    return shutil.copytree(world, folder)


def check_a_plan(world: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = world / f"{draw.choice([*DATASETS, 'stored'])}.yaml"
    content = path.read_bytes()
    if draw.random() < 0.7:
        tree = changed_tree(yaml.safe_load(content), draw)
        content = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    else:
        content = changed_bytes(content, draw)
    changed = world / "changed.yaml"
    changed.write_bytes(content)
    words = draw.choice(
        [
            ("run", "--dry-run"),
            ("data", "check"),
            ("status",),
            ("report", "--no-figures", "--out", world / "out"),
        ]
    )
    ends_well(*words[:1], *words[1:], changed, "--store", world / "store")


def check_a_file(world: Path, seed: int) -> None:
    draw, folder = random.Random(seed), a_copy(world)
    name = draw.choice(list(FILES))
    (folder / name).write_bytes(changed_file(folder / name, draw))
    ends_well("data", "check", folder / f"{FILES[name]}.yaml", "--store", folder / "store")


def check_a_store(world: Path, seed: int) -> None:
    """Half of the changed runs get a checksum that fits: somebody changed them on purpose."""
    draw, folder = random.Random(seed), a_copy(world)
    store = folder / "store"
    path = draw.choice([each for each in sorted(store.rglob("*")) if each.is_file() and each.stat().st_size])
    path.write_bytes(changed_file(path, draw))
    if path.parent.parent.name == "runs" and path.name != "SHA256SUMS" and draw.random() < 0.5:
        make_checksums_fit(path.parent)
    words: tuple[object, ...] = draw.choice([
        ("status", folder / "stored.yaml"), ("report", folder / "stored.yaml", "--no-figures", "--out", folder / "out"),
        ("store", "verify"), ("run", folder / "stored.yaml"), ("explain", "ItemKNN"), ("data", "check", folder / "stored.yaml"),
    ])  # fmt: skip
    ends_well(*words, "--store", store, may_fail=words[0] in ("store", "run"))


def make_checksums_fit(folder: Path) -> None:
    """Write the checksums of a run anew."""
    sums = folder / "SHA256SUMS"
    names = [line.split(maxsplit=1)[1] for line in sums.read_text().splitlines()]
    sums.write_text(
        "".join(f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    )


def check_an_answer(folder: Path, seed: int) -> None:
    """A server whose every answer is changed in another way: texts may be missing, and nothing else happens."""
    draw = random.Random(seed)

    def answer(request: dict[str, Any]) -> Any:
        body = changed_tree(completion(request, "ok", ""), draw)
        return body if draw.random() < 0.7 else changed_bytes(json.dumps(body).encode(), draw)

    kept = folder / "replies"
    shutil.rmtree(kept, ignore_errors=True)
    with ScriptedServer(lambda key, times: Response(answer)) as server:
        _, writer, requests = ask(model_settings(server, tries=2), kept, documents=1)
    assert sum(fates(writer, requests).values()) == len(requests)
    for path in kept.iterdir():
        path.write_bytes(changed_file(path, draw))
    ReplyJournal(kept, "m").all()


@tries(40)
@given(SEEDS)
def test_changed_plans(world: Path, seed: int) -> None:
    check_a_plan(world, seed)


@tries(50)
@given(SEEDS)
def test_changed_files(world: Path, seed: int) -> None:
    check_a_file(world, seed)


@tries(40)
@given(SEEDS)
def test_changed_stores(world: Path, seed: int) -> None:
    check_a_store(world, seed)


@tries(20)
@given(SEEDS)
def test_changed_answers(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    check_an_answer(tmp_path_factory.getbasetemp() / "answers", seed)


@pytest.mark.slow
@pytest.mark.parametrize("check", [check_a_plan, check_a_file, check_a_store, check_an_answer])
def test_many_more_changes(check: Callable[[Path, int], None], world: Path) -> None:
    @tries(1000)
    @given(SEEDS)
    def check_all(seed: int) -> None:
        check(world, seed)

    check_all()
