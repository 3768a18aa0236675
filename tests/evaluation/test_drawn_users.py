"""A draw of tested users is random, nested, and depends on nothing but seeds and tokens."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from harness.evaluation.drawn_users import drawn_users, only_rows

TOKENS = np.array([f"u{number}" for number in range(1000)])
USERS = np.arange(0, 1000, 2)


def drawn(count: int, seed: int = 7) -> list[int]:
    return drawn_users(USERS, TOKENS, count, seed).tolist()


def test_a_larger_draw_holds_a_smaller_one() -> None:
    assert len(set(drawn(50))) == 50
    assert set(drawn(20)) < set(drawn(50)) < set(USERS.tolist())
    assert drawn(50) == sorted(drawn(50))


def test_other_seeds_draw_other_users() -> None:
    common = len(set(drawn(100)) & set(drawn(100, seed=8)))
    assert 5 < common < 40, "20 are expected"


def test_a_draw_of_all_users_is_all_users() -> None:
    assert drawn(500) == drawn(501) == USERS.tolist()


def test_the_order_of_the_users_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(1000)
    moved = drawn_users(np.arange(1000), TOKENS[order], 100, 7)
    assert set(TOKENS[order][moved]) == set(TOKENS[drawn_users(np.arange(1000), TOKENS, 100, 7)])


def test_the_rows_of_others_are_empty() -> None:
    matrix = sp.random(9, 5, 0.5, "csr", random_state=0)
    rows = np.array([1, 4, 8])
    wanted = np.where(np.isin(np.arange(9), rows)[:, None], matrix.toarray(), 0)
    np.testing.assert_array_equal(only_rows(matrix, rows).toarray(), wanted)
