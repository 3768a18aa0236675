"""An example for outsiders: implicit and LensKit train on an exported split, and enter a leaderboard."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import yaml

from tests.worlds import intentbench

PLAN = {
    "name": "peers",
    "repetitions": 1,
    "datasets": [{"name": "ml-100k", "source": {"kind": "movielens"}}],
    "evaluation": {"k": [10, 20]},
}
ENTRIES = {
    "implicit": [
        {"name": "implicit ALS", "lists": "implicit-als-*.parquet"},
        {"name": "implicit BM25", "lists": "implicit-bm25.parquet", "seedless": True},
    ],
    "lenskit": [
        {"name": "LensKit ALS", "lists": "lenskit-als-*.parquet"},
        {"name": "LensKit ItemKNN", "lists": "lenskit-knn.parquet", "seedless": True},
    ],
}


def with_implicit(split: Path, out: Path) -> None:
    """Lists of implicit's matrix factorisation, with two seeds, and of its item-item model."""
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender

    train, asked = pd.read_parquet(split / "train.parquet"), pd.read_parquet(split / "users.parquet")["user"]
    items = pd.Index(pd.read_parquet(split / "items.parquet")["item"])
    users = pd.Index(pd.concat([train["user"], asked]).unique())
    entries = users.get_indexer(train["user"]), items.get_indexer(train["item"])
    matrix = sp.csr_matrix((np.ones(len(train), np.float32), entries), shape=(len(users), len(items)))
    rows = users.get_indexer(asked)
    models = {f"als-{seed}": AlternatingLeastSquares(32, iterations=10, random_state=seed) for seed in (1, 2)}
    for name, model in {**models, "bm25": BM25Recommender(K=100)}.items():
        model.fit(matrix, show_progress=False)
        best, scores = model.recommend(rows, matrix[rows], N=20)
        columns = {"user": np.repeat(asked, 20), "item": items[best.ravel()], "score": scores.ravel()}
        write(pd.DataFrame(columns), split, out / f"implicit-{name}.parquet")


def with_lenskit(split: Path, out: Path) -> None:
    """Lists of LensKit's matrix factorisation, with two seeds, and of its item-item model."""
    from lenskit.als import ImplicitMFScorer
    from lenskit.batch import recommend
    from lenskit.data import from_interactions_df
    from lenskit.knn import ItemKNNScorer
    from lenskit.pipeline import topn_pipeline
    from lenskit.training import TrainingOptions

    train = pd.read_parquet(split / "train.parquet").rename(columns={"user": "user_id", "item": "item_id"})
    asked = pd.read_parquet(split / "users.parquet")["user"].tolist()
    models = {f"als-{seed}": (ImplicitMFScorer(features=32, epochs=10), seed) for seed in (1, 2)}
    for name, (model, seed) in {**models, "knn": (ItemKNNScorer(k=20, feedback="implicit"), 1)}.items():
        pipeline = topn_pipeline(model, n=20)
        pipeline.train(from_interactions_df(train), TrainingOptions(rng=seed))
        lists = recommend(pipeline, asked, n=20, n_jobs=1).to_df()
        lists = lists.rename(columns={"user_id": "user", "item_id": "item"})
        write(lists[["user", "item", "score", "rank"]], split, out / f"lenskit-{name}.parquet")


def write(lists: pd.DataFrame, split: Path, path: Path) -> None:
    """Write lists with the checksum of their split, so that no other split takes them."""
    lists.assign(split=json.loads((split / "split.json").read_text())["split"]).to_parquet(path)


def write_plan(folder: Path, systems: list[object]) -> Path:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({**PLAN, "systems": systems}))
    return path


@pytest.mark.parametrize(("package", "train"), [("implicit", with_implicit), ("lenskit", with_lenskit)])
def test_a_peer_enters_the_leaderboard(package: str, train: object, tmp_path: Path) -> None:
    pytest.importorskip(package, reason=f"needs {package}, which the extra `peers` installs")
    plan, out, store = write_plan(tmp_path, ["MostPop", "ItemKNN"]), tmp_path / "splits", tmp_path / "store"
    assert intentbench("split", "export", plan, "--out", out).exit_code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train(out / "ml-100k", tmp_path)  # type: ignore[operator]
    plan = write_plan(tmp_path, ["MostPop", "ItemKNN", *ENTRIES[package]])
    ran = intentbench("run", plan, "--store", store)
    assert ran.exit_code == 0, ran.output
    assert intentbench("report", plan, "--store", store, "--out", tmp_path / "report").exit_code == 0
    rows = pd.read_csv(tmp_path / "report" / "leaderboard.csv")
    first = rows[rows["metric"] == "recall@20"].set_index("system")
    names = [entry["name"] for entry in ENTRIES[package]]
    assert first.loc[names, "external"].tolist() == ["yes", "yes"]
    assert first.loc[names, "runs"].tolist() == [2, 1]
    assert (first.loc[names, "mean"] > first.at["MostPop", "mean"]).all()
    assert first.loc[names, "p_holm"].notna().sum() >= 1, "tested like any system"
