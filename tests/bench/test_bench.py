"""The benchmark's world, its rows and its growth; no test asserts a speed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from harness.bench import __main__ as tasks
from harness.bench import growth, rows, show, steps
from harness.bench.world import PAIRS, USERS, World, random_world
from harness.cli.main import app
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.testing.world import checkerboard
from harness.training.memory import Sizes, needed_bytes, peak_resident_bytes
from harness.training.timing import compare


@pytest.fixture(scope="module")
def world() -> World:
    return random_world()


def test_a_drawn_graph_has_the_sizes_and_the_tail(world: World) -> None:
    assert len(world.train) == PAIRS
    degree = np.bincount(world.train[:, 0], minlength=world.users)
    assert len(degree) == USERS
    assert degree.min() >= 1
    assert degree.max() > 5 * degree.mean()
    everything = np.concatenate([world.train, world.valid, world.test])
    assert len(np.unique(everything, axis=0)) == len(everything), "a pair stands twice"


def test_both_sides_of_a_comparison_take_the_same_step(world: World) -> None:
    small = World("small", world.users, world.items, world.train, world.valid, world.test, width=16)
    ours, system = steps.our_step("RLMRec-Con[LightGCN]", small)
    before = system.backbone.user_embedding.detach().clone()  # type: ignore[union-attr, operator]
    plain = steps.plain_step("RLMRec-Con[LightGCN]", small, system)
    seconds = compare([ours, plain], repeats=1, warm=0)
    assert all(value > 0 for value in seconds)
    assert not (system.backbone.user_embedding == before).all(), "our step moves nothing"  # type: ignore[union-attr]


def test_json_has_the_promised_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a small graph and in this process; the other tests measure in processes of their own."""
    board = checkerboard()
    small = World("small", 40, 40, board.train, board.valid, board.test, width=8)
    for module in (rows, tasks):
        monkeypatch.setattr(module, "amazon_book", lambda: small)
    monkeypatch.setattr(rows, "in_process", lambda task, *arguments: tasks.TASKS[task](*arguments))
    asked = ["bench", "--json", "--only", "evaluation", "--repeats", "1", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert tuple(row) == rows.COLUMNS
    written = pd.read_csv(tmp_path / "speed.csv").to_dict("records")
    assert [each["seconds"] for each in written] == [pytest.approx(row["seconds"])]
    again = CliRunner().invoke(app, [*asked, "--resume"])
    (kept,) = json.loads(again.stdout)
    assert kept["seconds"] == row["seconds"], "a row that was there is measured again"
    assert row["name"] == "evaluation"
    assert row["ratio"] == pytest.approx(row["baseline_seconds"] / row["seconds"])
    assert row["peak_bytes"] > 1 << 27


def test_an_unknown_row_is_one_sentence() -> None:
    done = CliRunner().invoke(app, ["bench", "--only", "LightGNC"])
    assert done.exit_code == 2
    assert "did you mean 'LightGCN'" in done.stderr
    done = CliRunner().invoke(app, ["bench", "--grow", "--only", "DCFC"])
    assert done.exit_code == 2
    assert "did you mean 'DCCF'" in done.stderr


def test_growth_writes_its_frame_and_figure(tmp_path: Path) -> None:
    arguments = ["bench", "--grow", "--only", "LightGCN", "--largest", "1", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    frame = pd.read_csv(tmp_path / "growth.csv")
    assert frame[["system", "scale", "edges"]].to_numpy().tolist() == [["LightGCN", 1, PAIRS]]
    assert (tmp_path / "growth.png").stat().st_size > 10_000


def test_the_exponent_is_the_slope() -> None:
    frame = pd.DataFrame({"edges": [10, 100, 1000], "seconds": [0.2, 2.0, np.nan]})
    assert growth.exponent(frame) == pytest.approx(1.0)
    assert np.isnan(growth.exponent(frame[:1]))


def test_growth_measured_again_takes_its_rows_place(tmp_path: Path) -> None:
    row = {
        "system": "LightGCN",
        "scale": 1,
        "edges": 10,
        "seconds": 0.5,
        "peak_bytes": 1e9,
        "note": "",
        "exponent": 1.0,
    }
    show._write_growth(pd.DataFrame([row, {**row, "system": "SGL"}]), tmp_path)
    show._write_growth(pd.DataFrame([{**row, "seconds": 0.25}]), tmp_path)
    frame = pd.read_csv(tmp_path / "growth.csv")
    assert frame[["system", "seconds"]].to_numpy().tolist() == [["LightGCN", 0.25], ["SGL", 0.5]]


def test_what_cannot_be_held_is_told_and_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "in_process", lambda *arguments: pytest.fail("it was tried"))
    frame = growth.grow("LightGCN", (100_000,), lambda line: None)
    assert frame["note"][0].startswith("needs about ")
    assert frame["seconds"].isna().all()


@pytest.mark.parametrize("line", ["LightGCN", "DCCF"])
def test_the_memory_estimate_is_near_what_a_step_takes(line: str, world: World) -> None:
    spec = parse(line)
    needed = needed_bytes(spec, settings(spec, {}), Sizes(world.users, world.items, PAIRS, 0))
    taken = steps.in_process("step", line, {}, 1, 1)["peak_bytes"]
    assert taken / 1.5 < needed < taken * 2.5


def test_every_layer_beyond_the_default_needs_rows_and_their_gradients() -> None:
    spec, sizes = parse("LightGCN"), Sizes(1_000, 1_000, 10, 0)
    usual, deep = (needed_bytes(spec, settings(spec, {"layers": n}), sizes) for n in (3, 100))
    assert usual == needed_bytes(spec, settings(spec, {}), sizes)
    assert deep > 2 * 97 * 2_000 * 4 * settings(spec, {})["embedding_size"]


def test_a_linear_model_of_many_items_needs_their_square() -> None:
    needed = needed_bytes(parse("EASE^R"), {}, Sizes(10, 500_000, 100, 0))
    assert needed > 8 * 500_000**2


@pytest.mark.parametrize("line", ["EASE-Collective", "EASE-Additive", "L3AE"])
def test_a_linear_model_with_text_holds_two_squares_of_doubles(line: str) -> None:
    without, with_text = (needed_bytes(parse(line), {}, Sizes(10, 9_332, 100, width)) for width in (0, 384))
    assert with_text > without > 2 * 8 * 9_332**2
    text_alone = needed_bytes(parse("EASE-Text"), {}, Sizes(10, 9_332, 100, 384))
    assert text_alone < with_text - 2 * 8 * 9_332**2 + 1


def test_peak_memory_is_that_of_this_process() -> None:
    assert 1 << 27 < peak_resident_bytes() < 1 << 36


def test_no_turn_begins_after_the_limit() -> None:
    turns = []
    compare([lambda: turns.append(0), lambda: time.sleep(0.02)], repeats=100, warm=1, limit_s=0.05)
    assert 2 <= len(turns) <= 5
