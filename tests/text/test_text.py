"""Text rows: by token, encoded, cached, precomputed, and their controls."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.dataset import SAME_INTENTS, Dataset, Texts
from harness.errors import InputError
from harness.testing.world import checkerboard, parity_text
from harness.text import encoders
from harness.text.embeddings import EmbeddingsSpec
from harness.text.encoders import (
    Model2VecSpec,
    SentenceTransformersSpec,
    TfidfSpec,
    WordLlamaSpec,
)
from harness.text.encoding import encode_texts
from harness.text.reduction import Reduction
from harness.text.rows import TABLES
from harness.text.tables import PrecomputedSpec, text_table
from tests.text.intents.scripted_server import ScriptedServer
from tests.worlds import ROOT, SHARED, needs_data

WORDS = ["red apple fruit", "green apple fruit", "fast car engine", "slow car engine", "red car paint"]


def talking() -> Dataset:
    dataset = checkerboard()
    texts = [f"{WORDS[number % 5]} {number % 3}" for number in range(40)]
    return replace(dataset, texts=Texts(texts, texts, texts[::-1], texts))


def test_rows_follow_tokens_not_positions() -> None:
    table = parity_text(checkerboard())
    order = np.random.default_rng(0).permutation(40)
    rows = table.rows(table.users[order], table.items)
    np.testing.assert_array_equal(rows.profile[:40], table.user_profile[order])
    np.testing.assert_array_equal(rows.intent[40:], table.item_intent)


def test_an_unknown_token_is_named() -> None:
    table = parity_text(checkerboard())
    with pytest.raises(
        InputError, match="1 users of the dataset have no text row, the first is user 'ghost'"
    ):
        table.rows(np.array(["t0", "ghost"]), table.items)


def test_controls_keep_what_they_say() -> None:
    table = parity_text(checkerboard())
    shuffled, random = table.control("shuffled", 1), table.control("random", 1)
    for name in TABLES:
        rows = getattr(table, name)
        mixed, noise = getattr(shuffled, name), getattr(random, name)
        assert not np.array_equal(mixed, rows)
        np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(rows, axis=0))
        np.testing.assert_allclose(np.linalg.norm(noise, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-5)
    assert table.control(None, 1) is table


@settings(deadline=None)  # a busy machine is no fault
@given(st.floats(0.01, 1), st.floats(0.01, 1), st.integers(0, 20))
def test_noise_replaces_its_share_by_rows_of_others(one: float, other: float, seed: int) -> None:
    table = parity_text(checkerboard())
    small, large = (table.control(f"noise:{share}", seed) for share in sorted((one, other)))
    moved = []
    for made, share in zip((small, large), sorted((one, other)), strict=True):
        for side in ("user", "item"):
            rows, mixed = getattr(table, f"{side}_profile"), getattr(made, f"{side}_profile")
            differs = (rows != mixed).any(1)
            assert differs.sum() == round(share * len(rows))
            assert {row.tobytes() for row in mixed} <= {row.tobytes() for row in rows}
            np.testing.assert_array_equal(
                differs, (getattr(made, f"{side}_intent") != getattr(table, f"{side}_intent")).any(1)
            )
            moved.append(differs)
    assert not (moved[0] & ~moved[2]).any(), "the users of the smaller share are among the larger one's"
    assert not (moved[1] & ~moved[3]).any()


def test_tfidf_rows_are_unit_and_similar_texts_are_near() -> None:
    table = text_table(TfidfSpec(width=3), talking())
    norms = np.linalg.norm(table.user_profile, axis=1)
    np.testing.assert_allclose(norms, 1, rtol=1e-5)
    fruit, other_fruit, car = table.user_profile[0], table.user_profile[1], table.user_profile[2]
    assert fruit @ other_fruit > fruit @ car


@pytest.mark.parametrize("encoder", [TfidfSpec(width=3), WordLlamaSpec(kind="wordllama", width=64)])
def test_rows_of_users_without_texts_are_means_of_train_items(encoder: Any) -> None:
    whole = talking()
    assert whole.texts is not None
    item = whole.texts.item_profile
    dataset = replace(whole, texts=Texts(None, item, None, item), train=whole.train[whole.train[:, 0] != 7])
    table = text_table(encoder, dataset)
    rows = table.item_profile
    alone = encoder.encode(item)
    alone /= np.linalg.norm(alone, axis=1, keepdims=True)
    np.testing.assert_allclose(rows @ rows.T, alone @ alone.T, atol=1e-5)
    for user in (0, 1, 39):
        mean = rows[dataset.train[dataset.train[:, 0] == user, 1]].mean(0)
        np.testing.assert_allclose(table.user_profile[user], mean / np.linalg.norm(mean), atol=1e-6)
    assert not table.user_profile[7].any(), "a user without train items"
    np.testing.assert_array_equal(table.user_intent, table.user_profile)
    joined = replace(dataset, texts=dataset.texts.with_users(40, dataset.train) if dataset.texts else None)
    assert dataset.checksum != joined.checksum
    assert (text_table(encoder, joined).user_profile != table.user_profile).any()


def test_directions_that_the_texts_do_not_have_are_dropped() -> None:
    """Two of the three words always come together: the rows have rank two, whatever the width."""
    texts = ["apple fruit", "apple fruit", "engine", "engine", "apple fruit engine"]
    assert TfidfSpec(width=2).encode(texts).shape == (5, 2)
    more = [*texts, "wheel engine apple fruit", "wheel", "wheel seat", "seat wheel engine"]
    rows = TfidfSpec(width=4).encode(more)
    assert np.linalg.matrix_rank(rows, tol=1e-5) == rows.shape[1]


def test_rows_are_the_same_in_every_process() -> None:
    code = (
        "import hashlib; from harness.data.spec import Movielens, SplitSpec;"
        "from harness.data.prepare import prepare; from harness.text.encoders import TfidfSpec; from harness.text.tables import text_table;"
        "d = prepare('d', Movielens(kind='movielens'), SplitSpec(), 1); t = text_table(TfidfSpec(), d);"
        "print(hashlib.sha256(t.user_profile.tobytes() + t.item_intent.tobytes()).hexdigest())"
    )
    command, root = [sys.executable, "-c", code], ROOT
    made = [subprocess.run(command, capture_output=True, text=True, check=True, cwd=root) for _ in range(2)]
    assert made[0].stdout == made[1].stdout


def test_texts_without_common_words_are_refused() -> None:
    with pytest.raises(InputError, match="no word in common"):
        TfidfSpec().encode(["one", "two"])


def test_cache_is_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, encode, encoded = talking(), TfidfSpec.encode, []

    def count(self: TfidfSpec, texts: list[str]) -> np.ndarray:
        encoded.append(texts)
        return encode(self, texts)

    monkeypatch.setattr(encoders.TfidfSpec, "encode", count)
    first = text_table(TfidfSpec(width=3), dataset, tmp_path)
    assert len(encoded) == 2, "profiles and intents, each once"

    def refuse(self: TfidfSpec, texts: list[str]) -> np.ndarray:
        raise AssertionError("encoded again")

    monkeypatch.setattr(encoders.TfidfSpec, "encode", refuse)
    again = text_table(TfidfSpec(width=3), dataset, tmp_path)
    assert all(np.array_equal(getattr(again, name), getattr(first, name)) for name in TABLES)
    assert again.recipe == first.recipe
    with pytest.raises(AssertionError, match="encoded again"):
        text_table(TfidfSpec(width=2), dataset, tmp_path)


def test_a_dataset_without_texts_is_refused() -> None:
    with pytest.raises(InputError, match="'checkerboard' has no texts"):
        text_table(TfidfSpec(), checkerboard())


def save(folder: Path, rows: Any, name: str = "rows.npy") -> Path:
    path = folder / name
    if name.endswith(".pkl"):
        path.write_bytes(pickle.dumps(rows))
    else:
        np.save(path, rows)
    return path


@pytest.mark.parametrize("name", ["usr_emb_np.pkl", "rows.npy"])
def test_precomputed_rows_in_token_order(tmp_path: Path, name: str) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float16)
    path = save(tmp_path, rows, name)
    spec = PrecomputedSpec(kind="precomputed", user_profile=path, item_profile=path)
    table = text_table(spec, checkerboard())
    np.testing.assert_array_equal(table.user_intent, rows.astype(np.float32))
    assert table.notes == (SAME_INTENTS,)
    other = save(tmp_path, rows + 1, f"other-{name}")
    changed = PrecomputedSpec(kind="precomputed", user_profile=other, item_profile=path)
    assert text_table(changed, checkerboard()).recipe != table.recipe


def test_precomputed_rows_with_ids(tmp_path: Path) -> None:
    dataset = checkerboard()
    rows = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    path = save(tmp_path, rows[::-1])
    path.with_suffix(".ids").write_text("\n".join(dataset.users[::-1]))
    spec = PrecomputedSpec(kind="precomputed", user_profile=path, item_profile=path)
    np.testing.assert_array_equal(text_table(spec, dataset).user_profile, rows)


def test_ids_of_rows_may_hold_blanks_and_stand_once(tmp_path: Path) -> None:
    names = np.array([f"The Item {number}" for number in range(40)])
    dataset = replace(checkerboard(), users=names, items=names)
    rows = np.arange(80, dtype=np.float32).reshape(40, 2)
    path = save(tmp_path, rows[::-1])
    path.with_suffix(".ids").write_text("\ufeff" + "\n".join(names[::-1]) + "\n")
    spec = PrecomputedSpec(kind="precomputed", user_profile=path, item_profile=path)
    np.testing.assert_array_equal(text_table(spec, dataset).user_profile, rows)
    for written, hint in (
        ([*names[:39], "The Item 0"], "row 40: 'The Item 0' stands in row 1 too"),
        (
            [*names[:39], "the item 39"],
            r"no row for user 'The Item 39' \(1 user in all\).* differ only in form",
        ),
        ([f"{name} x" for name in names], "none of the 40 users has a row"),
    ):
        path.with_suffix(".ids").write_text("\n".join(written))
        with pytest.raises(InputError, match=rf"rows.ids.*{hint}"):
            text_table(spec, dataset)


def broken(rows: np.ndarray) -> np.ndarray:
    rows[3, 2] = np.nan
    return rows


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        (np.ones((39, 5)), "39 rows; expected 40, one for each user"),
        (np.ones(40), "expected one row for each user"),
        (broken(np.ones((40, 5))), "NaN or infinity in the row of user 't3'"),
        (np.full((40, 5), 1e300), "NaN or infinity in the row of user 't0'"),
        (np.ones((40, 0)), "expected one row for each user"),
    ],
)
def test_wrong_precomputed_rows_are_refused(tmp_path: Path, rows: np.ndarray, hint: str) -> None:
    path = save(tmp_path, rows)
    spec = PrecomputedSpec(kind="precomputed", user_profile=path, item_profile=path)
    with pytest.raises(InputError, match=hint):
        text_table(spec, checkerboard())


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        ([np.ones(3), np.ones(4)], "the rows differ in width"),
        ({"t0": np.ones(3)}, "holds a dict; expected a table of numbers"),
        (sp.csr_matrix(np.ones((40, 5))), "holds a csr_matrix; expected a table of numbers"),
        ([["a"] * 5] * 40, "holds a str; expected numpy and scipy arrays only"),
    ],
)
def test_pickles_that_are_no_table_are_refused(tmp_path: Path, rows: Any, hint: str) -> None:
    path = save(tmp_path, rows, "rows.pkl")
    spec = PrecomputedSpec(kind="precomputed", user_profile=path, item_profile=path)
    with pytest.raises(InputError, match=f"rows.pkl: {hint}"):
        text_table(spec, checkerboard())


def test_item_rows_of_another_width_are_refused(tmp_path: Path) -> None:
    users, items = save(tmp_path, np.ones((40, 5)), "u.npy"), save(tmp_path, np.ones((40, 4)), "i.npy")
    spec = PrecomputedSpec(kind="precomputed", user_profile=users, item_profile=items)
    with pytest.raises(InputError, match="rows of width 4; expected the users' width 5"):
        text_table(spec, checkerboard())


def test_a_second_graph_goes_with_its_users_and_items(tmp_path: Path) -> None:
    dataset = checkerboard()
    rows = save(tmp_path, np.ones((40, 5)))
    matrix = sp.csr_matrix((np.ones(3), ([0, 0, 39], [1, 7, 2])), shape=(40, 40))
    graph = save(tmp_path, matrix, "new_trn_rag_mat.pkl")
    spec = PrecomputedSpec(kind="precomputed", user_profile=rows, item_profile=rows, second_graph=graph)
    table = text_table(spec, dataset)
    edges = table.rows(dataset.users[::-1], dataset.items[:5]).edges
    assert edges is not None
    assert edges.T.tolist() == [[39, 1], [0, 2]]  # item 7 was not asked for
    assert table.recipe != text_table(spec.model_copy(update={"second_graph": None}), dataset).recipe
    for control in ("shuffled", "random", "noise:0.5"):
        assert table.control(control, 1).edges is None


@pytest.mark.parametrize("matrix", [sp.csr_matrix((40, 39)), np.ones((40, 40))])
def test_a_second_graph_of_other_users_or_items_is_refused(tmp_path: Path, matrix: Any) -> None:
    rows, graph = save(tmp_path, np.ones((40, 5))), save(tmp_path, matrix, "graph.pkl")
    spec = PrecomputedSpec(kind="precomputed", user_profile=rows, item_profile=rows, second_graph=graph)
    with pytest.raises(
        InputError, match=r"graph.pkl: holds a .*; expected a sparse matrix of shape \(40, 40\)"
    ):
        text_table(spec, checkerboard())


def test_wordllama_reads_its_own_weights() -> None:
    pytest.importorskip("wordllama")
    rows = WordLlamaSpec(kind="wordllama", width=64).encode(["a red apple", "a green apple", "a car"])
    assert rows.shape == (3, 64)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def static_model(folder: Path) -> Path:
    """A model2vec model of six words."""
    model2vec = pytest.importorskip("model2vec")
    tokenizers = pytest.importorskip("tokenizers")
    words = ["[UNK]", "red", "green", "apple", "car", "engine"]
    vocabulary = tokenizers.models.WordLevel({word: place for place, word in enumerate(words)}, "[UNK]")
    tokenizer = tokenizers.Tokenizer(vocabulary)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    vectors = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 0, 1], [0, 0.1, 1]], dtype=np.float32
    )
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(folder)
    return folder


def test_model2vec_reads_a_folder(tmp_path: Path) -> None:
    folder = static_model(tmp_path / "model")
    rows = Model2VecSpec(kind="model2vec", model=str(folder)).encode(
        ["red apple", "green apple", "car engine"]
    )
    assert rows.shape == (3, 3)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
    with pytest.raises(InputError, match="model2vec cannot load"):
        Model2VecSpec(kind="model2vec", model=str(tmp_path / "gone")).encode(["a"])


def test_embeddings_come_from_a_server_in_batches() -> None:
    pytest.importorskip("httpx2")
    texts = [f"text {number}" for number in range(10)] + ["", " "]
    with ScriptedServer() as server:
        spec = EmbeddingsSpec(kind="openai", model="e", base_url=server.url, batch=4, width=5)
        rows, again = spec.encode(texts), spec.encode(texts[3:4])
    assert rows.shape == (12, 5)
    np.testing.assert_array_equal(rows[3], again[0])
    assert not rows[10:].any(), "servers refuse empty texts"
    with pytest.raises(InputError, match=r"127.0.0.1:\d+/v1: e gives no embeddings \(no connection\)"):
        EmbeddingsSpec(kind="openai", model="e", base_url=server.url, tries=1).encode(["a"])


@pytest.mark.parametrize("whiten", [False, True])
def test_principal_directions_keep_what_they_say(whiten: bool) -> None:
    random = np.random.default_rng(0)
    rows = (random.standard_normal((50, 3)) * [3, 2, 0.1] @ random.standard_normal((3, 6))).astype(np.float32)
    made, kept = Reduction(width=2, whiten=whiten).apply(rows)
    values = np.linalg.svd(rows - rows.mean(0), compute_uv=False) ** 2
    assert kept == pytest.approx(values[:2].sum() / values.sum(), rel=1e-4)
    spread = made.std(0, ddof=1)
    assert np.allclose(spread, 1, atol=1e-4) == whiten
    with pytest.raises(InputError, match="have 6 directions"):
        Reduction(width=7).apply(rows)


def test_a_reduction_is_noted_and_rows_stay_unit() -> None:
    dataset = talking()
    assert dataset.texts is not None
    table = encode_texts(
        TfidfSpec(width=5), dataset.texts, dataset.users, dataset.items, reduction=Reduction(width=2)
    )
    assert table.user_intent.shape == (40, 2)
    np.testing.assert_allclose(np.linalg.norm(table.item_profile, axis=1), 1, rtol=1e-5)
    assert table.notes[0].startswith("the profile rows are reduced to 2 principal directions, which keep ")


def test_a_missing_extra_says_how_to_get_it() -> None:
    try:
        import sentence_transformers  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match=r"install the extra \[sentence-transformers\]"):
            SentenceTransformersSpec(kind="sentence-transformers", model="x").encode(["text"])
    else:
        pytest.skip("sentence-transformers is installed")


@needs_data
def test_minilm_rows_are_found_by_their_ids() -> None:
    folder = SHARED / "xrec-yelp"
    names = (folder / "minilm_users.ids").read_text().split()
    tokens = np.array(sorted(names))
    dataset = replace(
        checkerboard(), users=tokens, items=np.array((folder / "minilm_items.ids").read_text().split())
    )
    spec = PrecomputedSpec(
        kind="precomputed", user_profile=folder / "minilm_users.npy", item_profile=folder / "minilm_items.npy"
    )
    table = text_table(spec, dataset)
    raw = np.load(folder / "minilm_users.npy").astype(np.float32)
    np.testing.assert_array_equal(table.user_profile[7], raw[names.index(tokens[7])])
