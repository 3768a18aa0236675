"""Products are the same whichever library computes them."""

from __future__ import annotations

import pytest
import torch

from models.products import _prefers_onednn, add_product, product


@pytest.mark.parametrize("onednn", [True, False])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64, torch.bfloat16])
def test_products_of_any_strides(
    onednn: bool, precision: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    if onednn and not torch.backends.mkldnn.is_available():
        pytest.skip("this torch has no oneDNN")
    monkeypatch.setattr("models.products._prefers_onednn", lambda: onednn)
    table = torch.randn(60, 60).to(precision)
    sides = [table[:12].clone(), table[5:17], table[:, 5:17].t(), table[::5]]  # with gaps, or by column
    tolerance = 0.1 if precision == torch.bfloat16 else 1e-4
    for left in sides:
        for right in sides:
            wanted = left.double() @ right.double().t()
            torch.testing.assert_close(product(left, right).double(), wanted, rtol=tolerance, atol=tolerance)
            total = torch.ones(12, 20)
            add_product(total[:, 8:], left, right)  # some columns of a table
            torch.testing.assert_close(total[:, 8:].double(), wanted + 1, rtol=tolerance, atol=tolerance)
            assert bool((total[:, :8] == 1).all())


@pytest.mark.parametrize(("maker", "wanted"), [("GenuineIntel", False), ("AuthenticAMD", True), ("", True)])
def test_the_maker_of_the_processor_decides(
    maker: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.products._processor", lambda: f"vendor_id : {maker}")
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: True)
    assert _prefers_onednn.__wrapped__() is wanted
