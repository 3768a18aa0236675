"""Soft targets against whole tables in float64, and without whole tables in memory."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from models.exp_logits import BLOCK_NUMEL
from models.soft_targets import SoftTargets
from tests.models.test_losses import Largest


def cosines(left: Tensor, right: Tensor) -> Tensor:
    return cosine_similarity(left[:, None], right[None], dim=-1)


def plain(text: list[Tensor], users: Tensor, user: Tensor, item: Tensor, tau: float) -> Tensor:
    """The loss as the equations write it, with two tables [n, I]."""
    target = torch.softmax(cosines(text[0][users], text[1]) / tau, 1)
    entropy = -(target * target.log()).sum(1)
    confidence = (1 - entropy / math.log(len(item))).clamp(0.1, 1.0)
    return (confidence * -(target * torch.log_softmax(cosines(user, item) / tau, 1)).sum(1)).mean()


def check_against_plain(tau: float) -> None:
    random = torch.Generator().manual_seed(2)
    text = [torch.randn(n, 5, generator=random, dtype=torch.float64) for n in (30, 40)]
    users = torch.tensor([4, 0, 17, 29])
    rows = [torch.randn(n, 8, generator=random, dtype=torch.float64) for n in (4, 40)]
    ours, theirs = ([row.clone().requires_grad_() for row in rows] for _ in range(2))
    value = SoftTargets(text[0], text[1], tau).cross_entropy(users, ours[0], ours[1], "float32")
    wanted = plain(text, users, theirs[0], theirs[1], tau)
    torch.testing.assert_close(value, wanted)
    torch.autograd.backward([3 * value, 3 * wanted])
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


@pytest.mark.parametrize("tau", [0.05, 0.2, 1.0])
def test_cross_entropy_equals_its_definition(tau: float) -> None:
    check_against_plain(tau)


def test_many_items_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.exp_logits.MANY", 20)
    monkeypatch.setattr("models.exp_logits.CHUNK", 7)
    check_against_plain(0.2)


def test_a_user_whose_text_is_near_to_all_items_counts_least() -> None:
    item = torch.eye(6)
    user = torch.stack([torch.ones(6), item[2] - 0.2])
    confidence = SoftTargets(user, item, 0.05).confidence
    assert confidence[0] == pytest.approx(0.1)
    assert confidence[1] > 0.9


def test_bfloat16_products_stay_near() -> None:
    random = torch.Generator().manual_seed(7)
    user_text, item_text, user, item = torch.randn(4, 300, 32, generator=random).unbind()
    targets = SoftTargets(user_text, item_text, 0.2)
    results = []
    for products in ("float32", "bfloat16"):
        rows = [user.clone().requires_grad_(), item.clone().requires_grad_()]
        loss = targets.cross_entropy(torch.arange(300), rows[0], rows[1], products)
        loss.backward()
        results.append([loss.detach(), rows[0].grad, rows[1].grad])
    for exact, rough in zip(*results, strict=True):
        assert exact is not None
        assert rough is not None
        assert 0 < (exact - rough).norm() / exact.norm() < 0.01


def test_no_table_of_users_and_items_is_made() -> None:
    count = 1 << 12
    user, item = torch.randn(2, count, 8).requires_grad_().unbind()
    with Largest() as largest:
        targets = SoftTargets(torch.randn(count, 8), torch.randn(count, 8), 0.2)
        targets.cross_entropy(torch.arange(count), user, item, "float32").backward()
    assert largest.numel <= BLOCK_NUMEL < count * count
