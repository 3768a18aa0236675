"""Looking at what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from harness.text.intents import inspect
from tests.text.intents.scripted_server import ScriptedServer
from tests.text.intents.test_intents import model, write_plan
from tests.worlds import intentbench


def test_sharing_is_counted_as_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four nodes, two and two alike; the first two share a partner, the others do not."""
    monkeypatch.setattr(inspect, "NEIGHBOURS", 1)
    rows = np.array([[1, 0], [0.99, 0.1], [0, 1], [0.1, 0.99]], dtype=np.float32)
    matrix = sp.csr_matrix(np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    near, chance = inspect.shared_partners(rows, matrix)
    assert near == 2 / 4
    assert chance == pytest.approx(2 / 12)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_nodes_have_fewer_neighbours(count: int) -> None:
    near, chance = inspect.shared_partners(
        np.eye(count, dtype=np.float32), sp.csr_matrix(np.ones((count, 1)))
    )
    assert near == chance == (count > 1)


def test_a_node_is_shown_with_all_its_parts(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, {"kind": "extractive"})
    shown = intentbench("intents", "inspect", plan, "i2", "--item", "--store", tmp_path / "s").output
    for part in (
        "document",
        "profile",
        "reasoning",
        "likes",
        "dislikes",
        "intent",
        "Title: Thing 2",
        "wants",
    ):
        assert part in shown


def test_figures_and_fallbacks_are_listed(tmp_path: Path) -> None:
    pytest.importorskip("httpx2")
    with ScriptedServer(lambda key, made: "refusal") as server:
        plan = write_plan(tmp_path, model(server))
        assert intentbench("intents", "build", plan, "--store", tmp_path / "s").exit_code == 0
    shown = intentbench("intents", "stats", plan, "--store", tmp_path / "s", "--fallbacks").output
    assert "refused (the document stands in)" in shown
    assert "intent of user u3: refused" in shown
    assert "5 nearest by intent that share a train partner" in shown
    assert shown.count(": refused") == 40


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["inspect", "PLAN", "ghost"], "has no user 'ghost'; expected one such as 'u0'"),
        (["stats", "PLAN", "--dataset", "e"], "no intents are written for 'e'"),
        (["build", "harness/plans/smoke.yaml"], "no dataset has written intents"),
        (["stats", "gone.yaml"], "gone.yaml: there is no such file"),
    ],
)
def test_mistakes_end_in_one_sentence(words: list[str], hint: str, tmp_path: Path) -> None:
    plan = write_plan(tmp_path, {"kind": "extractive"})
    result = intentbench("intents", *(plan if word == "PLAN" else word for word in words))
    assert result.exit_code == 2
    assert hint in result.output
    assert len(result.output.strip().splitlines()) == 1
