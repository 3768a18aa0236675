"""InfoNCE against its formula in float64, its memory, and BPR worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.utils._python_dispatch import TorchDispatchMode

from models.exp_logits import BLOCK_NUMEL
from models.losses import bpr, info_nce
from models.products import fastest_precision


def plain(anchors: Tensor, partners: Tensor, candidates: Tensor, tau: float) -> Tensor:
    """InfoNCE as the papers write it, with a [B, M] table."""
    table = cosine_similarity(anchors[:, None], candidates[None], dim=-1) / tau
    pull = cosine_similarity(anchors, partners) / tau
    return (torch.logsumexp(table, 1) - pull).mean()


@settings(deadline=None)  # the first call loads oneDNN
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.05, 0.2, 1.0]), st.integers(0, 99))
def test_info_nce_equals_its_definition(rows: int, count: int, tau: float, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    parts = [torch.randn(n, 8, generator=random, dtype=torch.float64) for n in (rows, rows, count)]
    ours = [part.clone().requires_grad_() for part in parts]
    theirs = [part.clone().requires_grad_() for part in parts]
    value, wanted = info_nce(*ours, tau), plain(*theirs, tau)
    torch.testing.assert_close(value, wanted)
    (3 * value).backward()
    (3 * wanted).backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


@settings(deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([0.08, 0.2, 1.0]),
    st.booleans(),
    st.integers(0, 99),
)
def test_a_guard_is_added_to_the_share_of_the_partner(
    rows: int, count: int, tau: float, many: bool, seed: int
) -> None:
    """With repeated anchors and candidates, and rows that are taken as they are."""
    random = torch.Generator().manual_seed(seed)
    parts = [torch.randn(n, 8, generator=random, dtype=torch.float64) for n in (rows, rows, count)]
    parts = [part / part.norm(dim=1, keepdim=True) * 0.9 for part in parts]
    repeats = torch.randint(1, 4, (rows,), generator=random)
    counts = torch.randint(1, 4, (count,), generator=random)
    ours = [part.clone().requires_grad_() for part in parts]
    theirs = [part.clone().requires_grad_() for part in parts]
    with pytest.MonkeyPatch.context() as patch:
        if many:
            patch.setattr("models.exp_logits.MANY", 9)
            patch.setattr("models.exp_logits.CHUNK", 4)
        value = info_nce(*ours, tau, repeats=repeats, counts=counts, guard=0.01, scaled=False)
    anchors, partners, candidates = theirs
    share = ((anchors * partners).sum(1) / tau).exp() / ((anchors @ candidates.T / tau).exp() * counts).sum(1)
    wanted = -((share + 0.01).log() * repeats).sum() / repeats.sum()
    torch.testing.assert_close(value, wanted)
    torch.autograd.backward([3 * value, 3 * wanted])
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_counts_stand_for_duplicates() -> None:
    random = torch.Generator().manual_seed(0)
    rows, other = torch.randn(2, 6, 4, generator=random, dtype=torch.float64)
    repeats = torch.tensor([1, 3, 2, 1, 1, 4])
    spread = torch.arange(6).repeat_interleave(repeats)
    counted = info_nce(rows, other, other, 0.2, repeats=repeats, counts=repeats)
    torch.testing.assert_close(counted, plain(rows[spread], other[spread], other[spread], 0.2))


def test_many_candidates_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(4)
    parts = [torch.randn(n, 8, generator=random, dtype=torch.float64) for n in (5, 5, 40)]
    ours = [part.clone().requires_grad_() for part in parts]
    theirs = [part.clone().requires_grad_() for part in parts]
    monkeypatch.setattr("models.exp_logits.MANY", 20)
    monkeypatch.setattr("models.exp_logits.CHUNK", 7)
    value, wanted = info_nce(*ours, 0.2), plain(*theirs, 0.2)
    torch.testing.assert_close(value, wanted)
    torch.autograd.backward([value, wanted])
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_bfloat16_products_stay_near() -> None:
    random = torch.Generator().manual_seed(6)
    rows, other = torch.randn(2, 300, 32, generator=random).unbind()
    grads = []
    for products in ("float32", "bfloat16"):
        ours, theirs = rows.clone().requires_grad_(), other.clone().requires_grad_()
        loss = info_nce(ours, theirs, theirs, 0.2, products=products)
        loss.backward()
        grads.append((loss.detach(), ours.grad, theirs.grad))
    for exact, rough in zip(*grads, strict=True):
        assert 0 < (exact - rough).norm() / exact.norm() < 0.01


class Largest(TorchDispatchMode):
    """Keeps the number of elements of the largest tensor that an operation returns."""

    numel = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for each in made if isinstance(made, tuple | list) else (made,):
            if isinstance(each, Tensor):
                self.numel = max(self.numel, each.numel())
        return made


def test_all_nodes_never_make_a_square_table() -> None:
    nodes = 1 << 12
    rows, other = torch.randn(2, nodes, 8).requires_grad_().unbind()
    with Largest() as largest:
        info_nce(rows, other, other, 1.0).backward()
    assert largest.numel <= BLOCK_NUMEL < nodes * nodes


def test_a_temperature_that_float32_cannot_hold_is_refused() -> None:
    rows = torch.ones(2, 2)
    with pytest.raises(ValueError, match=r"expected at least 0\.03"):
        info_nce(rows, rows, rows, 0.01)


def test_bpr_is_worked_by_hand() -> None:
    user, positive, negative = (
        torch.tensor([[1.0, 0.0]]),
        torch.tensor([[2.0, 5.0]]),
        torch.tensor([[1.0, 9.0]]),
    )
    torch.testing.assert_close(bpr(user, positive, negative), torch.tensor(1 + torch.e**-1.0).log())


@pytest.mark.parametrize("fastest", [torch.float32, torch.bfloat16])
def test_auto_is_the_faster_of_the_two(fastest: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(6)
    rows, other = torch.randn(2, 300, 32, generator=random).unbind()
    monkeypatch.setattr("models.losses.fastest_precision", lambda: fastest)
    named = str(fastest).removeprefix("torch.")
    chosen = info_nce(rows, other, other, 0.2, products="auto")
    assert chosen == info_nce(rows, other, other, 0.2, products=named)


def test_the_faster_precision_is_measured() -> None:
    assert fastest_precision() in (torch.float32, torch.bfloat16)
    assert fastest_precision.cache_info().currsize == 1


def test_bfloat16_is_not_taken_where_it_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {torch.float32: 0.007, torch.bfloat16: 0.172}
    monkeypatch.setattr("models.products._seconds", lambda left, right: times[left.dtype])
    assert fastest_precision.__wrapped__() == torch.float32
    times[torch.bfloat16] = 0.005
    assert fastest_precision.__wrapped__() == torch.bfloat16
