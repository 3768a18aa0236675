"""From reviews to text rows: nothing held out, no secret, nothing asked twice, whatever happens."""

from __future__ import annotations

import base64
import json
import logging
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from harness.data.prepare import prepare
from harness.data.spec import SplitSpec, Table
from harness.text.intents.documents import TrainLog
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.spec import IntentsSpec
from harness.text.tables import text_table
from tests.data.test_data import interactions
from tests.text.intents.scripted_server import ScriptedServer
from tests.worlds import ROOT, SHARED, intentbench, needs_data

MARKER = "xylophonequux"

WORDS = ["warm tone", "cheap plastic", "solid build", "bright sound", "weak cable", "good value"]


def reviews(users: int = 12, items: int = 8) -> pd.DataFrame:
    """A log in which every held-out review has the marker, and no other."""
    chosen = np.random.default_rng(0).random((users, items)) < 0.8
    pairs = np.argwhere(chosen)
    frame = pd.DataFrame({"user": [f"u{u}" for u in pairs[:, 0]], "item": [f"i{i}" for i in pairs[:, 1]]})
    frame["split"] = [("train", "train", "valid", "train", "test")[row % 5] for row in range(len(frame))]
    frame["stars"] = [5 if row % 3 else 2 for row in range(len(frame))]
    said = [f"{WORDS[u % 6]} and {WORDS[i % 6]} with this one" for u, i in pairs]
    frame["text"] = [
        text if split == "train" else f"{MARKER} {text} {MARKER}"
        for text, split in zip(said, frame["split"], strict=True)
    ]
    return frame


def write_plan(folder: Path, writer: dict[str, Any], **text: Any) -> Path:
    reviews().to_json(folder / "reviews.jsonl", orient="records", lines=True)
    items = [{"iid": f"i{number}", "name": f"Thing {number}", "kind": "gear"} for number in range(8)]
    pd.DataFrame(items).to_json(folder / "items.jsonl", orient="records", lines=True)
    source = {
        "kind": "table", "path": "reviews.jsonl", "split": "split", "rating": "stars", "review": "text",
        "items": {"path": "items.jsonl", "id": "iid", "title": "name", "about": "kind"},
    }  # fmt: skip
    text = {"kind": "intents", "writer": writer, "encoder": {"kind": "tfidf", "width": 4}, **text}
    plan = {
        "name": "tiny",
        "repetitions": 1,
        "datasets": [{"name": "d", "source": source, "split": {"kind": "given"}, "text": text}],
        "systems": [
            "MostPop",
            "RLMRec-Con[LightGCN]",
            "RLMRec-Con[LightGCN, text=shuffled]",
            {"system": "IRLLRec[LightGCN]", "hyper": {"n_intents": 8}},
        ],
        "training": {"epochs": 2, "eval_every": 1, "batch_size": 16},
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan))
    return path


def everything(folder: Path) -> bytes:
    """Every byte of every file, and every file's name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in files)


def model(server: ScriptedServer, **more: Any) -> dict[str, Any]:
    return {
        "kind": "openai",
        "model": "m",
        "base_url": server.url,
        "back_off_s": 0.01,
        "timeout_s": 5,
        **more,
    }


@pytest.mark.parametrize("kind", ["extractive", "openai"])
def test_held_out_reviews_appear_nowhere_downstream(kind: str, tmp_path: Path) -> None:
    """Every held-out review holds a marker word: no request, cache, store, table or print has it."""
    pytest.importorskip("httpx2")
    with ScriptedServer() as server:
        plan = write_plan(tmp_path, {"kind": "extractive"} if kind == "extractive" else model(server))
        store, out = tmp_path / "store", tmp_path / "out"
        said = [
            intentbench("intents", "build", plan, "--store", store),
            intentbench("run", plan, "--store", store),
            intentbench("intents", "inspect", plan, "u3", "--store", store),
            intentbench("intents", "inspect", plan, "i3", "--item", "--store", store),
            intentbench("intents", "stats", plan, "--store", store),
            intentbench("report", plan, "--store", store, "--out", out),
        ]
    assert [(each.exit_code, each.exception) for each in said] == [(0, None)] * 6, [
        each.output for each in said
    ]
    assert MARKER in (tmp_path / "reviews.jsonl").read_text()
    assert MARKER.encode() not in everything(store) + everything(out)
    assert MARKER not in "".join(each.output for each in said) + json.dumps(server.requests)
    assert "tone" in said[2].output, "train reviews are there"
    if kind == "openai":
        assert "warm tone" in json.dumps(server.requests)
    table = (out / "leaderboard.md").read_text().split("## All pairs")[0]
    cells = [[cell.strip() for cell in row.split("|")] for row in table.splitlines() if row.startswith("|")]
    by = {cell[1]: cell[2] for cell in cells}
    assert (
        by["IRLLRec[LightGCN]"]
        == by["RLMRec-Con[LightGCN, text=shuffled]"]
        == {"openai": "m"}.get(kind, kind)
    )
    assert by["MostPop"] == ""


def test_the_log_that_writers_see_has_train_pairs_alone() -> None:
    """The type itself is the guarantee: it has no place for anything else."""
    assert {*TrainLog.__dataclass_fields__} == {
        "users", "items", "pairs", "reviews", "ratings", "titles", "abouts",
    }, "a new field must be of train pairs, or known without any"  # fmt: skip


def data(folder: Path) -> Any:
    reviews().to_json(folder / "reviews.jsonl", orient="records", lines=True)
    given = {"path": folder / "reviews.jsonl", "split": "split", "rating": "stars", "review": "text"}
    source = Table(kind="table", **given)  # type: ignore[arg-type]
    return prepare("d", source, SplitSpec(kind="given"), 1)


def test_reviews_stand_beside_their_train_pairs(tmp_path: Path) -> None:
    dataset, frame = data(tmp_path), reviews()
    assert dataset.reviews is not None
    known = {(row.user, row.item): (row.text, row.stars) for row in frame.itertuples()}
    said = zip(dataset.train, dataset.reviews.texts, dataset.reviews.ratings, strict=True)
    for (user, item), text, rating in said:
        assert known[dataset.users[user], dataset.items[item]] == (text, rating)


def test_texts_do_not_change_with_what_is_held_out(tmp_path: Path) -> None:
    """Other held-out reviews and ratings, the same texts and the same recipe of the rows."""
    spec = IntentsSpec.model_validate({"kind": "intents", "encoder": {"kind": "tfidf", "width": 4}})
    dataset = data(tmp_path)
    frame = reviews()
    frame.loc[frame["split"] != "train", ["text", "stars"]] = ["something else entirely", 1]
    (tmp_path / "other").mkdir()
    frame.to_json(tmp_path / "other" / "reviews.jsonl", orient="records", lines=True)
    source = Table(
        kind="table", path=tmp_path / "other" / "reviews.jsonl", split="split", rating="stars", review="text"
    )
    other = prepare("d", source, SplitSpec(kind="given"), 1)
    one, two = text_table(spec, dataset), text_table(spec, other)
    assert one.recipe == two.recipe
    np.testing.assert_array_equal(one.user_intent, two.user_intent)


KEY, USER, PASSWORD = "sk-verysecretkey0123456789", "loginname", "p@ssword/9876"
LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize("login", ["", f"{USER}:p%40ssword%2F9876@"])
@pytest.mark.parametrize("act", ["ok", "echo", "401", "400", "500", "cut"])
def test_no_secret_is_ever_written_or_said(
    act: str, login: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Key and credentials of the address, also where the server throws them back at us."""
    pytest.importorskip("httpx2")
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(lambda key, made: act) as server:
        monkeypatch.setenv("INTENT_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url.replace("http://", f"http://{login}"))
        reached = {"key_variable": "INTENT_KEY", "tries": 2}
        encoder = {"kind": "openai", "model": "e", "width": 4, **reached}
        writer = {"kind": "openai", "model": "m", "back_off_s": 0.01, **reached}
        plan, store = write_plan(tmp_path, writer, encoder=encoder), tmp_path / "store"
        built = intentbench("intents", "build", plan, "--store", store)
        done = intentbench("run", plan, "--store", store)
    assert built.exit_code == done.exit_code == (0 if act in ("ok", "echo") else 2)
    assert any((LOGIN if login else KEY) in head for head in server.heads), "the secret was sent"
    assert "The dataset d was read" in caplog.text, "the log is looked at"
    assert not [record for record in caplog.records if record.name.startswith("http")], (
        "it may repeat the key"
    )
    seen = everything(store).decode(errors="replace") + built.output + done.output + caplog.text
    for secret in (KEY, PASSWORD, "p%40ssword%2F9876", USER, LOGIN):
        assert secret not in seen


def test_credentials_in_a_plan_are_refused_and_not_repeated(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, {"kind": "openai", "model": "m", "base_url": f"http://u:{PASSWORD}@h/v1"})
    result = intentbench("intents", "build", plan)
    assert result.exit_code == 2
    assert "credentials do not belong into a plan" in result.output
    assert PASSWORD not in result.output


BUILD = """
import sys
from pathlib import Path
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.client import RequestSender, Tally
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.writer import ModelWriter
given = {"kind": "openai", "model": "m", "base_url": sys.argv[2], "concurrency": 8, "back_off_s": 0.01}
spec = ModelWriterSpec.model_validate(given)
replies = ReplyJournal(Path(sys.argv[1]), "m")
writer, tally = ModelWriter(spec, replies), Tally()
asks = [ask for number in range(150) for ask in writer.requests("item", f"- number {number} is fine")]
with replies.adding():
    RequestSender(spec, replies, writer.outcome_or_request, tally).send(asks, lambda: None)
"""


def test_killed_at_random_moments_repeats_no_answered_request(tmp_path: Path) -> None:
    """Every reply that reached the process is kept; only what was on the way may be asked again."""
    pytest.importorskip("httpx2")
    draw, kills, flaky = random.Random(4), 0, random.Random(5)
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    acts = ["ok"] * 8 + ["500", "prose", "cut"]
    with ScriptedServer(lambda key, made: flaky.choice(acts) if made == 1 else "ok", delay_s=0.04) as server:
        while True:
            process = subprocess.Popen([*command, server.url], cwd=ROOT)
            before = sum(server.made.values())
            while process.poll() is None and sum(server.made.values()) == before:
                time.sleep(0.01)
            if kills < 5:
                time.sleep(draw.uniform(0.05, 0.25))
                process.send_signal(signal.SIGKILL)
                kills += 1
            code = process.wait(60)
            kept = len(ReplyJournal(tmp_path, "m"))
            on_the_way = sum(server.answered.values()) - kept
            assert 0 <= on_the_way <= 8 * kills, "at most what was in flight at a kill is lost"
            if code == 0:
                break
        assert code == 0
        repeated = {key: count for key, count in server.answered.items() if count > 1}
        assert sum(count - 1 for count in repeated.values()) == on_the_way
        assert kept == len(server.answered) >= 300
    assert kills == 5


def test_an_unfinished_build_is_named_by_run_and_refused(tmp_path: Path) -> None:
    pytest.importorskip("httpx2")
    with ScriptedServer() as server:
        plan = write_plan(tmp_path, model(server))
        store = tmp_path / "store"
        result = intentbench("run", plan, "--store", store)
        assert result.exit_code == 2
        assert (
            "40 of 40 texts of m are not written yet; type `intentbench intents build PLAN`" in result.output
        )
        result = intentbench("intents", "build", plan, "--store", store, "--limit", 3)
        assert "12 answered" in result.output
        assert "28 unanswered" in result.output
        assert result.exit_code == 1
        result = intentbench("intents", "build", plan, "--store", store)
        assert result.exit_code == 0, result.output
        assert "40 answered" in result.output
    assert intentbench("run", plan, "--store", store).exit_code == 0, "no server is needed any more"


def test_a_plan_may_do_without_answers_and_says_so(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        plan = write_plan(tmp_path, model(server, unanswered="document"))
        store = tmp_path / "store"
        assert intentbench("intents", "build", plan, "--store", store, "--limit", 3).exit_code == 0
        assert intentbench("run", plan, "--store", store).exit_code == 0
        intentbench("report", plan, "--store", store, "--out", tmp_path)
    table = (tmp_path / "leaderboard.md").read_text()
    assert (
        "Note: 28 of 40 profiles and intents are missing; the document of the user or item stands in" in table
    )
    assert "stands in for each (28 unanswered)." in table
    assert "Note: the profiles and intents were written by m with the prompts v1." in table


def test_an_estimate_asks_nothing_and_is_near(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        plan = write_plan(tmp_path, model(server, price={"input": 1.0, "output": 2.0}))
        result = intentbench("intents", "build", plan, "--store", tmp_path / "s", "--estimate")
        assert not server.made
        assert "40 to make, 0 answered" in result.output
        assert "unknown until something is answered" in result.output
        intentbench("intents", "build", plan, "--store", tmp_path / "s")
        result = intentbench("intents", "build", plan, "--store", tmp_path / "s", "--estimate")
    assert "0 to make, 40 answered" in result.output


def test_a_limited_build_leaves_nothing_to_its_estimate(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        plan = write_plan(tmp_path, model(server, unanswered="document"))
        limited = ("intents", "build", plan, "--store", tmp_path / "s", "--limit", 3)
        intentbench(*limited)
        result = intentbench(*limited, "--estimate")
    assert "0 to make, 12 answered" in result.output


def test_ml_100k_has_intents_from_titles_and_ratings(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    text = {"kind": "intents"}
    plan.write_text(yaml.safe_dump({
        "name": "films", "systems": ["MostPop"],
        "datasets": [{"name": "ml-100k", "source": {"kind": "movielens", "core": 30}, "text": text}],
    }))  # fmt: skip
    result = intentbench("intents", "inspect", plan, "1", "--store", tmp_path)
    assert "Title:" in result.output, result.output
    assert "wants" in result.output


def test_a_dataset_without_words_is_refused(tmp_path: Path) -> None:
    interactions().to_csv(tmp_path / "log.csv", index=False)
    source = {"kind": "table", "path": "log.csv"}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({
        "name": "mute", "systems": ["MostPop"],
        "datasets": [{"name": "d", "source": source, "text": {"kind": "intents"}}],
    }))  # fmt: skip
    result = intentbench("intents", "build", tmp_path / "plan.yaml")
    assert result.exit_code == 2
    assert "has no reviews, titles or descriptions" in result.output


LOAD = """
import sys
from harness.cli.main import app
from harness.training.memory import peak_resident_bytes
try:
    app(sys.argv[1:])
finally:
    print(f"peak {peak_resident_bytes() / 1e6:.0f} MB", file=sys.stderr)
"""


@pytest.mark.slow
def test_ten_thousand_documents_in_a_minute(tmp_path: Path) -> None:
    """32 in flight, profile and intent of each: 20,000 requests under 60 s, below 500 MB."""
    pytest.importorskip("httpx2")
    random, users, items = np.random.default_rng(0), 9000, 1000
    pairs = np.unique(
        np.stack([np.arange(6 * users) % users, random.integers(items, size=6 * users)], 1), axis=0
    )
    frame = pd.DataFrame(
        {"user": pairs[:, 0], "item": pairs[:, 1], "stars": random.integers(1, 6, len(pairs))}
    )
    words = np.array(WORDS)[random.integers(6, size=(len(pairs), 20))]
    frame["text"] = [f"number {row}: " + " ".join(part) for row, part in enumerate(words)]
    plan = write_plan(tmp_path, {"kind": "extractive"})
    frame.to_json(tmp_path / "reviews.jsonl", orient="records", lines=True)
    tree = yaml.safe_load(plan.read_text())
    source = {"kind": "table", "path": "reviews.jsonl", "rating": "stars", "review": "text"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    writer = {"kind": "openai", "model": "m", "base_url": f"http://127.0.0.1:{port}/v1", "concurrency": 32}
    text, split = {"kind": "intents", "writer": writer}, {"kind": "per_user"}
    tree["datasets"] = [{"name": "d", "source": source, "split": split, "text": text}]
    plan.write_text(yaml.safe_dump(tree))
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.text.intents.scripted_server", str(port)], cwd=ROOT
    )
    try:
        started = time.monotonic()
        build = [
            sys.executable,
            "-c",
            LOAD,
            "intents",
            "build",
            str(plan),
            "--store",
            str(tmp_path / "store"),
        ]
        said = subprocess.run(build, capture_output=True, text=True, cwd=ROOT, check=True)
        seconds_s = time.monotonic() - started
    finally:
        server.kill()
        server.wait()
    print(said.stdout, said.stderr, f"{seconds_s:.1f} s in all")
    assert "20,000 texts: 20,000 answered" in said.stdout
    assert float(re.findall(r"replies in ([\d.]+) s", said.stdout)[0]) < 60
    assert int(re.findall(r"peak (\d+) MB", said.stderr)[0]) < 500


@pytest.mark.slow
@needs_data
def test_musical_instruments_through_a_flaky_server_to_a_leaderboard(tmp_path: Path) -> None:
    """Every system and control of the plan, with text by a server that fails one request in ten."""
    pytest.importorskip("httpx2")
    tree = yaml.safe_load((ROOT / "harness" / "plans" / "musical-extractive.yaml").read_text())
    draw = random.Random(3)
    acts = ["ok"] * 90 + [
        "429",
        "500",
        "503",
        "cut",
        "torn",
        "truncated",
        "prose",
        "fenced",
        "empty",
        "refusal",
    ]
    with ScriptedServer(lambda key, made: draw.choice(acts)) as server:
        dataset = tree["datasets"][0]
        dataset["source"]["path"] = str(SHARED / "musical-instruments" / "reviews.jsonl.gz")
        dataset["text"]["writer"] = model(server, concurrency=16)
        plan, store = tmp_path / "plan.yaml", tmp_path / "store"
        plan.write_text(yaml.safe_dump({**tree, "repetitions": 1, "training": {"epochs": 3}}))
        built = intentbench("intents", "build", plan, "--store", store)
        assert built.exit_code == 0, built.output
        assert max(server.answered.values()) == 1, "nothing answered is asked again"
    for trouble in ("status 429", "status 500", "status 503", "connection lost", "malformed answer"):
        assert trouble in built.output
    assert intentbench("run", plan, "--store", store).exit_code == 0
    assert intentbench("report", plan, "--store", store, "--out", tmp_path).exit_code == 0
    table = (tmp_path / "leaderboard.md").read_text()
    for system in tree["systems"]:
        assert f"| {system if isinstance(system, str) else system['system']} " in table
