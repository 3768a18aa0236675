"""Prototypes: kept with a run, measured by hand-made cases, named by texts, shown for a user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from harness.data.dataset import ItemFacts, Texts
from harness.report.explain import Explanation
from harness.report.prototype_figures import figures, purity
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.testing.world import ITEMS, USERS, checkerboard, parity_text
from harness.text.rows import TextTable
from harness.training.prototypes import prototype_arrays
from models.graph import Graph
from models.text import TextRows
from tests.worlds import intentbench


@pytest.mark.parametrize("line", ["IRLLRec[LightGCN]", "DCCF", "BIGCF", "IRLLRec[DCCF]", "IRLLRec[BIGCF]"])
def test_memberships_make_the_intents_that_the_system_uses(line: str, graph: Graph, text: TextRows) -> None:
    spec = parse(line)
    system = assemble(spec, {**settings(spec, {}), "n_intents": 8, "embedding_size": 8}, graph, text)
    users, items = np.arange(1, USERS + 1)[::-1], np.arange(1, ITEMS + 1)
    arrays = prototype_arrays(system, users, items)
    assert arrays is not None
    assert {name: rows.shape for name, rows in arrays.items()} == {
        "user_membership": (USERS, 8), "item_membership": (ITEMS, 8), "user_prototypes": (8, 8),
        "item_prototypes": (8, 8), "user_rows": (USERS, 8), "item_rows": (ITEMS, 8),
    }  # fmt: skip
    np.testing.assert_allclose(arrays["user_membership"].sum(1), 1, rtol=1e-5)
    scored = system.embeddings()[0].numpy()
    np.testing.assert_allclose(arrays["user_rows"], scored[::-1], rtol=1e-5, atol=1e-6)
    if line == "BIGCF":
        system.eval()
        intents = system.backbone.encode(system.backbone.ego()).views["intent"][0].detach().numpy()
        made = arrays["item_membership"] @ arrays["item_prototypes"].T
        np.testing.assert_allclose(made, intents[USERS:], rtol=1e-4, atol=1e-6)


def test_a_system_without_prototypes_has_none(graph: Graph, text: TextRows) -> None:
    spec = parse("RLMRec-Con[LightGCN]")
    system = assemble(spec, settings(spec, {}), graph, text)
    assert prototype_arrays(system, np.arange(1, USERS + 1), np.arange(1, ITEMS + 1)) is None


def test_figures_of_cases_made_by_hand() -> None:
    one = np.tile([1.0, 0, 0, 0], (8, 1))
    classes = np.arange(8) % 2
    found = figures(one, classes)
    assert (found.dead, found.usage_entropy, found.node_entropy) == (3, 0, 0)
    assert found.purity == found.chance == 0.5, "one prototype for all says nothing of the classes"
    own = np.eye(4)[np.arange(8) % 4]
    found = figures(own, classes)
    assert (found.dead, found.node_entropy, found.purity) == (0, 0, 1)
    assert found.usage_entropy == pytest.approx(1)
    assert found.chance < 1
    assert purity(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])) == 3 / 4


def worked() -> Explanation:
    """Two prototypes: the first of fruit and even items, the second of cars and odd ones."""
    dataset = checkerboard(8)
    words = ["likes apple fruit", "likes car engine"]
    texts = Texts(
        *(["x"] * 8 for _ in range(2)), [words[n % 2] for n in range(8)], [words[n % 2] for n in range(8)]
    )
    titles = tuple(f"Fruit {n}" if n % 2 == 0 else f"Car {n}" for n in range(8))
    dataset = replace(dataset, facts=ItemFacts(titles, ("",) * 8), train=np.array([[0, 0], [1, 1]]))
    side = np.eye(2)[np.arange(8) % 2]
    arrays = {
        "user_membership": side * 0.8 + 0.1, "item_membership": side * 0.8 + 0.1,
        "user_prototypes": np.eye(2), "item_prototypes": np.eye(2), "user_rows": side + 0.01, "item_rows": side,
    }  # fmt: skip
    table: TextTable = parity_text(dataset)
    return Explanation(arrays, dataset, texts, table)


def test_a_users_prototypes_are_named_and_carry_recommendations() -> None:
    first, second = worked().of_user("t0", items=4)
    assert first.number == 0
    assert first.share == pytest.approx(0.9)
    assert {one.item for one in first.carries} == {"Fruit 2", "Fruit 4", "Fruit 6"}, "without the train item"
    assert all(one.carried == pytest.approx(0.9) for one in first.carries)
    assert first.items[0].startswith("Fruit")
    assert [one.item[:3] for one in second.carries] == ["Car"]


def test_no_train_item_is_recommended_however_few_others_there_are() -> None:
    explained = worked()
    user_items = explained.dataset.train[explained.dataset.train[:, 0] == 0, 1]
    carried = [one for prototype in explained.of_user("t0", items=1000) for one in prototype.carries]
    assert len(carried) == len(explained.titles) - len(user_items)
    assert all(np.isfinite(one.score) for one in carried)


def test_a_runs_prototypes_are_told_apart_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.report.explain.NAMING_NODES", 3)
    first, second = sorted(worked().most_used("user", 2), key=lambda each: each.number)
    assert set(first.phrases) & {"apple", "fruit", "apple fruit"}
    assert set(second.phrases) & {"car", "engine", "car engine"}
    assert not set(" ".join(first.phrases).split()) & {"likes", "car"}
    assert first.nodes == second.nodes == 4
    assert worked().figures()["user"].purity == 1


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "plan.yaml").write_text(yaml.safe_dump({
        "name": "films", "repetitions": 1, "training": {"epochs": 2},
        "datasets": [{"name": "ml-100k", "source": {"kind": "movielens", "core": 40}, "text": {"kind": "intents"}}],
        "systems": ["MostPop", {"system": "IRLLRec[LightGCN]", "hyper": {"n_intents": 8}}],
    }))  # fmt: skip
    assert intentbench("run", folder / "plan.yaml", "--store", folder / "store").exit_code == 0
    return folder / "store"


def test_a_stored_run_explains_itself_and_a_user(store: Path) -> None:
    report = intentbench("explain", "IRLLRec[LightGCN]", "--store", store)
    assert report.exit_code == 0, report.output
    for word in (
        "dead",
        "entropy of use",
        "purity",
        "most used user prototypes",
        "most used item prototypes",
    ):
        assert word in report.output
    identity = next(path.parent.name for path in (store / "runs").glob("*/prototypes.npz"))
    user = intentbench("explain", identity[:6], "--user", "1", "--store", store)
    assert user.exit_code == 0, user.output
    assert user.output.count("+0.") + user.output.count("-0.") >= 10, "ten recommendations, each carried once"
    assert "prototypes.npz" in (store / "runs" / identity / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["MostPop"], "has no prototypes stored"),
        (["nothing"], "no run 'nothing'; expected one of"),
        (["IRLLRec[LightGCN]", "--user", "ghost"], "no user 'ghost'; expected one such as"),
    ],
)
def test_mistakes_end_in_one_sentence(words: list[str], hint: str, store: Path) -> None:
    result = intentbench("explain", *words, "--store", store)
    assert result.exit_code == 2
    assert hint in result.output
    assert len(result.output.strip().splitlines()) == 1
